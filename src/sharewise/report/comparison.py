"""Every metric of every task, single task beside shared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sharewise.compare.results import Results
from sharewise.report import lookup
from sharewise.report.document import Block, Folded, Paragraph, Section
from sharewise.report.tables import Cell, Column, Table, best, number
from sharewise.report.task_weights import task_weights
from sharewise.report.words import decimal, heading, higher_is_better, listing, metric_name

_COLUMNS = 8
"""Value columns that one table holds at most; more tasks go to the next table."""


def comparison(results: Results) -> Section:
    """The metrics of all arms side by side, the further ones folded; of a sweep the setting that was chosen."""
    arms = _beside(results)
    others = {arm: arm for arm in results.arms if arm not in arms}
    parts = _parts(list(results.tasks), len(arms))
    blocks: list[Block] = [Paragraph(_how_to_read(results, arms))]
    blocks += [side_by_side(results, part, lookup.form_metrics(results, part), arms) for part in parts]
    constant = constants(results)
    blocks += [constant] if constant else []
    further = [(part, lookup.further_metrics(results, part)) for part in parts]
    tables = tuple(side_by_side(results, part, metrics, arms) for part, metrics in further if metrics)
    if tables:
        blocks.append(Folded("Every other metric", tables))
    if others:
        tables = tuple(
            side_by_side(
                results,
                part,
                [*lookup.form_metrics(results, part), *lookup.further_metrics(results, part)],
                others,
            )
            for part in _parts(list(results.tasks), len(others))
        )
        blocks.append(Folded("The settings of sweeps that were not chosen", tables))
    return Section("metrics", "All metrics, arm beside arm", (*blocks, *task_weights(results)))


def _beside(results: Results) -> dict[str, str]:
    """The arms that stand beside each other, and what heads their columns.

    Of a sweep it is the setting that was chosen, under the name of the arm that was swept; where none could be chosen,
    all settings under their own.
    """
    swept = {name: arm.swept for name, arm in results.arms.items() if arm.swept is not None}
    settled = {record.arm for record in swept.values() if record.chosen}
    names = {}
    for arm in results.arms:
        if arm not in swept or swept[arm].arm not in settled:
            names[arm] = arm
        elif swept[arm].chosen:
            names[arm] = swept[arm].arm
    return names


def _parts(tasks: Sequence[str], arms: int) -> list[Sequence[str]]:
    """Cut the tasks into as few tables as hold so many arms of each."""
    parts_needed = math.ceil(len(tasks) / max(1, _COLUMNS // arms))
    step = math.ceil(len(tasks) / parts_needed)
    return [tasks[i : i + step] for i in range(0, len(tasks), step)]


def _how_to_read(results: Results, names: Mapping[str, str]) -> str:
    what = f"Means over {len(results.seeds)} seeds." if len(results.seeds) > 1 else "Of one seed."
    chosen = [f"{name} is {arm}, chosen on validation" for arm, name in names.items() if arm != name]
    told = f" {listing(chosen)}." if chosen else ""
    return f"{what} Bold: the best arm of each task, ties all; of losses and errors the lowest.{told}"


def side_by_side(
    results: Results, tasks: Sequence[str], metrics: Sequence[str], names: Mapping[str, str]
) -> Table:
    """Metrics as rows, and a column for each arm and task: all tasks of one arm, then those of the next.

    Args:
        results: all results.
        tasks: whose metrics are shown.
        metrics: a row each.
        names: arm -> what heads its columns.
    """
    arms = list(names)
    rows = []
    for metric in metrics:
        by_task = {t: [lookup.mean(results, a, t, metric) for a in arms] for t in tasks}
        top = {t: best(v, higher=higher_is_better(metric), decimals=4) for t, v in by_task.items()}
        cells = [number(by_task[t][i], decimal, bold=top[t][i]) for i in range(len(arms)) for t in tasks]
        rows.append((Cell(metric_name(metric)), *cells))
    columns = [Column(f"{heading(name)} {heading(task)}") for name in names.values() for task in tasks]
    return Table(
        (Column("Metric", numeric=False), *columns),
        tuple(rows),
        caption=f"{listing(list(tasks))}, {results.scored} split",
    )


def constants(results: Results) -> Table | None:
    """The same metrics of a constant answer, a column a task; None where none is known."""
    of_task = {name: task.baselines.get("majority", {}) for name, task in results.tasks.items()}
    metrics = [
        m for m in lookup.form_metrics(results, list(of_task)) if any(m in own for own in of_task.values())
    ]
    if not metrics:
        return None
    return Table(
        (Column("Metric", numeric=False), *(Column(heading(task)) for task in of_task)),
        tuple(
            (Cell(metric_name(m)), *(number(own.get(m), decimal) for own in of_task.values()))
            for m in metrics
        ),
        caption=f"What a constant answer scores, {results.scored} split",
        note="The most frequent label of the training split, or the mean. A score is worth what it has over this.",
    )
