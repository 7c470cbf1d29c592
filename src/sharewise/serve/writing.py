"""Scored windows as parts of a file, and parts as the whole file."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from sharewise.data.reading.windows import BadRow, Window
from sharewise.errors import UserError
from sharewise.files import write_whole


class Shape:
    """What every part of one output must agree in: the columns, which the first window decides.

    Attributes:
        format: ``.csv``, ``.tsv``, ``.jsonl``, ``.ndjson`` or ``.parquet``.
        packed: ``.gz``, ``.zst`` or nothing.
    """

    def __init__(self, format_: str, packed: str) -> None:
        self.format = format_
        self.packed = packed
        self.names: list[str] | None = None

    @property
    def suffix(self) -> str:
        """Ending of a part's name."""
        return self.format + self.packed

    def part(self, window: Window, new: Sequence[pl.Series]) -> bytes:
        """Write one window with its answers; the first part of a delimited file has the header.

        Raises:
            UserError: where a later window has other columns than the first, or one can't be written.
        """
        first = self.names is None
        names = self.learn(window, new)
        if self.format in (".jsonl", ".ndjson"):
            content = self._lines(window, new)
        else:
            frame = _with_columns(window.frame.with_columns(new), names)
            content = (
                self._parquet(frame) if self.format == ".parquet" else self._delimited(frame, first, window)
            )
        if self.packed == ".gz":
            return gzip.compress(content, compresslevel=6, mtime=0)
        return zstandard.ZstdCompressor().compress(content) if self.packed == ".zst" else content

    def learn(self, window: Window, new: Sequence[pl.Series]) -> list[str]:
        """Take the columns from the first window that has rows; return them."""
        if self.names is None:
            self.names = [*window.frame.columns, *(series.name for series in new)]
        return self.names

    def _lines(self, window: Window, new: Sequence[pl.Series]) -> bytes:
        rows = window.objects if window.objects is not None else window.frame.to_dicts()
        answers = pl.DataFrame(new).to_dicts() if new else [{}] * len(rows)
        lines = [
            json.dumps({**row, **answer}, ensure_ascii=False, default=str) + "\n"
            for row, answer in zip(rows, answers, strict=True)
        ]
        return "".join(lines).encode()

    def _delimited(self, frame: pl.DataFrame, first: bool, window: Window) -> bytes:
        nested = [name for name, kind in frame.schema.items() if kind.is_nested() or kind == pl.Binary]
        if nested:
            raise UserError(
                f"the column {nested[0]!r} holds values of type {frame.schema[nested[0]]}, which no cell can hold",
                action="write Parquet or JSON lines: let the output's name end in .parquet or .jsonl",
            )
        separator = "\t" if self.format == ".tsv" else ","
        mark = b"\xef\xbb\xbf" if first and window.encoding == "utf-8-sig" else b""
        return mark + frame.write_csv(include_header=first, separator=separator).encode()

    def _parquet(self, frame: pl.DataFrame) -> bytes:
        content = io.BytesIO()
        frame.write_parquet(content)
        return content.getvalue()


def _with_columns(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    unknown = next((name for name in frame.columns if name not in names), None)
    if unknown is not None:
        raise UserError(
            f"a later row has the key {unknown!r}, which the first rows lack, and a table has fixed columns",
            action="write JSON lines: let the output's name end in .jsonl",
        )
    lacking = [pl.lit(None, pl.String).alias(name) for name in names if name not in frame.columns]
    return frame.with_columns(lacking).select(names)


def bad_lines(bad: Sequence[BadRow]) -> bytes:
    """Rows that couldn't be used, a JSON line each: place, reason, content."""
    return "".join(json.dumps(row._asdict(), ensure_ascii=False) + "\n" for row in bad).encode()


def join_parts(parts: Sequence[Path], output: Path) -> None:
    """Make one file of its parts, whole or not at all; compressed parts follow one another as frames do."""

    def write(beside: Path) -> None:
        if output.suffix.lower() == ".parquet":
            _join_parquet(parts, beside)
            return
        with beside.open("wb") as stream:
            for part in parts:
                with part.open("rb") as content:
                    shutil.copyfileobj(cast(BinaryIO, content), stream)

    write_whole(output, write)


def _join_parquet(parts: Sequence[Path], beside: Path) -> None:
    writer = None
    try:
        for part in parts:
            if not part.stat().st_size:  # a window without a usable row
                continue
            table = pq.read_table(part)
            if writer is None:
                writer = pq.ParquetWriter(beside, table.schema)
            try:
                writer.write_table(table.cast(writer.schema))
            except (pa.ArrowInvalid, ValueError) as error:
                raise UserError(f"the windows' columns differ in their types ({error})") from None
    finally:
        if writer is not None:
            writer.close()
