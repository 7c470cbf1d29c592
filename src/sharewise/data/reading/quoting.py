"""One strict reading of delimited text, with quotes as RFC 4180 has them or as plain characters."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter

import polars as pl

from sharewise.data.reading.records import Request, no_records, select

# Records that become columns together, while they are still in the caches: as Python's own texts all would take
# several times the memory.
_TOGETHER = 8192


class Irregular(Exception):
    """The first place where a text can't be read regularly.

    Args:
        line: its one-based line.
        problem: what is there.
        expected: what should be.
    """

    def __init__(self, line: int, problem: str, expected: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem
        self.expected = expected


@dataclass
class Reading:
    """The wanted cells of each record.

    Attributes:
        columns: the wanted columns.
        width: number of fields of every record.
        frames: the wanted columns, as texts, some records after others.
        lines: the one-based line where each record begins.
        blank: lines that hold nothing, those after the last record left out.
        spans_lines: whether any record goes over more than one line.
    """

    columns: tuple[str, ...]
    width: int
    frames: list[pl.DataFrame] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    spans_lines: bool = False

    def take(self, cells: list[tuple[str, ...]]) -> None:
        """Take in the wanted cells of further records, and empty the list."""
        by_column = zip(self.columns, zip(*cells, strict=True), strict=True)
        series = [pl.Series(name, column, dtype=pl.String) for name, column in by_column]
        self.frames.append(pl.DataFrame(series))
        cells.clear()


def parse(request: Request, text: str, delimiter: str, *, literal: bool) -> Reading:
    """Read all records.

    Args:
        request: the file and its wanted columns.
        text: all of the file.
        delimiter: the character between fields.
        literal: whether quotes are plain characters.

    Raises:
        Irregular: at the first record that is not of the header's width, or whose quotes are unsound.
        UserError: if a wanted column is not in the header.
    """
    # An empty newline keeps line breaks within fields as they are; \n, \r\n and \r end a record.
    source = io.StringIO(text, newline="")
    rows = csv.reader(
        source,
        delimiter=delimiter,
        quoting=csv.QUOTE_NONE if literal else csv.QUOTE_MINIMAL,
        strict=True,
    )
    limit = csv.field_size_limit(sys.maxsize)
    begin = above = 1
    try:
        header: list[str] = []
        for header in rows:
            if not _is_blank(header):
                break
            above += 1
        if not any(name.strip() for name in header):
            raise no_records(request, "the file has no first line with the names of the columns")
        columns = select(request, header)
        reading = Reading(columns, len(header))
        pick = _picker([header.index(column) for column in columns])
        begin = rows.line_num + 1
        cells: list[tuple[str, ...]] = []
        for row in rows:
            if len(row) == reading.width:
                cells.append(pick(row))
                reading.lines.append(begin)
                if len(cells) == _TOGETHER:
                    reading.take(cells)
            elif _is_blank(row):
                reading.blank.append(begin)
            else:
                raise _ragged(begin, rows.line_num, reading.width, len(row))
            begin = rows.line_num + 1
        if cells:
            reading.take(cells)
    except csv.Error as error:
        raise _unsound(begin, rows.line_num, str(error)) from None
    finally:
        csv.field_size_limit(limit)
    reading.spans_lines = rows.line_num > above + len(reading.lines) + len(reading.blank)
    last = max(reading.lines, default=0)
    reading.blank = [line for line in reading.blank if line < last]
    return reading


def _is_blank(row: list[str]) -> bool:
    """Whether a line holds nothing, or spaces only."""
    return not row or (len(row) == 1 and not row[0].strip(" "))


def _picker(positions: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    """A function that takes the fields at these positions from a row."""
    if len(positions) == 1:
        only = positions[0]
        return lambda row: (row[only],)
    return itemgetter(*positions)


def _ragged(begin: int, end: int, width: int, found: int) -> Irregular:
    over = f" (the record goes on to line {end})" if end > begin else ""
    return Irregular(begin, f"{found} field(s){over}", f"{width} fields, as in the first line")


def _unsound(begin: int, line: int, message: str) -> Irregular:
    if "unexpected end" in message:
        return Irregular(begin, "a quote is opened in this record and never closed", "a closing quote")
    return Irregular(line, "text after a closing quote", "a delimiter or the end of the line")
