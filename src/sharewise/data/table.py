"""The table of texts × tasks, with holes: what every room after reading knows of the data.

Each row is a text or a pair of texts; each task has a target block with holes. Which file a row came from is kept
for messages alone: no room trains or scores by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from sharewise.tasks import Array, Task

SPLITS = ("train", "validation", "test")
_SLICE = 8192


@dataclass(frozen=True)
class Origin:
    """The file that rows are from, as the user wrote it, and what its records are counted by: line or row."""

    file: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """One split of a study.

    Attributes:
        split: train, validation or test.
        texts: frame of ``(rows, 2)``: ``text`` and ``pair``; ``pair`` is null where there is one text only. Where a
            data set declares earlier turns ``(rows, 3)``, with ``context``: lists of texts, the oldest first.
        targets: for each task float32 of shape ``(rows, task.target_width)``; NaN rows are holes.
        groups: int64 ``(rows,)``: rows of one number belong together; unique over data sets.
        sources: int32 ``(rows,)``: index of the row's data set among ``datasets``.
        rows: int64 ``(rows,)``: the row's zero-based number in its data set's file (or files) as read.
        datasets: names of the data sets, in the study's order.
        earlier: int64 ``(rows,)``: how many earlier turns each row has, those that are over the declared number and so
            not in ``context`` included, -1 in data sets that declare none; None where no data set does.
        grouped: whether any data set declared groups; else ``groups`` simply numbers the rows.
        votes: for each task with declared votes how many raters chose each label, int32 ``(rows, labels)``; a row
            without votes is all zero.
        soft: for each task that is trained on its votes' shares float32 ``(rows, labels)``; NaN rows are holes.
        loss_weights: for each task whose rows weigh by agreement float32 ``(rows,)``, of mean 1 over the cells.
        slices: frame of ``(rows, slice columns)`` as texts, null in rows of data sets without the column. Only the
            audit reads them.
        origins: the file that the rows of each data set are from, in the order of ``datasets``.
        lines: int64 ``(rows,)``: the one-based line of its file where the row begins, or the number of the row where
            the format has no lines.
        known_digest: ``digest_of_texts``, where the texts were looked at before.
    """

    split: str
    texts: pl.DataFrame
    targets: Mapping[str, Array]
    groups: Array
    sources: Array
    rows: Array
    datasets: tuple[str, ...]
    grouped: bool
    earlier: Array | None = None
    votes: Mapping[str, Array] = field(default_factory=dict)
    soft: Mapping[str, Array] = field(default_factory=dict)
    loss_weights: Mapping[str, Array] = field(default_factory=dict)
    slices: pl.DataFrame = field(default_factory=pl.DataFrame)
    origins: tuple[Origin, ...] = ()
    lines: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    known_digest: str = ""

    def __len__(self) -> int:
        return self.texts.height

    def present(self, task: str) -> Array:
        """Which rows hold a cell of this task: bool ``(rows,)``."""
        return np.asarray(~np.isnan(self.targets[task]).any(axis=1))

    def present_any(self, tasks: Sequence[str]) -> Array:
        """Which rows hold a cell of at least one of these tasks: bool ``(rows,)``."""
        return np.asarray(np.logical_or.reduce([self.present(t) for t in tasks]))

    @cached_property
    def digest_of_texts(self) -> str:
        """SHA-256 over all texts in order."""
        return self.known_digest or text_digest(self.texts)

    def text_digest(self) -> str:
        """SHA-256 over all texts in order, and the groups."""
        return hashlib.sha256(self.digest_of_texts.encode() + self.groups.tobytes()).hexdigest()

    def target_digest(self, task: str) -> str:
        """SHA-256 over one task's targets, holes included."""
        return _digest(self.targets[task])

    def soft_digest(self, task: str) -> list[str]:
        """SHA-256 over each block that a task is trained on beside its targets; empty where there is none."""
        return [_digest(blocks[task]) for blocks in (self.soft, self.loss_weights) if task in blocks]


def _digest(block: Array) -> str:
    return hashlib.sha256(np.nan_to_num(block, nan=-1e30).tobytes()).hexdigest()


def text_digest(texts: pl.DataFrame) -> str:
    """SHA-256 over the columns ``text``, ``pair`` and, where there is one, ``context`` in order."""
    digest = hashlib.sha256()
    for frame in texts.iter_slices(_SLICE):
        columns = [frame["text"], frame["pair"].cast(pl.String)]
        # No turns at all are as no context.
        if "context" in frame.columns and (counts := frame["context"].list.len().fill_null(0)).sum():
            digest.update(b"turns" + counts.cast(pl.Int64).to_numpy().tobytes())
            columns.append(frame["context"].explode().drop_nulls())
        for column in columns:
            digest.update(column.str.len_bytes().cast(pl.Int64).fill_null(-1).to_numpy().tobytes())
            digest.update("".join(column.fill_null("").to_list()).encode())
    return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class StudyData:
    """All that was read for a study: its tasks, resolved, and its splits.

    Attributes:
        tasks: the resolved tasks by name, in the study's order.
        train: the training split.
        validation: the validation split.
        test: the test split, or None where the study has none.
        notes: plain sentences on what was left out or found out while reading (encodings, blank rows), for
            the report's warnings.
    """

    tasks: Mapping[str, Task]
    train: Table
    validation: Table
    test: Table | None
    notes: tuple[str, ...]

    @property
    def tables(self) -> dict[str, Table]:
        """The splits that exist, by name."""
        return {t.split: t for t in (self.train, self.validation, self.test) if t is not None}
