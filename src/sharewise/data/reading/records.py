"""What reading one file gives, whatever its format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from sharewise.errors import UserError, nearest

Lines = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One file to read.

    Attributes:
        name: the source as the user wrote it, for messages.
        path: where it lies.
        key: path of the key in the study file that names it, for messages.
        columns: the columns that are wanted, each once; None for all.
        encoding: the declared character encoding; None to find it out.
        lists: the columns that may hold lists, which become text as JSON spells them; None for all.
    """

    name: str
    path: Path
    key: str
    columns: tuple[str, ...] | None
    encoding: str | None
    lists: frozenset[str] | None = frozenset()

    def takes_lists(self, column: str) -> bool:
        """Whether a column may hold lists."""
        return self.lists is None or column in self.lists


@dataclass(frozen=True, kw_only=True)
class Records:
    """The wanted columns of one file.

    Attributes:
        name: the source as the user wrote it.
        frame: the wanted columns, a row a record; csv and tsv as text, the other formats as typed.
        lines: for formats of lines, the one-based line where each record begins, int64 ``(rows,)``.
        encoding: the character encoding, found out or declared; None for formats that have none.
        notes: plain sentences on what was found out or passed over.
    """

    name: str
    frame: pl.DataFrame
    lines: Lines | None
    encoding: str | None
    notes: tuple[str, ...] = ()

    def where(self, row: int, column: str) -> str:
        """Say where a cell is, for a message: ``train.csv, line 7, column 'label'``.

        Args:
            row: zero-based row of ``frame``.
            column: name of the column.
        """
        return f"{self.name}, {self.unit} {self.place(row)}, column {column!r}"

    @property
    def unit(self) -> str:
        """What places are counted by: ``line``, or ``row`` in formats without lines."""
        return "row" if self.lines is None else "line"

    def place(self, row: int) -> int:
        """The one-based line or row of a zero-based row of ``frame``."""
        return row + 1 if self.lines is None else int(self.lines[row])


class ColumnError(UserError):
    """A wanted column is not there, or there more than once; whoever wanted it knows the key.

    Args:
        problem: as of every `UserError`, like the rest.
        column: its name.
    """

    def __init__(
        self, problem: str, *, column: str = "", expected: str | None = None, action: str | None = None
    ) -> None:
        self.column = column
        super().__init__(problem, expected=expected, action=action)


def select(request: Request, header: Sequence[str]) -> tuple[str, ...]:
    """Return the wanted columns of a header, or all named ones where the request leaves them open.

    Raises:
        ColumnError: if a wanted column is not there, or there more than once.
    """
    wanted = request.columns if request.columns is not None else tuple(h for h in header if h)
    for column in wanted:
        if column not in header:
            raise ColumnError(
                f"{request.name}: there is no column {column!r}{did_you_mean(column, header)}",
                column=column,
                expected=f"one of the columns {listing(header)}",
                action="correct the name in the study file, or the file's first line",
            )
        if list(header).count(column) > 1:
            raise ColumnError(
                f"{request.name}: the column {column!r} is there {list(header).count(column)} times",
                column=column,
                expected="every column that is used once",
                action="rename or delete all but one of them",
            )
    return wanted


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """The end of a sentence about a wrong name: the nearest right one, or nothing."""
    close = nearest(name, valid)
    return f"; did you mean {close!r}?" if close else ""


def blank_lines(lines: Sequence[int]) -> str:
    """The remark on blank lines between records."""
    return f"{len(lines)} blank line(s) passed over, the first is line {lines[0]}"


def listing(names: Sequence[str], limit: int = 40) -> str:
    """Write names out for a message, at most ``limit`` of them."""
    rest = f", … ({len(names)} in all)" if len(names) > limit else ""
    return ", ".join(repr(n) for n in names[:limit]) + rest


def no_records(request: Request, found: str) -> UserError:
    """The error for a file that holds no records."""
    return UserError(
        f"{request.name}: {found}",
        expected="at least one record",
        action=f"look whether {request.key} names the right file",
    )
