"""Tasks that have votes and no label column: the label with the most votes becomes the label of each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from sharewise.data.parts import Part
from sharewise.data.reading import Records
from sharewise.data.votes import count_votes, located_choice
from sharewise.tasks import (
    AnyTaskOptions,
    Array,
    BinaryOptions,
    LabelError,
    MulticlassOptions,
    Task,
    VotedOptions,
    mapped,
)

_Place = tuple[str, str]


@dataclass(frozen=True)
class Voted:
    """What `with_majorities` makes.

    Attributes:
        options: of every task; those without a label column name one now.
        records: by data set and split, with that column.
        tasks: the tasks that had none, resolved.
        notes: plain sentences on ties and rows without votes.
    """

    options: dict[str, AnyTaskOptions]
    records: dict[_Place, Records]
    tasks: dict[str, Task]
    notes: list[str]


def with_majorities(tasks: Mapping[str, AnyTaskOptions], records: Mapping[_Place, Records]) -> Voted:
    """Add a column of the majority's labels for each task that has votes and no label column.

    Args:
        tasks: options by name.
        records: what was read, by data set and split.

    Raises:
        UserError: as `count_votes` does, and where the labels don't say which is positive.
    """
    voted = Voted(dict(tasks), dict(records), {}, [])
    for name, options in tasks.items():
        if options.label is not None or not isinstance(options, BinaryOptions | MulticlassOptions):
            continue
        own = {split: read for (data, split), read in records.items() if data == options.data}
        task = _resolved(name, options, own["train"])
        column = f"majority vote of {name}"
        for split, counts in count_votes(task, {s: _whole(read) for s, read in own.items()}).items():
            labels, notes = _majority(task, options, counts, own[split].name)
            place = options.data, split
            frame = voted.records[place].frame.with_columns(labels.alias(column))
            voted.records[place] = replace(voted.records[place], frame=frame)
            voted.notes.extend(notes)
        voted.tasks[name] = task
        voted.options[name] = options.model_copy(update={"label": column, "map": None})
    return voted


def _resolved(name: str, options: BinaryOptions | MulticlassOptions, train: Records) -> Task:
    """The task, with the labels that votes are for: those declared, or the keys under `votes`, or what raters chose."""
    names = _names(name, options, train)
    try:
        return options.build(name, names)
    except LabelError as error:
        column, row = divmod(error.row, train.frame.height)
        found = LabelError(row=row, value=error.value, expected=error.expected)
        raise located_choice(name, _whole(train), options.vote_columns[column], found, ()) from None


def _names(name: str, options: VotedOptions, train: Records) -> pl.Series:
    """The labels that votes are for: the keys under `votes`, or what the raters' columns hold for training."""
    if isinstance(options.votes, dict):
        return pl.Series(list(options.votes))
    chosen = []
    for column in options.votes or ():
        try:
            chosen.append(mapped(train.frame[column], options.map).cast(pl.String))
        except LabelError as error:
            raise located_choice(name, _whole(train), column, error, ()) from None
    return pl.concat([column.alias("label") for column in chosen])


def _whole(read: Records) -> Part:
    rows = np.arange(read.frame.height)
    return Part(records=read, rows=rows, groups=rows)


def _majority(task: Task, options: VotedOptions, counts: Array, file: str) -> tuple[pl.Series, list[str]]:
    """The label of each row with the most votes, null where there is none, and what to say of it."""
    most = counts == counts.max(axis=1, keepdims=True)
    voted = counts.sum(axis=1) > 0
    tied = voted & (most.sum(axis=1) > 1)
    chosen = most.argmax(axis=1)
    if options.ties == "last":
        chosen = counts.shape[1] - 1 - most[:, ::-1].argmax(axis=1)
    known = voted & ~tied if options.ties == "hole" else voted
    labels = pl.Series(task.labels, dtype=pl.String).gather(chosen)
    notes = []
    if tied.any():
        done = (
            "have no label (`ties: hole`)"
            if options.ties == "hole"
            else f"go to the {options.ties} label of the tie"
        )
        notes.append(
            f"tasks.{task.name}: {tied.sum():,} of {len(tied):,} rows of {file} hold a tie and {done}"
        )
    if not voted.all():
        missing = int((~voted).sum())
        notes.append(
            f"tasks.{task.name}: {missing:,} of {len(voted):,} rows of {file} hold no votes and have no label"
        )
    return labels.to_frame("label").select(pl.when(pl.Series(known)).then(pl.col("label")))["label"], notes
