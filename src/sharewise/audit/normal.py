"""Texts brought to one form, as code points, so that only what differs in substance differs.

Case, width (full and half), composition, white space, punctuation and invisible characters go; digits, symbols and emoji
stay. It works on one flat array of code points with a lookup table, so that 100 million characters take seconds.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import polars as pl

from sharewise.tasks import Array

_POINTS = 0x110000
_TABLED = 0x33480
"""Code points after these are private or not assigned, and stay as they are."""
_INVISIBLE = ((0xFE00, 0xFE10), (0xE0000, 0xE0FFF))
_DROPPED, _TOGETHER = 0, 0xFFFFFFFF


def code_points(texts: pl.Series) -> tuple[Array, Array]:
    """The normal form of some texts; null is an empty text, and a text of dropped characters alone stays as it is.

    Returns:
        uint32 ``(characters,)``, all texts one after another, and int64 ``(texts + 1,)``: where each begins.
    """
    column = texts.cast(pl.String).fill_null("")
    points, starts = _points(column)
    mapped = _table()[points]
    hard = np.unique(_text_of(starts, np.flatnonzero(mapped == _TOGETHER)))
    if len(hard):
        # Characters that decompose into several, or compose with their neighbours, need the library.
        composed = [unicodedata.normalize("NFKC", column[int(i)]) for i in hard]
        column = column.scatter(hard, composed)
        points, starts = _points(column)
        mapped = _table()[points]
        mapped = np.where(mapped == _TOGETHER, points, mapped)
    kept = mapped != _DROPPED
    ends = np.concatenate([[0], np.cumsum(kept)])
    lengths = np.diff(ends[starts])
    blank = (lengths == 0) & (np.diff(starts) > 0)
    if blank.any():
        raw = np.repeat(blank, np.diff(starts))
        mapped, kept = np.where(raw, points, mapped), kept | raw
        ends = np.concatenate([[0], np.cumsum(kept)])
    return mapped[kept], ends[starts]


def _points(column: pl.Series) -> tuple[Array, Array]:
    joined = "".join(column.to_list()).encode("utf-32-le", errors="surrogatepass")
    lengths = column.str.len_chars().to_numpy().astype(np.int64)
    return np.frombuffer(joined, dtype=np.uint32), np.concatenate([[0], np.cumsum(lengths)])


def _text_of(starts: Array, places: Array) -> Array:
    return np.asarray(np.searchsorted(starts, places, side="right") - 1)


@cache
def _table() -> Array:
    """For each code point what becomes of it: another one, nothing, or what only its neighbours can tell."""
    table = np.arange(_POINTS, dtype=np.uint32)
    for point in range(_TABLED):
        character = chr(point)
        category = unicodedata.category(character)
        normal = unicodedata.normalize("NFKC", character)
        if category[0] in "PZC" or category == "Sk":
            table[point] = _DROPPED
        elif len(normal) > 1 or unicodedata.combining(character) or _is_jamo(point):
            table[point] = _TOGETHER
        else:
            lower = normal.lower()
            table[point] = ord(lower[0]) if unicodedata.category(normal)[0] not in "PZC" else _DROPPED
    for first, end in _INVISIBLE:
        table[first:end] = _DROPPED
    return table


def _is_jamo(point: int) -> bool:
    """Hangul vowels and finals, which compose with the letter before them."""
    return 0x1161 <= point <= 0x11FF
