"""Fractions cut from a training file: whole groups, stratified by the labels of every task at once.

Units (groups of rows) that hold exactly the same cells are interchangeable. Each such set is divided in bundles
that are in exact proportion (for a tenth: nine units and one); that settles most rows of most files. The units
that are left, or all of them where groups are large and each is different, go one by one, those with the rarest
label first, to the split where they lower the chi-square distance between the cells that each split has and
those that are due to it. This is iterative stratification (Sechidis, Tsoumakas and Vlahavas, ECML PKDD 2011)
with groups, and with all labels of a unit in the criterion instead of only its rarest.

No random numbers are involved. Units are ordered by a hash of their content, so the cut is the same on every
machine, for every seed of a study, and for every order of the file's rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm

import numpy as np
import polars as pl
from scipy.sparse import coo_array, csr_array

from sharewise.tasks import Array, spelled

# A column of numbers with more different values than this is stratified by tenths.
_MOST_LABELS = 20


def units(names: Iterable[str]) -> Array:
    """Number the rows' units in an order that looks random and depends on nothing but their names.

    Args:
        names: for each row the name of its unit: rows of one name stay together.

    Returns:
        int64 ``(rows,)``: numbers from 0 without gaps.
    """
    position: dict[str, int] = {}
    codes = np.fromiter((position.setdefault(name, len(position)) for name in names), dtype=np.int64)
    digests = [hashlib.blake2b(name.encode(), digest_size=16).digest() for name in position]
    rank = np.empty(len(digests), dtype=np.int64)
    rank[sorted(range(len(digests)), key=digests.__getitem__)] = np.arange(len(digests))
    return rank[codes]


def strata(column: pl.Series) -> Array:
    """Classes of a label column to stratify by: its labels, or tenths where it holds many numbers.

    Returns:
        int64 ``(rows,)``: class numbers from 0; -1 for a hole.
    """
    spellings, codes = spelled(column)
    if len(spellings) <= _MOST_LABELS:
        return codes
    numbers = pl.Series(spellings).cast(pl.Float64, strict=False)
    if numbers.null_count() or not numbers.is_finite().all():
        return codes
    values = np.append(numbers.to_numpy(), np.nan)[codes]
    edges = np.nanquantile(values, np.linspace(0.1, 0.9, 9))
    return np.where(codes < 0, -1, np.searchsorted(edges, values)).astype(np.int64)


def cut(units: Array, strata: Sequence[Array], shares: Sequence[float]) -> Array:
    """Cut shares of the rows from the training split, which keeps the rest.

    A label is never cut off from the training split: the last unit that holds it stays there.

    Args:
        units: int64 ``(rows,)``: rows of one number stay together; numbers from 0 without gaps.
        strata: for each task int64 ``(rows,)``: class numbers from 0, -1 for a hole.
        shares: the share of the rows of each split that is cut, each over 0, together under 1.

    Returns:
        int64 ``(rows,)``: 0 for training, i for the i-th share.
    """
    counts = _count(units, strata)
    portions = np.array([1.0 - sum(shares), *shares])
    taken = _allot_alike(counts, portions)
    _allot_rest(counts, portions, taken)
    return taken[units]


def _count(units: Array, strata: Sequence[Array]) -> csr_array:
    """Cells of each class by unit, ``(units, 1 + classes)``; the first column counts the unit's rows."""
    rows, columns, width = [units], [np.zeros(len(units), dtype=np.int64)], 1
    for codes in strata:
        present = codes >= 0
        rows.append(units[present])
        columns.append(codes[present] + width)
        width += int(codes.max(initial=-1)) + 1
    row, column = np.concatenate(rows), np.concatenate(columns)
    cells = coo_array((np.ones(len(row)), (row, column)), shape=(int(units.max()) + 1, width))
    counts = csr_array(cells)
    counts.sum_duplicates()
    counts.sort_indices()
    return counts


def _allot_alike(counts: csr_array, portions: Array) -> Array:
    """Divide each set of units with equal cells in whole bundles of exact proportion; -1 for the rest.

    Were each split to get the whole part of its share instead, the rest would lack cells in other proportions
    label by label, and the units with rare labels, which go first, would pay for the frequent ones.
    """
    # Equal units have equal weighted sums. Two unequal ones agree with probability 2**-64.
    weights = np.random.default_rng(0).integers(0, 2**64, counts.shape[1], dtype=np.uint64)
    signature = np.add.reduceat(counts.data.astype(np.uint64) * weights[counts.indices], counts.indptr[:-1])
    _, kind, size = np.unique(signature, return_inverse=True, return_counts=True)
    order = np.argsort(kind, kind="stable")
    start = np.cumsum(size) - size
    place = np.empty(len(kind), dtype=np.int64)
    place[order] = np.arange(len(kind)) - start[kind[order]]
    shares = [Fraction(share).limit_denominator(100) for share in portions[1:].tolist()]
    bundle = lcm(*(share.denominator for share in shares))
    pieces = [int(share * bundle) for share in shares]
    bounds = (size[:, None] // bundle * np.cumsum([bundle - sum(pieces), *pieces]))[kind]
    taken = (place[:, None] >= bounds).sum(axis=1)
    return np.where(taken == len(portions), -1, taken)


def _allot_rest(counts: csr_array, portions: Array, taken: Array) -> None:
    """Give the units left, one by one, to the split that lacks their cells most; changes ``taken``."""
    rest = np.flatnonzero(taken < 0)
    totals = np.asarray(counts.sum(axis=0)).ravel()
    lacking = portions[:, None] * totals
    for split in range(len(portions)):
        lacking[split] -= np.asarray(counts[np.flatnonzero(taken == split)].sum(axis=0)).ravel()
    due = np.maximum(lacking, 0.1)  # where nothing is due, a cell costs much, but not without bounds
    holders = np.bincount(counts.indices, minlength=len(totals))
    waiting = np.bincount(counts[rest].indices, minlength=len(totals))
    trained = np.bincount(counts[np.flatnonzero(taken == 0)].indices, minlength=len(totals)) > 0
    rarest = np.minimum.reduceat(holders[counts.indices], counts.indptr[:-1])[rest]
    rows = counts.data[counts.indptr[rest]]
    for unit in rest[np.lexsort((rest, -rows, rarest))]:
        held = slice(counts.indptr[unit], counts.indptr[unit + 1])
        labels, cells = counts.indices[held], counts.data[held]
        change = ((cells**2 - 2 * cells * lacking[:, labels]) / due[:, labels]).sum(axis=1)
        last_holder = (waiting[labels] == 1) & ~trained[labels]
        split = 0 if last_holder.any() else int(change.argmin())
        taken[unit] = split
        lacking[split, labels] -= cells
        waiting[labels] -= 1
        if split == 0:
            trained[labels] = True
