"""What was said before each text: from columns of its row, or from earlier rows of its dialogue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from sharewise.data.context_options import ContextOptions
from sharewise.data.reading.records import Records
from sharewise.errors import UserError
from sharewise.tasks import Array, holes, spell, spelled

TURNS = pl.List(pl.String)


@dataclass(frozen=True, kw_only=True)
class Context:
    """The earlier turns of some rows.

    Attributes:
        texts: lists of texts ``(rows,)``, the oldest first; a turn of two texts is two of them.
        turns: int64 ``(rows,)``: how many earlier turns each row has, those over the declared number included.
    """

    texts: pl.Series
    turns: Array

    def take(self, rows: Array) -> Context:
        """Those of some rows, int64 ``(chosen,)``."""
        return Context(texts=self.texts.gather(rows), turns=self.turns[rows])


def read_context(
    name: str, options: ContextOptions, columns: Sequence[str], read: Records
) -> tuple[Context, list[str]]:
    """Find the earlier turns of every row of a file.

    Rows without labels are turns like others. Nothing of a later turn is ever before a text, and nothing of
    another file.

    Args:
        name: of the data set, for messages.
        options: where the earlier turns are.
        columns: the one or two text columns.
        read: the file.

    Returns:
        The earlier turns, and notes on what is missing.

    Raises:
        UserError: if a column holds no texts, a turn of a dialogue has no number, or two different texts have one.
    """
    if options.columns is not None:
        return _of_columns(name, options, read)
    return _of_dialogues(name, options, columns, read)


def turns_in(cell: str | None) -> list[str]:
    """The turns that a cell holds: a text, or a JSON list of texts; blank ones are none."""
    if cell is None or not cell.strip():
        return []
    if cell.lstrip().startswith("["):
        try:
            found = json.loads(cell)
        except ValueError:
            return [cell]
        if isinstance(found, list) and all(t is None or isinstance(t, str) for t in found):
            return [t for t in found if t and t.strip()]
    return [cell]


def column_context(cells: Sequence[pl.Series], last: int | None) -> Context:
    """Put columns of earlier turns together, the oldest first.

    Args:
        cells: the columns as texts, each ``(rows,)``.
        last: turns at most.
    """
    listed = any(bool(c.str.contains(r"^\s*\[").any()) for c in cells)
    frame = pl.DataFrame([c.alias(str(i)) for i, c in enumerate(cells)])
    if listed:
        rows = zip(*(frame[c].to_list() for c in frame.columns), strict=True)
        turns = pl.Series([[t for cell in row for t in turns_in(cell)] for row in rows], dtype=TURNS)
    else:
        filled = [pl.when(pl.col(c).str.strip_chars() != "").then(pl.col(c)) for c in frame.columns]
        turns = frame.select(pl.concat_list(filled).list.drop_nulls().alias("turns"))["turns"]
    counts = turns.list.len().to_numpy().astype(np.int64)
    return Context(texts=turns if last is None else turns.list.tail(last), turns=counts)


def _of_columns(name: str, options: ContextOptions, read: Records) -> tuple[Context, list[str]]:
    named = options.columns or ()
    cells = [_texts(read, column) for column in named]
    filled = np.stack([(c.str.strip_chars().fill_null("") != "").to_numpy() for c in cells], axis=1)
    some, all_ = filled.any(axis=1), filled.all(axis=1)
    # An earlier turn without the one after it, as where the newest is named first.
    backwards = int(np.count_nonzero(some & ~filled[:, -1]))
    notes = []
    if backwards and 2 * backwards > np.count_nonzero(some & ~all_):
        notes.append(
            f"data.{name}.context: in {backwards:,} rows of {read.name} {named[-1]!r} is empty and an older turn is "
            f"there; the columns are named the oldest first: is {', '.join(named)} the right order?"
        )
    return column_context(cells, options.turns), notes


def _texts(read: Records, column: str) -> pl.Series:
    cells = read.frame[column]
    if cells.dtype == pl.Null or cells.is_null().all():
        return cells.cast(pl.String)
    if cells.dtype != pl.String:
        raise UserError(
            f"{read.name}, column {column!r}: values of type {cells.dtype}",
            expected="texts, or lists of texts",
            action="name the columns with the earlier turns under `context`",
        )
    return cells


def _of_dialogues(
    name: str, options: ContextOptions, columns: Sequence[str], read: Records
) -> tuple[Context, list[str]]:
    """Put the rows of each dialogue in the order of their turns, and give each what is before it."""
    key = f"data.{name}.context"
    _, dialogue = spelled(read.frame[options.dialogue or ""])
    number = _numbers(read, options, dialogue)
    rows = np.flatnonzero(dialogue >= 0)
    rows = rows[np.lexsort((rows, number[rows], dialogue[rows]))]
    new_dialogue = np.diff(dialogue[rows], prepend=-1) != 0
    new_turn = new_dialogue | (np.diff(number[rows], prepend=np.nan) != 0)
    first = rows[new_turn]
    turn = np.cumsum(new_turn) - 1
    texts = [_texts(read, column) for column in columns]
    _check_alike(read, options, texts, rows, first[turn] if len(first) else rows)
    # Turns are numbered over all dialogues; before turn i stand those from where its dialogue begins.
    begin = np.maximum.accumulate(np.where(new_dialogue[new_turn], np.arange(len(first)), 0))
    lists, before = _lists(texts, first, begin, options.turns or 0)
    position = np.full(read.frame.height, len(first), dtype=np.int64)
    position[rows] = turn
    empty = pl.Series([[]], dtype=TURNS)
    counts = np.append(before, 0)[position]
    context = Context(texts=pl.concat([lists, empty]).gather(position), turns=counts)
    return context, _missing(key, read, dialogue, number[first], new_dialogue[new_turn])


def _numbers(read: Records, options: ContextOptions, dialogue: Array) -> Array:
    """The number of each row's turn, float64 ``(rows,)``."""
    column = read.frame[options.turn or ""]
    text = column if column.dtype.is_numeric() else column.cast(pl.String).str.strip_chars()
    numbers = text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers) & (dialogue >= 0))
    if len(bad):
        row = int(bad[0])
        cell = "the cell is empty" if holes(column)[row] else f"{spell(column[row])!r} is no number"
        raise UserError(
            f"{read.where(row, options.turn or '')}: {cell}"
            + (f" ({len(bad):,} such rows in all)" if len(bad) > 1 else ""),
            expected="the number of the turn in every row that names a dialogue",
            action="number the turns, or name the right column under `context.turn`",
        )
    return numbers


def _check_alike(
    read: Records, options: ContextOptions, texts: Sequence[pl.Series], rows: Array, first: Array
) -> None:
    """Rows of one turn must say the same, or it isn't clear what was said before the next one."""
    again = np.flatnonzero(rows != first)
    if not len(again):
        return
    differ = np.logical_or.reduce(
        [
            (c.gather(rows[again]).fill_null("") != c.gather(first[again]).fill_null("")).to_numpy()
            for c in texts
        ]
    )
    if differ.any():
        place = again[np.flatnonzero(differ)[0]]
        row, other = int(rows[place]), int(first[place])
        dialogue, turn = (spell(read.frame[c][row]) for c in options.named)
        raise UserError(
            f"{read.where(row, options.turn or '')}: turn {turn} of dialogue {dialogue!r} has another text than in "
            f"{read.unit} {read.place(other)}",
            expected="one text a turn; it isn't clear what was said before the next one",
            action="number the turns anew, or give each course of the dialogue a name of its own",
        )


def _lists(texts: Sequence[pl.Series], first: Array, begin: Array, last: int) -> tuple[pl.Series, Array]:
    """For each turn the texts of the turns before it, and how many turns these would be without a limit."""
    places = np.arange(len(first))
    before = places - begin
    columns: list[pl.Series] = []
    for back in range(min(last, int(before.max(initial=0))), 0, -1):
        earlier = pl.Series(np.where(before >= back, first[np.maximum(places - back, 0)], -1))
        index = earlier.set(earlier < 0, None)
        for text in texts:
            said = text.gather(index)
            columns.append(said.set(said.str.strip_chars() == "", None).alias(str(len(columns))))
    if not columns:
        return pl.Series([[]] * len(first), dtype=TURNS), before
    names = [column.name for column in columns]
    joined = pl.DataFrame(columns).select(pl.concat_list(names).list.drop_nulls().alias("turns"))
    return joined["turns"], before


def _missing(key: str, read: Records, dialogue: Array, number: Array, begins: Array) -> list[str]:
    """Say which rows have no dialogue, and where turns are missing in between."""
    notes = []
    alone = int(np.count_nonzero(dialogue < 0))
    if alone:
        notes.append(f"{key}: {alone:,} rows of {read.name} name no dialogue, and have no earlier turns")
    gaps = int(np.count_nonzero(~begins & (np.diff(number, prepend=np.nan) > 1)))
    late = int(np.count_nonzero(begins & (number > number.min(initial=np.inf)))) if len(number) else 0
    if gaps:
        notes.append(
            f"{key}: before {gaps:,} turns of {read.name} a turn is missing; what is there takes its place"
        )
    if late:
        notes.append(
            f"{key}: {late:,} dialogues of {read.name} begin with a later turn than the others; nothing is before it"
        )
    return notes
