"""How strongly a metric reacts when single rows change from right to wrong."""

import numpy as np

from sharewise.stats.arrays import Floats
from sharewise.stats.counts import Counts
from sharewise.stats.metrics import METRICS, CountMetric

_STEP = 1e-5


def row_sensitivity(metric: str, shares: Floats, errors: Floats, disagreement: Floats) -> float:
    """K²(x): rows times the variance of the difference between two models that disagree on few rows.

    K² = Σ_y π_y x_y Σ_k w_yk (∂M for mass moved from cell (y, y) to (y, k))², with π the shares, x the
    disagreement and w the shares of each class's errors. For two classes this is
    M_tp²·π·x₁ + M_fp²·(1 − π)·x₀.

    Args:
        metric: name of a metric of predicted classes.
        shares: π, `(classes,)`; scaled to add up to 1.
        errors: error rate in each class, `(classes,)`.
        disagreement: x, share of each class's rows on which the two models disagree, `(classes,)`.

    Raises:
        ValueError: the metric does not follow from predicted classes.
    """
    rule = METRICS[metric]
    if not isinstance(rule, CountMetric):
        raise ValueError(
            f"{metric} reads more than predicted classes: what it can detect is known after training"
        )
    classes = len(shares)
    shares = shares / shares.sum()
    split = split_of_errors(shares, rule.ordered)
    cells = shares[:, None] * (np.diag(1 - errors) + errors[:, None] * split)
    result = 0.0
    for target in range(classes):
        for wrong in np.flatnonzero(split[target]):
            slope = _slope(rule, cells, target, int(wrong))
            result += shares[target] * disagreement[target] * split[target, wrong] * slope**2
    return float(result)


def errors_of_quality(shares: Floats, quality: float) -> Floats:
    """Error rates `(classes,)` of a model of MCC (and kappa) `quality` that predicts at the shares.

    It knows the answer with probability `quality` and else guesses by the shares:
    e_y = (1 − quality)(1 − π_y).
    """
    errors: Floats = (1 - quality) * (1 - shares / shares.sum())
    return errors


def split_of_errors(shares: Floats, ordered: bool) -> Floats:
    """Where each class's errors go, `(classes, classes)`: by the others' shares, or to the next levels."""
    split = np.repeat(shares[None, :], len(shares), axis=0)
    if ordered:
        level = np.arange(len(shares))
        split = np.where(np.abs(level[:, None] - level) == 1, 1.0, 0.0)
    np.fill_diagonal(split, 0)
    totals = split.sum(axis=1, keepdims=True)
    return split / np.where(totals > 0, totals, 1)


def _slope(rule: CountMetric, cells: Floats, target: int, wrong: int) -> float:
    """Change of the metric for each unit of mass that goes from right to wrong."""
    values = []
    for step in (-_STEP, _STEP):
        moved = cells.copy()
        moved[target, target] -= step
        moved[target, wrong] += step
        values.append(float(rule.from_counts(counts_of(moved))))
    return (values[1] - values[0]) / (2 * _STEP)


def counts_of(cells: Floats) -> Counts:
    """The sums that a confusion matrix of shares, `(targets, predictions)`, stands for."""
    level = np.arange(len(cells))
    hits = np.diagonal(cells)
    return Counts(
        hits=hits,
        targets=cells.sum(axis=1),
        predicted=cells.sum(axis=0),
        rows=np.asarray(cells.sum()),
        correct=np.asarray(hits.sum()),
        squared=np.asarray(np.sum(cells * (level[:, None] - level) ** 2)),
    )
