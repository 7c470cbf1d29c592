"""Fingerprints of texts: a number for equal normal forms, and a signature that estimates how alike two texts are.

The signature is MinHash (Broder 1997) by one permutation (Li, Owen and Zhang, NIPS 2012): the hashes of a text's
shingles fall into bins, each bin keeps its smallest, and the share of bins in which two texts agree, bins that are
empty in both left out, estimates the Jaccard similarity of their sets of shingles. With 128 bins and a similarity
of .8 its standard error is .035, and more where texts are so short that bins stay empty.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import polars as pl

from sharewise.audit.normal import code_points
from sharewise.tasks import Array

Result = TypeVar("Result")

BINS = 128
SHINGLE = 4
"""Characters of a shingle: long enough to be rare in a language of letters, short enough for Korean and Japanese."""
EMPTY = np.uint32(0xFFFFFFFF)
# Few enough rows that a chunk's arrays stay in the caches, and are memory that is used again.
_CHUNK = 4_000
_MOST_THREADS = 4
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Fingerprints:
    """Of some texts or pairs.

    Attributes:
        exact: int64 ``(rows,)``: rows of equal texts, with equal earlier turns before them, have equal numbers, from
            0 by first occurrence.
        normal: int64 ``(rows,)``: the same for normal forms; of a pair the order of the two doesn't matter.
        halves: uint64 ``(rows, 2)``: a hash of the normal form of each text of a pair; the second is 0 without one.
        signatures: uint32 ``(rows, BINS)``.
        shingles: int32 ``(rows,)``: how many shingles, repeated ones included, a row has.
    """

    exact: Array
    normal: Array
    halves: Array
    signatures: Array
    shingles: Array


def fingerprints(texts: pl.DataFrame) -> Fingerprints:
    """Take the fingerprints of ``(rows, 2)`` texts: ``text`` and ``pair``, or of ``(rows, 3)`` with ``context``.

    What was said before a text makes it another one, for the same answer can be right here and wrong there; but texts
    are nearly equal by themselves.
    """
    said = _said_before(texts)
    told = texts.select("text", "pair").with_columns(*([] if said is None else [said]))
    exact = told.select(pl.struct(told.columns).hash(seed=1)).to_series().to_numpy()
    halves = np.zeros((len(texts), 2), dtype=np.uint64)
    signatures = np.full((len(texts), BINS), EMPTY, dtype=np.uint32)
    shingles = np.zeros(len(texts), dtype=np.int32)

    def fill(start: int) -> None:
        part = slice(start, min(start + _CHUNK, len(texts)))
        frame = texts.slice(start, _CHUNK)
        for place, name in enumerate(("text", "pair")):
            if frame[name].null_count() == len(frame):
                continue
            points, starts = code_points(frame[name])
            halves[part, place] = _whole(points, starts)
            shingles[part] += _shingle(points, starts, signatures[part])

    # The first by itself, for it makes the table of code points that all need.
    fill(0)
    in_threads(fill, range(_CHUNK, len(texts), _CHUNK))
    keys = _mixed(halves.min(axis=1)) + halves.max(axis=1)
    if said is not None:
        keys = _mixed(keys) + _in_chunks(said)
    return Fingerprints(numbered(exact), numbered(keys), halves, signatures, shingles)


def in_threads(work: Callable[[int], Result], parts: Sequence[int]) -> list[Result]:
    """Do the parts of some work of numpy's, which lets go of the interpreter, side by side; results in order."""
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as threads:
        return list(threads.map(work, parts))


def _said_before(texts: pl.DataFrame) -> pl.Series | None:
    """The earlier turns of each row as one text; None where no data set declares any."""
    if "context" not in texts.columns:
        return None
    return texts.select(pl.col("context").list.join("\n").fill_null("")).to_series()


def _in_chunks(texts: pl.Series) -> Array:
    """A hash of the normal form of each text, uint64 ``(texts,)``."""
    starts = range(0, len(texts), _CHUNK)
    return np.concatenate([_whole(*code_points(texts.slice(start, _CHUNK))) for start in starts])


def numbered(keys: Array) -> Array:
    """Number equal keys ``(rows,)`` alike, from 0 in the order of their first occurrence."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse.reshape(-1)])


def similarity(signatures: Array, one: Array, other: Array) -> Array:
    """Estimated Jaccard similarities of pairs of rows: int64 ``(pairs,)`` twice -> float64 ``(pairs,)``."""
    result = np.empty(len(one))
    for start in range(0, len(one), _CHUNK):
        a, b = signatures[one[start : start + _CHUNK]], signatures[other[start : start + _CHUNK]]
        filled = np.count_nonzero((a & b) != EMPTY, axis=1)
        agreeing = np.count_nonzero((a == b) & (a != EMPTY), axis=1)
        result[start : start + _CHUNK] = agreeing / np.maximum(filled, 1)
    return result


def _mixed(values: Array) -> Array:
    """A bijection of uint64 after which every bit depends on every other (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


def _whole(points: Array, starts: Array) -> Array:
    """One hash a text, uint64 ``(texts,)``; 0 for an empty one."""
    lengths = np.diff(starts)
    place = np.arange(len(points), dtype=np.uint64) - np.repeat(starts[:-1], lengths).astype(np.uint64)
    hashes = _mixed((points.astype(np.uint64) | (place << np.uint64(24))) * _GOLDEN)
    ends = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(hashes, dtype=np.uint64)])
    return np.asarray(ends[starts[1:]] - ends[starts[:-1]])


def _shingle(points: Array, starts: Array, signatures: Array) -> Array:
    """Enter the texts' shingles into their signatures; return how many each has, ``(texts,)``."""
    lengths = np.diff(starts)
    count: Array = np.maximum(lengths - SHINGLE + 1, 0)
    if len(points) < SHINGLE:
        return count
    values = points.astype(np.uint64)
    joined = np.zeros(len(points) - SHINGLE + 1, dtype=np.uint64)
    for offset in range(SHINGLE):
        joined = joined * _GOLDEN + values[offset : len(points) - SHINGLE + 1 + offset]
    owner = np.repeat(np.arange(len(lengths)), lengths)
    inside = owner[: len(joined)] == owner[SHINGLE - 1 :]
    hashes = _mixed(joined[inside])
    cells = owner[: len(joined)][inside] * BINS + (hashes >> np.uint64(57)).astype(np.int64)
    # The largest number means an empty bin, so no hash may be it.
    smallest = np.minimum(hashes.astype(np.uint32), EMPTY - np.uint32(1))
    np.minimum.at(signatures.reshape(-1), cells, smallest)
    return count
