"""When each task was best on validation, what came after, and what was kept."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from sharewise.compare.peaks import Peak
from sharewise.compare.results import Results
from sharewise.report.document import Block, Items, Paragraph, Section
from sharewise.report.tables import Cell, Column, Table, number
from sharewise.report.words import decimal, listing

_NOTE = (
    "Means over seeds; in brackets each seed, or their number. Best: the evaluation with the best primary metric on "
    "validation, which flatters a task that is scored there; kept: the one whose weights are scored on test. Losses: "
    "from the lowest validation loss to the last evaluation that the task was trained up to. A seed over-fits from the "
    "evaluation after that lowest loss if from there to the end the validation loss of every evaluation is above, and "
    "the training loss below, its mean since the lowest; an arm over-fits if more than half of its seeds do."
)


def peaks(results: Results) -> Section:
    """What is to be seen in plain sentences, then a row a task and arm; empty where runs were evaluated but once."""
    title = "Peaks and over-fitting"
    if not results.peaks or all(len(run.history) < 2 for run in results.runs):
        return Section("peaks", title, ())
    told: Block = (
        Items(tuple(results.peak_sentences))
        if results.peak_sentences
        else Paragraph("No arm over-fits a task, and no tasks of one model peak apart.")
    )
    return Section("peaks", title, (told, table(results)))


def table(results: Results) -> Table:
    """Best and kept evaluation, the metric at both, losses at their lowest and at the end."""
    remarks = any(_remarks(peak) for peak in results.peaks)
    columns = (
        Column("Task", numeric=False),
        Column("Arm", numeric=False),
        Column("Best epoch"),
        Column("Kept epoch"),
        Column("Metric, best"),
        Column("Metric, kept"),
        Column("Validation loss"),
        Column("Training loss"),
        Column("Over-fits from"),
        *([Column("Remarks", numeric=False)] if remarks else []),
    )
    rows = tuple((*_row(peak), *([Cell(_remarks(peak))] if remarks else [])) for peak in results.peaks)
    return Table(columns, rows, "Each task's best evaluation on the validation split", _NOTE, stub=2)


def _row(peak: Peak) -> tuple[Cell, ...]:
    seeds = peak.seeds
    losses = [s.losses for s in seeds if s.losses is not None]
    of = f"({peak.overfitting_seeds} of {len(seeds)})"
    return (
        Cell(peak.task),
        Cell(peak.arm),
        _epochs([s.epoch for s in seeds]),
        _epochs([s.kept_epoch for s in seeds]),
        number(_mean([s.value for s in seeds]), decimal),
        number(_mean([s.kept_value for s in seeds]), decimal),
        _from_to([loss.validation_loss for loss in losses]),
        _from_to([loss.train_loss for loss in losses]),
        number(peak.overfits_from, lambda value: f"{_epoch(value)} {of}"),
    )


def _remarks(peak: Peak) -> str:
    told = ["still rises"] if peak.still_rising else []
    left = sorted({s.left for s in peak.seeds if s.left is not None})
    if left:
        told.append(f"left the mixture at epoch {listing([_epoch(epoch) for epoch in left], 'or')}")
    return "; ".join(told)


def _epochs(epochs: Sequence[float | None]) -> Cell:
    known = [e for e in epochs if e is not None]
    mean = statistics.fmean(known) if known and len(known) == len(epochs) else None
    if mean is None or len(epochs) == 1:
        return number(mean, _epoch)
    return number(mean, lambda value: f"{_epoch(value)} ({', '.join(map(_epoch, known))})")


def _epoch(epoch: float) -> str:
    return f"{epoch:.2f}".rstrip("0").rstrip(".")


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return statistics.fmean(known) if known and len(known) == len(values) else None


def _from_to(pairs: Sequence[tuple[float, float]]) -> Cell:
    if not pairs:
        return number(None, decimal)
    low, end = (statistics.fmean(side) for side in zip(*pairs, strict=True))
    return number(end, lambda value: f"{decimal(low, 3)} → {decimal(value, 3)}")
