"""Every metric of every task, single task beside shared; and task weights, a setting a row."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sharewise.compare.results import Results
from sharewise.report import lookup
from sharewise.report.document import Block, Folded, Paragraph, Section
from sharewise.report.tables import Cell, Column, Table, best, number
from sharewise.report.words import decimal, heading, higher_is_better, listing, metric_name

_FORM = (
    "loss",
    "accuracy",
    "macro_f1",
    "micro_f1",
    "macro_precision",
    "micro_precision",
    "macro_recall",
    "micro_recall",
    "mae",
    "pearson",
    "spearman",
)
_COLUMNS = 8
"""Value columns that one table holds at most; more tasks go to the next table."""


def comparison(results: Results) -> Section:
    """The metrics of all arms side by side, the further ones folded."""
    tasks = list(results.tasks)
    parts_needed = math.ceil(len(tasks) / max(1, _COLUMNS // len(results.arms)))
    step = math.ceil(len(tasks) / parts_needed)
    parts = [tasks[i : i + step] for i in range(0, len(tasks), step)]
    blocks: list[Block] = [Paragraph(_how_to_read(results))]
    blocks += [side_by_side(results, part, _metrics(results, part, form=True)) for part in parts]
    constant = constants(results)
    blocks += [constant] if constant else []
    further = [(part, _metrics(results, part, form=False)) for part in parts]
    tables = tuple(side_by_side(results, part, metrics) for part, metrics in further if metrics)
    if tables:
        blocks.append(Folded("Every other metric", tables))
    return Section("metrics", "All metrics, arm beside arm", (*blocks, *weights(results)))


def _how_to_read(results: Results) -> str:
    what = f"Means over {len(results.seeds)} seeds." if len(results.seeds) > 1 else "Of one seed."
    return f"{what} Bold: the best arm of each task, ties all; of losses and errors the lowest."


def side_by_side(results: Results, tasks: Sequence[str], metrics: Sequence[str]) -> Table:
    """Metrics as rows, and a column for each arm and task: all tasks of one arm, then those of the next."""
    arms = list(results.arms)
    rows = []
    for metric in metrics:
        by_task = {t: [lookup.mean(results, a, t, metric) for a in arms] for t in tasks}
        top = {t: best(v, higher=higher_is_better(metric), decimals=4) for t, v in by_task.items()}
        cells = [number(by_task[t][i], decimal, bold=top[t][i]) for i in range(len(arms)) for t in tasks]
        rows.append((Cell(metric_name(metric)), *cells))
    columns = [Column(f"{heading(arm)} {heading(task)}") for arm in arms for task in tasks]
    return Table(
        (Column("Metric", numeric=False), *columns),
        tuple(rows),
        caption=f"{listing(list(tasks))}, {results.scored} split",
    )


def constants(results: Results) -> Table | None:
    """The same metrics of a constant answer, a column a task; None where none is known."""
    of_task = {name: task.baselines.get("majority", {}) for name, task in results.tasks.items()}
    metrics = [
        m for m in _metrics(results, list(of_task), form=True) if any(m in own for own in of_task.values())
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


def weights(results: Results) -> list[Block]:
    """Per task, the arms that differ in task weights, a setting a row; nothing where fewer than two do."""
    settings = {arm: setting for arm in results.arms if (setting := _weights_of(results, arm))}
    if len(settings) < 2:
        return []
    tables: list[Block] = []
    for task in results.tasks:
        metrics = _metrics(results, [task], form=True)
        by_metric = {m: [lookup.mean(results, arm, task, m) for arm in settings] for m in metrics}
        top = {m: best(v, higher=higher_is_better(m), decimals=4) for m, v in by_metric.items()}
        rows = tuple(
            (Cell(setting), Cell(arm), *(number(by_metric[m][i], decimal, bold=top[m][i]) for m in metrics))
            for i, (arm, setting) in enumerate(settings.items())
        )
        columns = [Column("Task weights", numeric=False), Column("Arm", numeric=False)]
        columns += [Column(metric_name(m)) for m in metrics]
        tables.append(Table(tuple(columns), rows, f"{task}: task weights, {results.scored} split", stub=2))
    return tables


def _metrics(results: Results, tasks: Sequence[str], *, form: bool) -> list[str]:
    present = dict.fromkeys(metric for task in tasks for metric in lookup.metrics_of(results, task))
    return [m for m in _FORM if m in present] if form else [m for m in present if m not in _FORM]


def _weights_of(results: Results, arm: str) -> str:
    """One arm's task weights as `MARC: 0.2, AMCD: 0.8`; empty where it overrides none."""
    changed = results.arms[arm].overrides.get("tasks") or {}
    own = {task: keys["weight"] for task, keys in changed.items() if "weight" in keys}
    if not own:
        return ""
    declared = results.configuration.get("tasks") or {}
    return ", ".join(f"{t}: {own.get(t, declared.get(t, {}).get('weight', 1.0))}" for t in results.tasks)
