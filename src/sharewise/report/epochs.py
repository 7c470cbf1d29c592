"""A row an epoch: losses, joint metrics and one metric a task; the median seed in full, the others folded."""

from __future__ import annotations

import math

from sharewise.compare.results import EpochRecord, Results, RunRecord
from sharewise.report import lookup
from sharewise.report.document import Block, Folded, Section
from sharewise.report.tables import Cell, Column, Table, number
from sharewise.report.words import decimal, heading, listing, metric_name

_JOINT = {"exact_match": "Exact Match", "micro_f1": "Micro F1", "macro_f1": "Macro F1"}
_SHORT = {
    "accuracy": "Acc",
    "macro_f1": "Macro F1",
    "micro_f1": "Micro F1",
    "balanced_accuracy": "Balanced Acc",
}


def epochs(results: Results) -> Section:
    """The epoch tables of every arm, on the validation split."""
    blocks: list[Block] = []
    for arm in results.arms:
        middle = lookup.median_seed(results, arm)
        others = [seed for seed in lookup.seeds_of(results, arm) if seed != middle]
        if middle is not None:
            blocks.append(
                epoch_table(results, arm, middle, " (the median validation score)" if others else "")
            )
        if others:
            title = f"{arm}: seed{'s' if len(others) > 1 else ''} {listing([str(s) for s in others])}"
            blocks.append(Folded(title, tuple(epoch_table(results, arm, seed) for seed in others)))
    return Section("epochs", "Epoch by epoch", tuple(blocks))


def epoch_table(results: Results, arm: str, seed: int, remark: str = "") -> Table:
    """One arm and seed: of one run as it went, of a run a task joined by epoch with the losses summed."""
    runs = lookup.runs_of(results, arm, seed)
    failed = " (failed)" if any(run.failed for run in runs) else ""
    title = f"{arm}, seed {seed}{remark}{failed}, validation split"
    if len(runs) == 1:
        return _of_one_run(results, runs[0], title)
    return _of_many_runs(results, runs, title)


def _of_one_run(results: Results, run: RunRecord, title: str) -> Table:
    joint = [m for m in _JOINT if any(m in line.joint for line in run.history)]
    tasks = [t for t in results.tasks if any(t in line.tasks for line in run.history)]
    rows = []
    strong = None
    for index, line in enumerate(run.history):
        chosen = run.states == 1 and line.step == run.best_step
        strong = index if chosen else strong
        rows.append(
            (
                Cell(_epoch(line.epoch), sort=line.epoch, bold=chosen),
                number(line.train_loss, decimal),
                number(line.validation_loss, decimal),
                *(number(line.joint.get(m), decimal) for m in joint),
                *(
                    number(
                        _value(results, line, task),
                        decimal,
                        bold=run.states > 1 and line.step == run.selected_step(task),
                    )
                    for task in tasks
                ),
            )
        )
    columns = (
        *(Column(title) for title in ("Epoch", "Training Loss", "Validation Loss")),
        *(Column(_JOINT[m]) for m in joint),
        *(Column(_title(results, task)) for task in tasks),
    )
    stopped = " The run stopped early." if run.stopped_early else ""
    bold = (
        "Bold epoch: the selected weights." if run.states == 1 else "Bold: the weights that serve the task."
    )
    left = " Training loss: of the tasks that had not left the mixture." if run.stopped else ""
    return Table(columns, tuple(rows), title, f"{bold}{stopped}{left}", strong=strong)


def _of_many_runs(results: Results, runs: list[RunRecord], title: str) -> Table:
    """A row an epoch over the runs; an evaluation number instead where runs were evaluated at other epochs."""
    longest = max(runs, key=lambda run: len(run.history), default=None)
    marks = [_epoch(line.epoch) for line in longest.history] if longest else []
    aligned = all([_epoch(line.epoch) for line in run.history] == marks[: len(run.history)] for run in runs)
    covers = [(run, task) for run in runs for task in _tasks(results, run)]
    rows = []
    for index, mark in enumerate(marks):
        lines = [run.history[index] if index < len(run.history) else None for run in runs]
        cells = []
        for run, task in covers:
            line = run.history[index] if index < len(run.history) else None
            value = _value(results, line, task) if line else None
            cells.append(
                number(value, decimal, bold=line is not None and line.step == run.selected_step(task))
            )
        rows.append(
            (
                Cell(mark if aligned else str(index + 1), sort=float(index)),
                number(_total([None if line is None else line.train_loss for line in lines]), decimal),
                number(_total([None if line is None else line.validation_loss for line in lines]), decimal),
                *cells,
            )
        )
    heads = ("Epoch" if aligned else "Evaluation", "Training Loss", "Validation Loss")
    columns = (*(Column(head) for head in heads), *(Column(_title(results, task)) for _, task in covers))
    note = (
        f"{len(runs)} separate models, each selected and stopped by itself (bold: its selected epoch). "
        "Losses are sums over the models, as long as all of them train."
    )
    return Table(columns, tuple(rows), title, note)


def _total(losses: list[float | None]) -> float | None:
    """Their sum, where none is missing."""
    known = [loss for loss in losses if loss is not None]
    return sum(known) if len(known) == len(losses) else None


def _tasks(results: Results, run: RunRecord) -> list[str]:
    return [t for t in results.tasks if any(t in line.tasks for line in run.history)]


def _metric(results: Results, task: str) -> str:
    """The metric of the epoch table, or the task's own where it lacks that one."""
    wanted = results.epoch_metric
    known = any(wanted in line.tasks.get(task, {}) for run in results.runs for line in run.history)
    return wanted if wanted is not None and known else results.tasks[task].metric


def _title(results: Results, task: str) -> str:
    metric = _metric(results, task)
    return f"{heading(task)} {_SHORT.get(metric, metric_name(metric))}"


def _value(results: Results, line: EpochRecord, task: str) -> float | None:
    return line.tasks.get(task, {}).get(_metric(results, task))


def _epoch(epoch: float) -> str:
    return f"{epoch:.0f}" if math.isclose(epoch, round(epoch), abs_tol=1e-6) else f"{epoch:.2f}"
