"""CSV and TSV files: which delimiter, and which of two ways to read quotes."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from sharewise.data.reading.compression import read_bytes
from sharewise.data.reading.encodings import decode
from sharewise.data.reading.quoting import Irregular, Reading, parse
from sharewise.data.reading.records import Records, Request, blank_lines, no_records
from sharewise.errors import UserError

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}
_HEADER = 100_000  # characters; no header is longer


def read_csv(request: Request) -> Records:
    """Read a comma-separated file; semicolons or tabs where the header shows that they are meant."""
    return _read(request, ",")


def read_tsv(request: Request) -> Records:
    """Read a tab-separated file; commas or semicolons where the header shows that they are meant."""
    return _read(request, "\t")


def _read(request: Request, usual: str) -> Records:
    decoded = decode(request, read_bytes(request))
    if not decoded.text or decoded.text.isspace():
        raise no_records(request, "the file is empty")
    delimiter = _delimiter(request, decoded.text, usual)
    remarks = []
    if delimiter != usual:
        remarks.append(f"read with {_NAMES[delimiter]} between the fields, as its first line shows")
    reading, remark = _regular(request, decoded.text, delimiter)
    if not reading.lines:
        raise no_records(request, "the file holds a header and nothing else")
    if remark:
        remarks.append(remark)
    if reading.blank:
        remarks.append(blank_lines(reading.blank))
    return Records(
        name=request.name,
        frame=pl.concat(reading.frames, rechunk=True),
        lines=np.array(reading.lines, dtype=np.int64),
        encoding=decoded.encoding,
        notes=decoded.notes + tuple(f"{request.name}: {remark}" for remark in remarks),
    )


def _delimiter(request: Request, text: str, usual: str) -> str:
    """The usual delimiter, unless the header lacks it, holds another, and is no wanted column itself."""
    header = re.sub(r'"[^"]*("|$)', "", text[: 2 * _HEADER].lstrip()[:_HEADER]).partition("\n")[0]
    others = [d for d in _NAMES if d in header]
    if usual in others or not others or header.strip() in (request.columns or ()):
        return usual
    return max(others, key=header.count)


def _regular(request: Request, text: str, delimiter: str) -> tuple[Reading, str | None]:
    """Take the reading that is regular, with a remark where that isn't plainly the standard one.

    A stray quote at the start of a field makes a lenient reader swallow lines until the next quote. So the
    standard reading must be regular throughout; if it isn't, quotes may be plain characters. Two stray
    quotes can pair up so neatly that both readings are regular and differ in their number of records. Then
    a TSV file, mostly written without quoting, is read with plain quotes, and a CSV file as the standard
    says.
    """
    try:
        quoted = parse(request, text, delimiter, literal=False)
    except Irregular as failure:
        literal = _literal(request, text, delimiter)
        if isinstance(literal, Reading):
            return literal, f"quotes are read as plain characters; as quoting they don't fit ({failure})"
        raise _neither(request, failure, literal) from None
    if not quoted.spans_lines:
        return quoted, None
    literal = _literal(request, text, delimiter)
    if not isinstance(literal, Reading) or len(literal.lines) == len(quoted.lines):
        return quoted, None
    counts = f"{len(quoted.lines):,} records with quoting and {len(literal.lines):,} without are both regular"
    if delimiter == "\t" and quoted.width > 1:
        return literal, f"quotes are read as plain characters ({counts})"
    return quoted, f"quotes are read as quoting, over line breaks too ({counts})"


def _literal(request: Request, text: str, delimiter: str) -> Reading | Irregular | None:
    """The reading with plain quotes, why it is irregular, or None where there is none."""
    if '"' not in text:
        return None
    try:
        return parse(request, text, delimiter, literal=True)
    except Irregular as failure:
        return failure
    except UserError:  # the header itself needs its quotes
        return None


def _neither(request: Request, failure: Irregular, literal: Irregular | None) -> UserError:
    return UserError(
        f"{request.name}, line {failure.line}: {failure.problem}",
        expected=failure.expected,
        action="quote fields that hold delimiters, quotes or line breaks, and double the quotes in them"
        + (f"; with quotes read as plain characters it would be {literal}" if literal else ""),
    )
