"""Files of any size, a window of rows at a time; a row that can't be read is told apart, not lost."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from sharewise.data.reading.compression import SUFFIXES
from sharewise.data.reading.dialect import dialect_of
from sharewise.data.reading.records import listing
from sharewise.data.reading.streams import DAMAGES, Source, damaged, open_source, open_text
from sharewise.data.reading.unchanged import Unchanged
from sharewise.errors import UserError

# NUL, and what stands for bytes that can't be decoded.
_UNUSABLE = re.compile("[\\0\ud800-\udfff]")
# A record of more characters is a stray quote, not a text.
LONGEST = 1 << 24
STREAMED = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


class BadRow(NamedTuple):
    """A row that can't be used.

    Attributes:
        place: its one-based line, or row where the format has no lines.
        reason: why not.
        content: what is there, cut at 1,000 characters.
    """

    place: int
    reason: str
    content: str


@dataclass
class Window:
    """Some rows of a file.

    Attributes:
        frame: the rows that could be read, all columns; of csv, tsv and JSON lines as text.
        places: one-based line (or row) of each row of ``frame``.
        objects: of JSON lines the objects themselves.
        bad: the rows that couldn't.
        share: how much of the file was read, or None where its size isn't known.
        encoding: character encoding; None for formats that have none.
    """

    frame: pl.DataFrame
    places: list[int]
    objects: list[dict[str, Any]] | None = None
    bad: list[BadRow] = field(default_factory=list)
    share: float | None = None
    encoding: str | None = None


def format_of(name: str, given: str | None = None) -> tuple[str, str]:
    """The format (``.csv``) and the compression (``.gz``, ``.zst`` or nothing) that a name or an option says.

    Raises:
        UserError: where neither is a known one.
    """
    suffixes = [s.lower() for s in Path(name).suffixes]
    packed = suffixes.pop() if suffixes and suffixes[-1] in SUFFIXES else ""
    found = f".{given}" if given else (suffixes[-1] if suffixes else "")
    if found not in STREAMED or (found == ".parquet" and packed):
        where = "standard input or output" if name == "-" else name
        raise UserError(
            f"{where}: the format is not known",
            expected=f"a name that ends in {', '.join(STREAMED)}; .gz or .zst may follow all but the last",
            action="rename the file, or name the format: `--input-format csv`, `--output-format jsonl`",
        )
    return found, packed


def read_windows(
    name: str, *, rows: int, format_: str | None = None, encoding: str | None = None
) -> Iterator[Window]:
    """Read a file window by window; memory holds one of them.

    Args:
        name: a csv, tsv, jsonl, ndjson or parquet file, also with .gz or .zst; ``-`` for standard input.
        rows: records of a window, those that can't be read among them.
        format_: csv, tsv, jsonl or parquet, where the name doesn't say it.
        encoding: of a text file; found out from its first megabyte if None.

    Raises:
        UserError: where the file is missing, damaged, of no known format or written to meanwhile, or has no usable
            header.
    """
    kind, suffix = format_of(name, format_)
    source = open_source(name)
    file = Unchanged(source.path, source.name)
    try:
        for window in _windows(source, kind, suffix, rows, encoding):
            file.check()
            yield window
    except DAMAGES as error:
        file.check()
        raise damaged(source, suffix, error) from None
    except UserError:
        file.check()
        raise
    finally:
        if source.path is not None:
            source.raw.close()


def _windows(source: Source, kind: str, suffix: str, rows: int, encoding: str | None) -> Iterator[Window]:
    if kind == ".parquet":
        yield from _parquet(source, rows)
        return
    text, sample, found = open_text(source, suffix=suffix, encoding=encoding)
    if kind in (".jsonl", ".ndjson"):
        yield from _gathered(source, _json_lines(text), rows, _object_window, found)
    else:
        yield from _gathered(source, _delimited(source, text, sample, kind), rows, _cell_window, found)


# A record: its place, and its cells or object; or a BadRow.
_Record = tuple[int, Any] | BadRow
_Build = Callable[[list[tuple[int, Any]]], Window]


def _gathered(
    source: Source, records: Iterator[_Record], rows: int, build: _Build, encoding: str
) -> Iterator[Window]:
    empty = True
    while block := list(itertools.islice(records, rows)):
        empty = False
        window = build([record for record in block if not isinstance(record, BadRow)])
        window.bad = [record for record in block if isinstance(record, BadRow)]
        window.share, window.encoding = source.share, encoding
        yield window
    if empty:
        raise UserError(f"{source.name}: the file holds no records", expected="at least one record")


def _parquet(source: Source, rows: int) -> Iterator[Window]:
    if source.path is None:
        raise UserError("standard input: Parquet is read from its end", action="give a file, or csv or jsonl")
    try:
        file = pq.ParquetFile(source.path)
        done, total = 0, max(1, file.metadata.num_rows)
        for batch in file.iter_batches(batch_size=rows):
            frame = pl.DataFrame(pl.from_arrow(batch))
            places = list(range(done + 1, done + frame.height + 1))
            done += frame.height
            yield Window(frame, places, share=done / total)
    except (pa.ArrowException, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{source.name}: the file can't be read as Parquet ({reason})") from None
    if not done:
        raise UserError(f"{source.name}: the file holds no rows", expected="at least one row")


class _Cells(NamedTuple):
    header: tuple[str, ...]
    cells: list[str]


def _delimited(source: Source, text: Any, sample: str, kind: str) -> Iterator[_Record]:
    delimiter, literal = dialect_of(sample, "\t" if kind == ".tsv" else ",")
    quoting: Literal[0, 3] = csv.QUOTE_NONE if literal else csv.QUOTE_MINIMAL
    limit = csv.field_size_limit(LONGEST)
    try:
        rows = csv.reader(text, delimiter=delimiter, quoting=quoting, strict=True)
        header = _header(source, rows)
        begin = rows.line_num + 1
        while True:
            try:
                cells = next(rows, None)
            except csv.Error as error:
                yield BadRow(begin, f"the quotes are unsound ({error})", "")
                begin = rows.line_num + 1
                continue
            if cells is None:
                return
            if len(cells) == len(header):
                wrong = _undecodable(cells)
                yield BadRow(begin, wrong, _shown(cells)) if wrong else (begin, _Cells(header, cells))
            elif len(cells) > 1 or (cells and cells[0].strip(" ")):
                reason = f"{len(cells)} field(s), and the first line has {len(header)}"
                yield BadRow(begin, reason, _shown(cells))
            begin = rows.line_num + 1
    finally:
        csv.field_size_limit(limit)


def _header(source: Source, rows: Iterator[list[str]]) -> tuple[str, ...]:
    try:
        header = next((row for row in rows if any(cell.strip() for cell in row)), None)
    except csv.Error as error:
        raise UserError(f"{source.name}, line 1: the quotes are unsound ({error})") from None
    if header is None:
        raise UserError(f"{source.name}: the file has no first line with the names of the columns")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"{source.name}: the column {twice!r} is there {header.count(twice)} times")
    if _undecodable(header):
        raise UserError(f"{source.name}, line 1: {_undecodable(header)}", action="name it with `--encoding`")
    return tuple(header)


def _undecodable(cells: Sequence[str]) -> str | None:
    for cell in cells:
        found = None if cell.isascii() and "\0" not in cell else _UNUSABLE.search(cell)
        if found:
            return "a NUL character" if found[0] == "\0" else "bytes that are no text in the file's encoding"
    return None


def _shown(cells: Sequence[str]) -> str:
    return ",".join(cells)[:1000].encode("utf-8", "replace").decode()


def _cell_window(records: list[tuple[int, Any]]) -> Window:
    if not records:
        return Window(pl.DataFrame(), [])
    header = records[0][1].header
    columns = zip(*(record.cells for _, record in records), strict=True)
    frame = pl.DataFrame([pl.Series(n, c, dtype=pl.String) for n, c in zip(header, columns, strict=True)])
    return Window(frame, [place for place, _ in records])


def _json_lines(text: Any) -> Iterator[_Record]:
    number = 0
    # Only line feeds end a line: JSON strings may hold every other kind of line break as it stands.
    text.reconfigure(newline="\n")
    while line := text.readline(LONGEST):
        number += 1
        if len(line) == LONGEST and not line.endswith("\n"):
            while (rest := text.readline(LONGEST)) and not rest.endswith("\n"):
                pass
            yield BadRow(number, f"a line of more than {LONGEST:,} characters", _shown([line]))
            continue
        if line.strip():
            yield _object(number, line)


def _object(number: int, line: str) -> _Record:
    wrong = _undecodable([line])
    if wrong is None:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            wrong = f"no valid JSON ({error})"
        else:
            if isinstance(found, dict):
                spelled = json.dumps(found, ensure_ascii=False)
                wrong = _undecodable([spelled])
                if wrong is None:
                    return number, found
                wrong = "half of a surrogate pair"
            else:
                wrong = 'no JSON object, such as {"text": "…"}'
    return BadRow(number, wrong, _shown([line.rstrip("\n")]))


def _object_window(records: list[tuple[int, Any]]) -> Window:
    objects = [entry for _, entry in records]
    names = list(dict.fromkeys(name for entry in objects for name in entry))
    frame = pl.DataFrame(
        [pl.Series(name, [_spelled(entry.get(name)) for entry in objects], dtype=pl.String) for name in names]
    )
    return Window(frame, [place for place, _ in records], objects)


def _spelled(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def missing_columns(source: str, wanted: Sequence[str], header: Sequence[str]) -> UserError:
    """The error for a file without the columns that hold its texts."""
    lacking = next(name for name in wanted if name not in header)
    return UserError(
        f"{source}: there is no column {lacking!r}",
        expected=f"one of the columns {listing(header)}",
        action="name the one or two columns with the text: `--text COLUMN`",
    )
