"""JSON lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from sharewise.data.reading.compression import read_bytes
from sharewise.data.reading.encodings import decode
from sharewise.data.reading.records import Records, Request, blank_lines, no_records, select
from sharewise.errors import UserError


def read_jsonl(request: Request) -> Records:
    """Read a file of JSON lines; a key that an object lacks, and null, are holes."""
    decoded = decode(request, read_bytes(request))
    objects, lines, blank = [], [], []
    # Only line feeds end a line: JSON strings may hold every other kind of line break as it stands.
    for number, line in enumerate(decoded.text.split("\n"), start=1):
        if line.strip():
            objects.append(_object(request, number, line))
            lines.append(number)
        else:
            blank.append(number)
    if not objects:
        raise no_records(request, "the file is empty")
    columns = select(request, list(dict.fromkeys(key for entry in objects for key in entry)))
    broken = next((column for column in columns if not _encodable(column)), None)
    if broken is not None:
        first = next(number for number, entry in zip(lines, objects, strict=True) if broken in entry)
        raise UserError(
            f"{request.name}, line {first}: the key {broken!r} holds half of a surrogate pair",
            expected="whole characters",
        )
    frame = pl.DataFrame(
        [_series(request, column, [entry.get(column) for entry in objects], lines) for column in columns]
    )
    notes = decoded.notes
    blank = [number for number in blank if number < lines[-1]]
    if blank:
        notes += (f"{request.name}: {blank_lines(blank)}",)
    return Records(
        name=request.name,
        frame=frame,
        lines=np.array(lines, dtype=np.int64),
        encoding=decoded.encoding,
        notes=notes,
    )


def _object(request: Request, number: int, line: str) -> dict[str, Any]:
    place = f"{request.name}, line {number}"

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entry = dict(pairs)
        if len(entry) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise UserError(f"{place}: the key {twice!r} is there twice", expected="every key once")
        return entry

    try:
        entry = json.loads(line, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        whole = number == 1 and line.strip() in ("[", "{", "[{")
        raise UserError(
            f"{place}: no valid JSON ({error})",
            expected="one JSON object a line",
            action="write each object of the file on a line of its own" if whole else None,
        ) from None
    if not isinstance(entry, dict):
        raise UserError(
            f"{place}: a JSON {_kind(entry)}",
            expected='one JSON object a line, e.g. {"text": "…", "label": 1}',
        )
    return entry


def _series(request: Request, column: str, values: list[Any], lines: Sequence[int]) -> pl.Series:
    """Type a column: Booleans, whole numbers, numbers or text; a mixture becomes text as JSON spells it."""
    kinds = {type(value) for value in values} - {type(None)}
    lists = {list} if request.takes_lists(column) else set()
    if kinds & ({dict, list} - lists):
        row = next(i for i, value in enumerate(values) if type(value) in {dict, list} - lists)
        raise UserError(
            f"{request.name}, line {lines[row]}, column {column!r}: a JSON {_kind(values[row])}",
            expected="a text, a number, true, false or null",
        )
    if kinds == {bool}:
        return pl.Series(column, values, dtype=pl.Boolean)
    if kinds and kinds <= {int, float}:
        whole = kinds == {int} and all(value is None or abs(value) < 2**63 for value in values)
        return pl.Series(column, values, dtype=pl.Int64 if whole else pl.Float64, strict=False)
    texts = [
        value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in values
    ]
    try:
        return pl.Series(column, texts, dtype=pl.String)
    except UnicodeEncodeError:
        row = next(i for i, text in enumerate(texts) if text is not None and not _encodable(text))
        raise UserError(
            f"{request.name}, line {lines[row]}, column {column!r}: half of a surrogate pair",
            expected="whole characters",
        ) from None


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _kind(value: object) -> str:
    names = {dict: "object", list: "array", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "number")
