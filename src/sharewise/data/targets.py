"""Tasks resolved against the training split, and every cell turned into a target; bad labels located."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from sharewise.data.parts import Part
from sharewise.data.reading.records import did_you_mean
from sharewise.errors import UserError
from sharewise.tasks import AnyTaskOptions, Array, LabelError, Task, ThresholdOptions, holes, mapped, spell


def resolve(
    name: str, options: AnyTaskOptions, parts: Mapping[str, Part], *, known: Task | None = None
) -> tuple[Task, dict[str, Array]]:
    """Resolve one task on its training rows, and encode its column in every split.

    Args:
        name: the task's name.
        options: its options.
        parts: the rows of its data set, by split.
        known: the task, where its labels don't have to be found in the training rows.

    Returns:
        The task, and by split its targets ``(rows of the part, target_width)``.

    Raises:
        UserError: if a split holds no cell of the task, a cell holds no valid label, or all training cells
            hold the same one.
    """
    columns = {split: _column(name, options, part) for split, part in parts.items()}
    for split, part in parts.items():
        if holes(columns[split]).all():
            raise _no_cells(name, options, split, part)
    train = parts["train"]
    try:
        task = known or options.build(name, columns["train"])
    except LabelError as error:
        raise _bad_label(name, options, train, error, ()) from None
    targets = {}
    for split, part in parts.items():
        try:
            targets[split] = task.encode(columns[split])
        except LabelError as error:
            raise _bad_label(name, options, part, error, task.labels) from None
    if len(_distinct(targets["train"])) < 2:
        raise UserError(
            f"tasks.{name}: every cell of column {_columns(options)} holds the same label for training "
            f"({train.records.name})",
            expected="two different labels at least",
            action="check the column, or leave the task out",
        )
    return task, targets


def _column(name: str, options: AnyTaskOptions, part: Part) -> pl.Series:
    """The task's label column in one split, as its ``map`` turns it; several columns as one of structs."""
    columns = []
    for label in options.label_columns:
        try:
            columns.append(mapped(part.column(label), None if _splits(options) else options.map))
        except LabelError as error:
            error.column = label
            raise _bad_label(name, options, part, error, ()) from None
    return columns[0] if len(columns) == 1 else pl.DataFrame(columns).to_struct()


def _columns(options: AnyTaskOptions) -> str:
    return ", ".join(repr(column) for column in options.label_columns)


def _splits(options: AnyTaskOptions) -> bool:
    """Whether the task takes the cells of its column apart, and so maps what is in them itself."""
    return options.splits_cells and len(options.label_columns) == 1


def label_notes(task: Task, targets: Mapping[str, Array]) -> list[str]:
    """Say which labels a split lacks, and where a split holds one label or number only."""
    notes = []
    for split, block in targets.items():
        found = _distinct(block)
        held: Array = np.isin(range(len(task.labels)), found[:, 0])
        if task.several_labels:
            held = np.logical_or.reduce(found, axis=0)
        if len(found) == 1:
            only = _spelled(task, found[0])
            notes.append(
                f"tasks.{task.name}: all cells of the {split} split hold {only!r}; "
                "metrics that compare labels have no meaning there"
            )
        elif not held.all():
            lacking = [label for label, on in zip(task.labels, held, strict=True) if not on]
            names = ", ".join(repr(label) for label in lacking[:5]) + (", …" if len(lacking) > 5 else "")
            notes.append(f"tasks.{task.name}: no cell of the {split} split holds the label {names}")
    return notes


def check_thresholds(tasks: Mapping[str, Task]) -> None:
    """Look whether thresholds are for labels that the tasks have.

    Raises:
        UserError: where one isn't.
    """
    for name, task in tasks.items():
        if isinstance(task.options, ThresholdOptions):
            task.options.thresholds_for(name, task.decided_labels)


def _spelled(task: Task, target: Array) -> str:
    """One cell's target as a user would say it."""
    if task.several_labels:
        return ", ".join(label for label, on in zip(task.labels, target, strict=True) if on) or "no label"
    return task.labels[int(target[0])] if task.labels else f"{target[0]:g}"


def _distinct(targets: Array) -> Array:
    """The different targets that are no holes: ``(different, target_width)``."""
    cells = targets[~np.isnan(targets).any(axis=1)]
    return pl.DataFrame(cells).unique().to_numpy()


def _no_cells(name: str, options: AnyTaskOptions, split: str, part: Part) -> UserError:
    source = f"{part.cut} cut from {part.records.name}" if part.cut else part.records.name
    key = f"data.{options.data}.{split}"
    actions = {
        "train": "fill the column, correct its name, or leave the task out",
        "validation": f"declare a larger fraction or another file under `{key}`",
        "test": f"declare a larger fraction or another file under `{key}`, or leave `test` out of every data "
        "set, which gives validation scores only",
    }
    return UserError(
        f"tasks.{name}: column {_columns(options)} holds no label in the {split} split ({source})",
        expected="one cell at least in every split",
        action=actions[split],
    )


def _bad_label(
    name: str, options: AnyTaskOptions, part: Part, error: LabelError, labels: tuple[str, ...]
) -> UserError:
    place = part.records.where(int(part.rows[error.row]), error.column or options.label_columns[0])
    spelling = spell(error.value)
    return UserError(
        f"{place}: {spelling!r} is no label of task {name!r}{did_you_mean(spelling, labels)}",
        expected=f"{error.expected}, or an empty cell where there is no label",
        action="correct the cell" + (f", or add the label under `tasks.{name}.labels`" if labels else ""),
    )
