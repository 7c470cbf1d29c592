"""Metrics of predicted numbers."""

import numpy as np

from sharewise.stats.arrays import Floats, Ints

# Whole numbers below this are counted to rank them.
_FEW = 1000


def mae(targets: Floats, values: Floats) -> float:
    """Mean absolute error; lower is better."""
    return float(np.mean(absolute_errors(targets, values))) if len(targets) else float("nan")


def absolute_errors(targets: Floats, values: Floats) -> Floats:
    """The absolute error of each row, `(rows,)`."""
    return np.abs(targets - values)


def pearson(targets: Floats, values: Floats) -> float:
    """Pearson's correlation; NaN where either side is constant or there are fewer than two rows."""
    if len(targets) < 2 or np.all(targets == targets[0]) or np.all(values == values[0]):
        return float("nan")
    x, y = targets - np.mean(targets), values - np.mean(values)
    size = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(np.clip(np.dot(x, y) / size, -1, 1)) if size else float("nan")


def spearman(targets: Floats, values: Floats) -> float:
    """Spearman's correlation: Pearson's of the ranks, ties sharing their mean rank."""
    return pearson(mean_ranks(targets), mean_ranks(values))


def mean_ranks(values: Floats) -> Floats:
    """Ranks from 1, `(rows,)`; ties share their mean: scipy's `rankdata`, without its slower stable sort."""
    codes = _codes(values)
    if codes is not None:
        counts = np.bincount(codes)
        return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[codes])
    order = np.argsort(values)
    new = np.append(True, np.diff(values[order]) != 0)
    starts = np.append(np.flatnonzero(new), len(values))
    ranks: Floats = np.empty(len(values))
    ranks[order] = ((starts[:-1] + starts[1:] + 1) / 2)[np.cumsum(new) - 1]
    return ranks


def _codes(values: Floats) -> Ints | None:
    """Labels and other small whole numbers as such, which can be counted in place of being sorted; None for others."""
    if not len(values) or not (values.min() >= 0 and values.max() < _FEW):
        return None
    codes = values.astype(np.int64)
    return codes if np.array_equal(codes, values) else None


def regression_metrics(targets: Floats, values: Floats) -> dict[str, float]:
    """MAE, Pearson and Spearman of `(rows,)`."""
    return {
        "mae": mae(targets, values),
        "pearson": pearson(targets, values),
        "spearman": spearman(targets, values),
    }
