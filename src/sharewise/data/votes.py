"""Raters' votes: how many of them chose each label, from counts or from a column a rater."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from sharewise.data.parts import Part
from sharewise.data.reading.records import did_you_mean
from sharewise.errors import UserError
from sharewise.tasks import Array, LabelError, Task, holes, mapped, spell
from sharewise.tasks.labels import encode_classes

# What the two labels of a binary task may be called under `votes`, negative first.
_TRUTHS = ("no", "yes")
_MOST_VOTES = 1_000_000


def count_votes(task: Task, parts: Mapping[str, Part]) -> dict[str, Array]:
    """Count the votes for each label.

    Args:
        task: with declared votes.
        parts: the rows of its data set, by split.

    Returns:
        By split int32 ``(rows of the part, labels)``; a row without votes is all zero.

    Raises:
        UserError: if the task has no labels to vote for, a key under `votes` is none of them, or a cell holds
            neither a count nor (in a rater's column) a label.
    """
    if not task.labels:
        raise UserError(
            f"tasks.{task.name}.votes: the label of a {task.options.kind} task is a number, and votes are for labels",
            action="take `votes` away, or declare a kind of task with labels",
        )
    if task.several_labels:
        raise UserError(
            f"tasks.{task.name}.votes: votes are for one label a row, and a {task.options.kind} task has several",
            action="take `votes` away, or declare a binary task for each label",
        )
    votes = task.options.votes
    if isinstance(votes, dict):
        columns = {_label(task, name): column for name, column in votes.items()}
        return {split: _counts(task, columns, part) for split, part in parts.items()}
    return {split: _choices(task, votes or (), part) for split, part in parts.items()}


def _label(task: Task, name: str) -> int:
    """The index of the label that a key under `votes` means."""
    if spell(name) in task.labels:
        return task.labels.index(spell(name))
    if len(task.labels) == len(_TRUTHS) and name in _TRUTHS:
        return _TRUTHS.index(name)
    valid = list(task.labels) + list(_TRUTHS if len(task.labels) == len(_TRUTHS) else ())
    raise UserError(
        f"tasks.{task.name}.votes.{name}: {name!r} is no label of this task{did_you_mean(name, valid)}",
        expected=f"the column of the count of each of {', '.join(valid)}",
    )


def _counts(task: Task, columns: Mapping[int, str], part: Part) -> Array:
    counts = np.zeros((len(part.rows), len(task.labels)), dtype=np.int32)
    for label, name in columns.items():
        column = part.column(name)
        text = column if column.dtype.is_numeric() else column.cast(pl.String).str.strip_chars()
        numbers = text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
        # Of a hole there are no votes; anything else must be a count.
        empty = holes(column)
        bad = ~empty & ~((numbers >= 0) & (numbers <= _MOST_VOTES) & (numbers == np.floor(numbers)))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise UserError(
                f"{part.records.where(int(part.rows[row]), name)}: {spell(column[row])!r} is no number of votes",
                expected="a whole number of 0 or more, or an empty cell",
                action=f"correct the cell, or the column under `tasks.{task.name}.votes`",
            )
        counts[:, label] = np.where(empty, 0, numbers)
    return counts


def _choices(task: Task, columns: tuple[str, ...], part: Part) -> Array:
    counts = np.zeros((len(part.rows), len(task.labels)), dtype=np.int32)
    for name in columns:
        try:
            chosen = encode_classes(mapped(part.column(name), task.options.map), task.labels)[:, 0]
        except LabelError as error:
            raise located_choice(task.name, part, name, error, task.labels) from None
        voted = np.flatnonzero(~np.isnan(chosen))
        counts[voted, chosen[voted].astype(np.int64)] += 1
    return counts


def located_choice(
    task: str, part: Part, column: str, error: LabelError, labels: tuple[str, ...]
) -> UserError:
    """The error for a rater's cell that holds no label."""
    spelling = spell(error.value)
    return UserError(
        f"{part.records.where(int(part.rows[error.row]), column)}: {spelling!r} is no label of task "
        f"{task!r}{did_you_mean(spelling, labels)}",
        expected=f"{error.expected}, or an empty cell where the rater did not vote",
        action="correct the cell",
    )
