"""Arms held against the distribution of raters' votes, beside the one label."""

from __future__ import annotations

from sharewise.compare.results import Results
from sharewise.report import lookup
from sharewise.report.tables import Cell, Column, Table, best, number
from sharewise.report.words import decimal, mean_sd, metric_name

_METRICS = ("vote_cross_entropy", "vote_brier")


def against_votes(results: Results) -> Table | None:
    """A row a task and metric: the votes' own entropy, the constant answer, each arm; None where no task has votes."""
    rows = []
    for name, task in results.tasks.items():
        constant = task.baselines.get("majority", {})
        for metric in _METRICS:
            found = [lookup.summary(results, arm, name, metric) for arm in results.arms]
            if metric not in constant or not any(found):
                continue
            floor = constant["vote_entropy"] if metric == "vote_cross_entropy" else 0.0
            top = best([f and f[0] for f in found], higher=False, decimals=4)
            shown = zip(found, top, strict=True)
            rows.append(
                (
                    Cell(name),
                    Cell(metric_name(metric)),
                    number(floor, decimal, tone="muted"),
                    number(constant[metric], decimal, tone="muted"),
                    *(_told(results, f, bold=b) for f, b in shown),
                )
            )
    columns = (
        Column("Task", numeric=False),
        Column("Metric", numeric=False),
        Column("Least possible"),
        Column("Constant answer"),
        *(Column(arm) for arm in results.arms),
    )
    return (
        Table(
            columns,
            tuple(rows),
            caption=f"Against the raters' votes on the {results.scored} split; lower is better",
            note="How near the probabilities come to the shares of each row's votes. Where raters disagree the "
            "cross-entropy can't reach zero: the least possible is the votes' own entropy. The constant answer is the "
            "shares of the labels in training. These numbers describe; the verdicts are of the one label.",
        )
        if rows
        else None
    )


def _told(results: Results, found: tuple[float, float] | None, *, bold: bool) -> Cell:
    if found is None:
        return number(None, decimal)
    deviation = found[1] if len(results.seeds) > 1 else float("nan")
    return number(found[0], lambda value: mean_sd(value, deviation), bold=bold)
