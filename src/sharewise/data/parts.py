"""One data set's rows, split by split: rows without labels taken out, groups numbered, fractions cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from sharewise.data.context import Context, read_context
from sharewise.data.options import DataOptions, fraction
from sharewise.data.reading import Records
from sharewise.data.splits import cut, strata, units
from sharewise.data.table import SPLITS, Origin
from sharewise.errors import UserError
from sharewise.tasks import Array, holes, spelled


@dataclass(frozen=True, kw_only=True)
class Part:
    """The rows of one data set that belong to one split.

    Attributes:
        records: the file that they are from.
        rows: int64 ``(rows,)``: their numbers in it, from zero.
        groups: int64 ``(rows,)``: the groups' numbers within the data set, over all of its splits.
        cut: the fraction, as declared, if they are cut from the training file.
        context: their earlier turns, where the data set declares any.
    """

    records: Records
    rows: Array
    groups: Array
    cut: str | None = None
    context: Context | None = None

    def column(self, name: str) -> pl.Series:
        """One column of these rows."""
        return self.records.frame[name].gather(self.rows)

    @property
    def origin(self) -> Origin:
        """The file, and what its records are counted by."""
        return Origin(self.records.name, self.records.unit)

    @property
    def lines(self) -> Array:
        """The one-based line of each row, or its number in formats without lines, int64 ``(rows,)``."""
        lines = self.records.lines
        return np.asarray(self.rows + 1 if lines is None else lines[self.rows], dtype=np.int64)

    def take(self, chosen: Array, cut: str | None) -> Part:
        """Some of these rows, by a mask ``(rows,)``."""
        return Part(
            records=self.records,
            rows=self.rows[chosen],
            groups=self.groups[chosen],
            cut=cut,
            context=None if self.context is None else self.context.take(np.flatnonzero(chosen)),
        )


def split_parts(
    name: str, options: DataOptions, labels: Sequence[str], records: Mapping[str, Records]
) -> tuple[dict[str, Part], list[str]]:
    """Bring one data set's files to its splits.

    Args:
        name: the data set's name.
        options: its options.
        labels: its tasks' label columns.
        records: what was read, by split.

    Returns:
        The parts by split, and notes.

    Raises:
        UserError: if a text of a labelled row is empty, a column of texts holds something else, or too few
            rows are there to cut a fraction from.
    """
    notes: list[str] = []
    parts: dict[str, Part] = {}
    groups = _groups(options, records)
    _check_dialogues(name, options, records)
    for split, read in records.items():
        labelled = ~np.logical_and.reduce([holes(read.frame[label]) for label in labels])
        rows = np.flatnonzero(labelled)
        missing = read.frame.height - len(rows)
        if missing:
            notes.append(
                f"{read.name}: {missing:,} of {read.frame.height:,} rows hold no label and were left out"
            )
        parts[split] = Part(records=read, rows=rows, groups=groups[split][rows])
        _check_texts(parts[split], options)
        if options.context is not None:
            context, remarks = read_context(name, options.context, options.columns, read)
            parts[split] = replace(parts[split], context=context.take(rows))
            notes += remarks
    shares = {split: source for split in SPLITS[1:] if fraction(source := getattr(options, split) or "")}
    if shares:
        parts |= _cut(name, options, labels, parts["train"], shares)
    return {split: parts[split] for split in SPLITS if split in parts}, notes + _shared_groups(name, parts)


def _groups(options: DataOptions, records: Mapping[str, Records]) -> dict[str, Array]:
    """Number the groups over all splits; a row without one is a group of its own."""
    known: dict[str, int] = {}
    groups: dict[str, Array] = {}
    free = 0
    if options.grouping is not None:
        by_split = {split: spelled(read.frame[options.grouping]) for split, read in records.items()}
        for spellings, _ in by_split.values():
            for spelling in spellings:
                known.setdefault(spelling, len(known))
    free = len(known)
    for split, read in records.items():
        numbers = np.arange(free, free + read.frame.height, dtype=np.int64)
        free += read.frame.height
        if options.grouping is not None:
            spellings, codes = by_split[split]
            named = np.array([known[s] for s in spellings] + [-1], dtype=np.int64)[codes]
            numbers = np.where(codes < 0, numbers, named)
        groups[split] = numbers
    return groups


def _check_dialogues(name: str, options: DataOptions, records: Mapping[str, Records]) -> None:
    """A dialogue whose rows are of different groups could be cut in two, and have its context on the other side."""
    dialogue = None if options.context is None else options.context.dialogue
    if dialogue is None or options.group in (None, dialogue):
        return
    for read in records.values():
        spellings, codes = spelled(read.frame[dialogue])
        group = spelled(read.frame[options.group])[1]
        rows = np.flatnonzero(codes >= 0)
        _, first, inverse = np.unique(codes[rows], return_index=True, return_inverse=True)
        apart = rows[group[rows] != group[rows][first][inverse]]
        if len(apart):
            row = int(apart[0])
            raise UserError(
                f"{read.where(row, options.group or '')}: the rows of dialogue {spellings[codes[row]]!r} are of "
                "different groups",
                expected=f"all rows of a dialogue in one group, as data.{name}.context.dialogue needs them together",
                action=f"leave `data.{name}.group` out: the dialogues themselves are groups then",
            )


def _check_texts(part: Part, options: DataOptions) -> None:
    for column in options.columns:
        texts = part.column(column)
        if texts.dtype != pl.String:
            raise UserError(
                f"{part.records.name}, column {column!r}: values of type {texts.dtype}",
                expected="texts",
                action="name the column with the text under `text`",
            )
        empty = np.flatnonzero(texts.is_null() | (texts.str.strip_chars() == ""))
        if len(empty):
            more = f" ({len(empty):,} such rows in all)" if len(empty) > 1 else ""
            raise UserError(
                f"{part.records.where(int(part.rows[empty[0]]), column)}: the text is empty{more}",
                expected="a text in every row that has a label, both texts where two are named",
                action="fill it in, delete the row, or empty its labels",
            )


def _cut(
    name: str, options: DataOptions, labels: Sequence[str], train: Part, shares: Mapping[str, str]
) -> dict[str, Part]:
    if len(train.rows) == 0:
        return {split: train.take(train.rows, source) for split, source in shares.items()}
    taken = cut(
        units(_unit_names(options, train)),
        [strata(train.column(label)) for label in labels],
        [fraction(source) or 0.0 for source in shares.values()],
    )
    parts = {"train": train.take(taken == 0, None)}
    for number, (split, source) in enumerate(shares.items(), start=1):
        parts[split] = train.take(taken == number, source)
        if len(parts[split].rows) == 0:
            raise UserError(
                f"data.{name}.{split}: {source} of {len(train.rows):,} row(s) leaves none",
                expected="a row at least" + ("; groups are never split" if options.grouping else ""),
                action="declare a larger fraction, or name a file",
            )
    return parts


def _unit_names(options: DataOptions, part: Part) -> list[str]:
    """What is never cut apart: the rows of a group; without groups, rows of the same text."""
    texts = part.records.frame.select(
        pl.concat_str([pl.col(c) for c in options.columns], separator="\x1f").alias("text")
    )["text"].gather(part.rows)
    if options.grouping is None:
        return texts.to_list()
    spellings, codes = spelled(part.column(options.grouping))
    return [
        f"group {spellings[code]}" if code >= 0 else f"text {text}"
        for code, text in zip(codes.tolist(), texts.to_list(), strict=True)
    ]


def _shared_groups(name: str, parts: Mapping[str, Part]) -> list[str]:
    notes = []
    present = [split for split in SPLITS if split in parts]
    for i, one in enumerate(present):
        for other in present[i + 1 :]:
            shared = np.intersect1d(parts[one].groups, parts[other].groups)
            if len(shared):
                notes.append(
                    f"data.{name}: {len(shared):,} group(s) have rows in both {one} and {other}; "
                    f"the rows are kept, but scores on {other} may be too good"
                )
    return notes
