"""Metrics with each block of rows left out in turn, faster than to evaluate them block by block.

Each function takes targets and outputs `(rows,)` and the groups, and returns the metric of the rows outside
each group, `(groups,)`. They serve metrics for which leaving rows out is no plain subtraction of counts.
"""

from functools import partial

import numpy as np

from sharewise.stats.arrays import Array, Floats, Ints
from sharewise.stats.groups import Groups

_CHUNK = 512
"""Rows or thresholds that are looked at together, in all groups: what fits into a processor's cache."""

_STRIP = 64
"""Rows that are summed up together."""


def mean_left_out(rows: Floats, groups: Groups) -> Floats:
    """A mean over rows `(rows,)`."""
    sums = np.bincount(groups.of_row, weights=rows, minlength=groups.number)
    sizes = np.bincount(groups.of_row, minlength=groups.number)
    left = len(rows) - sizes
    return np.where(left > 0, (rows.sum() - sums) / np.maximum(left, 1), np.nan)


def pearson_left_out(targets: Floats, values: Floats, groups: Groups) -> Floats:
    """Pearson's correlation, from sums of products."""
    x, y = targets - np.mean(targets), values - np.mean(values)
    products = np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y])
    in_group = np.stack([np.bincount(groups.of_row, weights=p, minlength=groups.number) for p in products])
    rows, sum_x, sum_y, sum_xx, sum_yy, sum_xy = products.sum(axis=1)[:, None] - in_group
    rows = np.where(rows > 1, rows, np.nan)
    spread = (sum_xx - sum_x**2 / rows) * (sum_yy - sum_y**2 / rows)
    # Sums of products leave rounding errors where a side is constant.
    possible = spread > 1e-20 * np.maximum(sum_xx * sum_yy, np.finfo(float).tiny)
    return np.where(
        possible, (sum_xy - sum_x * sum_y / rows) / np.sqrt(np.where(possible, spread, 1)), np.nan
    )


def spearman_left_out(targets: Floats, values: Floats, groups: Groups) -> Floats:
    """Spearman's correlation, with the rows that are left ranked anew.

    Without a group, a row's rank is less by the rows of the group below it, and half of those that are its equals.
    So the sum of products of ranks follows from sums over all rows, but for one that needs every row and group.
    """
    sides = [_Ranked(side, groups) for side in (targets, values)]
    x, y = sides
    of_group = partial(np.bincount, groups.of_row, minlength=groups.number)
    own = [side.ranks - side.below_in(groups.of_row) for side in sides]
    products = (
        np.dot(x.ranks, y.ranks)
        - of_group(y.sum_above(x.ranks))
        - of_group(x.sum_above(y.ranks))
        + _products_below(x, y)
        - of_group(own[0] * own[1])
    )
    left = len(targets) - of_group()
    middle = (left + 1) / 2
    spread_x, spread_y = (side.sums_of_squares() - left * middle**2 for side in sides)
    possible = (spread_x > 0) & (spread_y > 0)
    size = np.sqrt(np.where(possible, spread_x * spread_y, 1))
    return np.where(possible, np.clip((products - left * middle**2) / size, -1, 1), np.nan)


def average_precision_left_out(targets: Ints, scores: Floats, groups: Groups) -> Floats:
    """Average precision, with the rows sorted once.

    Each positive row adds the precision at its score: the hits up to there among the rows up to there, less those of
    the group that is left out.
    """
    order = np.argsort(-scores)
    hit, ordered, group = targets[order] == 1, scores[order], groups.of_row[order]
    sizes = np.bincount(group, minlength=groups.number)
    last_of_tie = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    tie = np.cumsum(np.append(False, np.diff(ordered) != 0))
    # Of each positive row: the rows, and the positive ones, down to the last of its score.
    rows_at = last_of_tie[tie[hit]] + 1
    hits_at = np.cumsum(hit)[rows_at - 1]
    rows_of, hits_of = _counted(group, groups.number), _counted(group[hit], groups.number)
    summed = np.zeros(groups.number)
    for first in range(0, len(rows_at), _CHUNK):
        part = slice(first, first + _CHUNK)
        rows, hits = rows_at[part], hits_at[part]
        left = np.maximum(rows[:, None] - rows_of[rows].astype(np.float64), 1)
        precision = (hits[:, None] - hits_of[hits].astype(np.float64)) / left
        of_row = group[hit][part]
        precision[np.arange(len(of_row)), of_row] = 0
        summed += precision.sum(axis=0)
    found = hit.sum() - np.bincount(group[hit], minlength=groups.number)
    return np.where(sizes < len(targets), summed / np.maximum(found, 1), np.nan)


def average_precision_in_order(hits: Array, scores: Floats) -> float:
    """Average precision of rows sorted by falling score; `hits` `(rows,)` says which are positive."""
    if not len(hits):
        return float("nan")
    found = np.cumsum(hits)
    if not found[-1]:
        return 0.0
    last_of_tie = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    found_at = found[last_of_tie]
    return float(np.sum(np.diff(found_at, prepend=0) * found_at / (last_of_tie + 1)) / found[-1])


class _Ranked:
    """One side of a rank correlation, sorted, with the rows of each group that are below any value."""

    def __init__(self, side: Floats, groups: Groups) -> None:
        self.groups = groups
        self.order = np.argsort(side)
        ordered = side[self.order]
        new = np.append(True, np.diff(ordered) != 0)
        starts = np.flatnonzero(new)
        self.tie_sizes = np.diff(np.append(starts, len(side)))
        self.tie = np.empty(len(side), dtype=np.int64)
        self.tie[self.order] = np.cumsum(new) - 1
        self.below = starts[self.tie]
        """Rows of a smaller value, `(rows,)`."""
        self.up_to = self.below + self.tie_sizes[self.tie]
        """Rows of a value as large at most, `(rows,)`."""
        self.ranks: Floats = (self.below + self.up_to + 1) / 2
        counted = _counted(groups.of_row[self.order], groups.number)
        if len(starts) < len(side):
            counted = counted[np.append(starts, len(side))]
        self.twice_below: Ints = counted[:-1] + counted[1:]
        """Of each different value, twice the rows of every group below it, equals once, `(values, groups)`."""

    def below_in(self, group: Ints) -> Floats:
        """Rows of a group `(rows,)` below each row, its equals half, `(rows,)`."""
        counted: Floats = self.twice_below[self.tie, group] / 2
        return counted

    def sum_above(self, of_rows: Floats) -> Floats:
        """The sum of a quantity `(rows,)` over the rows above each row, of its equals half, `(rows,)`."""
        summed = np.concatenate([[0], np.cumsum(of_rows[self.order])])
        above: Floats = summed[-1] - (summed[self.below] + summed[self.up_to]) / 2
        return above

    def sums_of_squares(self) -> Floats:
        """The sum of squared ranks of the rows outside each group, `(groups,)`, from the sizes of ties."""
        sizes = np.bincount(self.groups.of_row, minlength=self.groups.number)
        left = (len(self.ranks) - sizes).astype(np.float64)
        squares: Floats = left * (left + 1) * (2 * left + 1) / 6
        if len(self.tie_sizes) == len(self.ranks):
            return squares
        tie, group = self.tie[self.order], self.groups.of_row[self.order]
        # The cells (tie, group) that hold rows; all others leave a tie as it is.
        cells, held = np.unique(tie * self.groups.number + group, return_counts=True)
        whole = self.tie_sizes[cells // self.groups.number].astype(np.float64)
        change = np.bincount(
            cells % self.groups.number,
            weights=_of_tie(whole - held) - _of_tie(whole),
            minlength=self.groups.number,
        )
        ties = _of_tie(self.tie_sizes.astype(np.float64)).sum() + change
        squares -= ties
        return squares


def _of_tie(size: Floats) -> Floats:
    """What a tie of this size takes from the sum of squared ranks."""
    return (size**3 - size) / 12


def _counted(group: Ints, number: int) -> Ints:
    """Rows of each group among so many of the first, `(rows + 1, groups)`, in as few bytes as hold twice as many."""
    rows = len(group) + 1
    kind = np.min_scalar_type(2 * int(np.bincount(group).max(initial=0)))
    # Summed up within strips, and then the strips: each step adds whole lines, where np.cumsum takes single numbers.
    strips = -(-rows // _STRIP)
    counted = np.zeros((strips, _STRIP, number), dtype=kind)
    counted.reshape(-1, number)[np.arange(1, rows), group] = 1
    for line in range(1, _STRIP):
        counted[:, line] += counted[:, line - 1]
    counted[1:] += np.cumsum(counted[:-1, -1], axis=0, dtype=kind)[:, None]
    return counted.reshape(-1, number)[:rows]


def _products_below(x: _Ranked, y: _Ranked) -> Floats:
    """Over all rows, the sum of the products of how many rows of a group are below on either side, `(groups,)`."""
    summed = np.zeros(x.groups.number)
    for first in range(0, len(y.order), _CHUNK):
        rows = y.order[first : first + _CHUNK]
        below = (side.twice_below[side.tie[rows]].astype(np.float64) for side in (x, y))
        summed += np.einsum("rg,rg->g", *below)
    return summed / 4
