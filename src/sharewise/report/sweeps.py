"""What the settings of each sweep scored on validation, which was chosen, and which no other beats on all tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sharewise.compare.results import Results
from sharewise.compare.swept import SweptRecord
from sharewise.report.document import Block, Items, Section
from sharewise.report.tables import NONE, Cell, Column, Table, best, number
from sharewise.report.words import count, decimal, heading, metric_name

_NOTE = (
    "Means over seeds, validation split. Score: the mean of the tasks' metrics, of errors the negative; the setting "
    "with the highest is chosen, and no other is recommended. Front: no other setting is at least as good on every "
    "task and better on one. Verdicts are on test, and every setting counts in their family."
)


def sweeps(results: Results) -> Section:
    """A sentence and a table a sweep; empty where nothing was swept."""
    swept = {name: arm.swept for name, arm in results.arms.items() if arm.swept is not None}
    by_arm: dict[str, dict[str, SweptRecord]] = {}
    for name, record in swept.items():
        by_arm.setdefault(record.arm, {})[name] = record
    told = tuple(_told(results, arm, settings) for arm, settings in by_arm.items())
    tables = [_table(results, arm, settings) for arm, settings in by_arm.items()]
    blocks: tuple[Block, ...] = (Items(told), *tables) if told else ()
    return Section("sweeps", "Sweeps", blocks)


def front(points: Mapping[str, Sequence[float | None]]) -> set[str]:
    """Names of the points that no other dominates, higher being better; one without all its values is on no front."""
    whole = {
        name: [v for v in values if v is not None] for name, values in points.items() if None not in values
    }
    return {
        name
        for name, own in whole.items()
        if not any(
            all(a >= b for a, b in zip(its, own, strict=True)) and its != own for its in whole.values()
        )
    }


def _told(results: Results, arm: str, settings: Mapping[str, SweptRecord]) -> str:
    chosen = next((name for name, record in settings.items() if record.chosen), None)
    added = [name for name, record in settings.items() if record.added]
    trials = {
        results.arms[b].trials for name in settings if (b := results.arms[name].baseline) in results.arms
    }
    text = f"{arm}: {count(len(settings))} settings tried, each with every seed; "
    text += f"{chosen} was chosen on validation" if chosen else "none could be chosen"
    if added:
        text += f"; equal weights were added to those of the study file ({', '.join(added)})"
    if trials and trials != {len(settings)}:
        text += f"; its baseline had {count(max(trials))} different setting{'s' if max(trials) > 1 else ''}"
    return f"{text}."


def _table(results: Results, arm: str, settings: Mapping[str, SweptRecord]) -> Table:
    names, tasks = list(settings), results.tasks
    values = {task: [_mean(results, n, task, record.metric) for n in names] for task, record in tasks.items()}
    signed = {
        name: [
            None if (v := values[t][i]) is None else v * (1 if record.higher_is_better else -1)
            for t, record in tasks.items()
        ]
        for i, name in enumerate(names)
    }
    undominated = front(signed)
    top = {t: best(values[t], higher=record.higher_is_better, decimals=4) for t, record in tasks.items()}
    rows = tuple(
        (
            Cell(name, bold=settings[name].chosen),
            Cell("chosen" if settings[name].chosen else NONE, bold=settings[name].chosen),
            number(settings[name].score, decimal, bold=settings[name].chosen),
            Cell("on it" if name in undominated else NONE),
            *(number(values[t][i], decimal, bold=top[t][i]) for t in tasks),
        )
        for i, name in enumerate(names)
    )
    columns = [Column("Setting", numeric=False), Column("Chosen", numeric=False), Column("Score")]
    columns += [Column("Front", numeric=False)]
    columns += [Column(f"{heading(t)} {metric_name(record.metric)}") for t, record in tasks.items()]
    index = next((i for i, name in enumerate(names) if settings[name].chosen), None)
    return Table(tuple(columns), rows, f"Sweep of {arm}, validation split", _NOTE, strong=index)


def _mean(results: Results, arm: str, task: str, metric: str) -> float | None:
    """Over seeds, on validation."""
    found = results.arms[arm].summary.get(task, {}).get("validation", {}).get(metric)
    return None if found is None else found[0]
