"""Metrics with each block of rows left out in turn, faster than to evaluate them block by block.

Each function takes targets and outputs `(rows,)` and the groups, and returns the metric of the rows outside
each group, `(groups,)`. They serve metrics for which leaving rows out is no plain subtraction of counts.
"""

import numpy as np
from scipy.stats import rankdata

from sharewise.stats.arrays import Array, Floats, Ints
from sharewise.stats.groups import Groups
from sharewise.stats.regression import pearson


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
    """Spearman's correlation: the rows that are left are ranked anew, by counting, not sorting."""
    sides = [rankdata(side, method="dense") - 1 for side in (targets, values)]
    result = np.empty(groups.number)
    for group in range(groups.number):
        left = groups.of_row != group
        result[group] = pearson(*(_mean_ranks(codes[left]) for codes in sides))
    return result


def average_precision_left_out(targets: Ints, scores: Floats, groups: Groups) -> Floats:
    """Average precision, with the rows sorted once."""
    order = np.argsort(-scores, kind="stable")
    hits, ordered, group_of = targets[order] == 1, scores[order], groups.of_row[order]
    result = np.empty(groups.number)
    for group in range(groups.number):
        left = group_of != group
        result[group] = average_precision_in_order(hits[left], ordered[left])
    return result


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


def _mean_ranks(codes: Ints) -> Floats:
    """Ranks, ties sharing their mean, of values given as codes that sort like them."""
    sizes = np.bincount(codes)
    ends = np.cumsum(sizes)
    ranks: Floats = (ends - (sizes - 1) / 2)[codes]
    return ranks
