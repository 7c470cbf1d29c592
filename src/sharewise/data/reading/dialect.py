"""How a delimited file is written, found out from its first megabyte: delimiter and quoting."""

from __future__ import annotations

import csv
import io
import sys
from typing import Literal

_DELIMITERS = (",", ";", "\t")
_MOST = 0.75


def dialect_of(sample: str, usual: str) -> tuple[str, bool]:
    """Return the delimiter, and whether quotes are plain characters.

    Quotes are plain where only that reading of the sample is regular (every record as wide as the first); in a file
    with tabs also where both readings are regular and differ, for such files are mostly written without quoting.

    Args:
        sample: the beginning of the text; what follows the last line end is not looked at.
        usual: the delimiter that the file's name promises.
    """
    header = sample.lstrip().partition("\n")[0]
    others = [d for d in _DELIMITERS if d in header]
    delimiter = usual if usual in others or not others else max(others, key=header.count)
    if '"' not in sample:
        return delimiter, False
    quoted, plain = _records(_whole(sample), delimiter, False), _records(_whole(sample), delimiter, True)
    if quoted is None or (plain is not None and plain != quoted and delimiter == "\t"):
        return delimiter, plain is not None
    return delimiter, False


def _whole(sample: str) -> str:
    """The sample up to the last line end, or a little less, so that no quoted field is cut in two."""
    end = quotes = whole = 0
    for line in sample.splitlines(keepends=True):
        end += len(line)
        quotes += line.count('"')
        if quotes % 2 == 0 and line.endswith(("\n", "\r")):
            whole = end
    # With a stray quote no later line end is outside quotes; then it is the quotes that are wrong, not the cut.
    if whole < _MOST * len(sample):
        whole = sample.rfind("\n") + 1
    return sample[: whole or len(sample)]


def _records(sample: str, delimiter: str, literal: bool) -> int | None:
    """The number of records, or None where the reading is irregular."""
    quoting: Literal[0, 3] = csv.QUOTE_NONE if literal else csv.QUOTE_MINIMAL
    limit = csv.field_size_limit(sys.maxsize)
    try:
        reader = csv.reader(
            io.StringIO(sample, newline=""), delimiter=delimiter, quoting=quoting, strict=True
        )
        widths = [len(row) for row in reader if row]
    except csv.Error:
        return None
    finally:
        csv.field_size_limit(limit)
    return len(widths) if len(set(widths)) <= 1 else None
