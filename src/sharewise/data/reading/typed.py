"""Columns of typed formats, brought to the few types that the rest knows."""

from __future__ import annotations

import json

import polars as pl

from sharewise.data.reading.records import Request
from sharewise.errors import UserError


def plain(request: Request, frame: pl.DataFrame) -> pl.DataFrame:
    """Bring a frame to Booleans, integers, floats and text.

    Raises:
        UserError: if a column holds lists, records, bytes or other values that are no text, number or truth.
    """
    return frame.select([_plain(request, column) for column in frame])


def _plain(request: Request, column: pl.Series) -> pl.Series:
    kind = column.dtype
    if kind in (pl.String, pl.Boolean) or kind.is_integer() or kind.is_float():
        return column
    if kind in (pl.Categorical, pl.Enum, pl.Null) or kind.is_temporal():
        return column.cast(pl.String)
    if kind.is_decimal():
        return column.cast(pl.Float64)
    if request.takes_lists(column.name) and kind in (pl.List, pl.Array) and not kind.inner.is_nested():  # type: ignore[attr-defined]
        texts = [None if cell is None else json.dumps(cell, ensure_ascii=False) for cell in column.to_list()]
        return pl.Series(column.name, texts, dtype=pl.String)
    raise UserError(
        f"{request.name}, column {column.name!r}: values of type {kind}",
        expected="texts, numbers, or true and false",
        action="write the column again in one of these types, or name another one",
    )
