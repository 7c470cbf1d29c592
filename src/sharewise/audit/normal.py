"""Texts brought to one form, as code points, so that only what differs in substance differs.

Case, width (full and half), composition, white space, punctuation and invisible characters go; digits, symbols and
emoji stay. It works on one flat array of code points with a lookup table, so that 100 million characters take seconds.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import chain

import numpy as np
import polars as pl

from sharewise.tasks import Array

_POINTS = 0x110000
_TABLED = 0x33480
"""Code points after these are private or not assigned, and stay as they are."""
_INVISIBLE = ((0xE000, 0xF900), (0xFE00, 0xFE10), (0xE0000, 0xE0FFF))
"""Private characters, and those that choose a variant of the one before."""
_PLAIN = ((0x3400, 0xA000), (0xAC00, 0xD7A4), (0x20000, 0x2F800))
"""Ideographs and Hangul syllables: letters that are their own normal form, left out to save time."""
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
    edges = [0, *(edge for plain in _PLAIN for edge in plain), _TABLED]
    for point in chain.from_iterable(map(range, edges[::2], edges[1::2])):
        normal = unicodedata.normalize("NFKC", chr(point))
        if all(map(_is_dropped, normal)):
            table[point] = _DROPPED
        elif len(normal) > 1 or unicodedata.combining(normal) or _is_jamo(ord(normal)):
            table[point] = _TOGETHER
        else:
            table[point] = ord(normal.lower()[0])
    for first, end in _INVISIBLE:
        table[first:end] = _DROPPED
    return table


def _is_dropped(character: str) -> bool:
    """Punctuation, spaces, invisible characters, and accents that stand alone."""
    category = unicodedata.category(character)
    return category[0] in "PZC" or category == "Sk"


def _is_jamo(point: int) -> bool:
    """Hangul vowels and finals, which compose with the letter before them."""
    return 0x1161 <= point <= 0x11FF
