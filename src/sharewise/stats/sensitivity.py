"""How strongly a metric reacts when single rows change from right to wrong."""

import numpy as np

from sharewise.stats.arrays import Floats
from sharewise.stats.counts import Counts
from sharewise.stats.metrics import METRICS, CountMetric

_STEP = 1e-6


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
    rule = count_metric(metric)
    shares = shares / shares.sum()
    split = split_of_errors(shares, rule.ordered)
    slopes = gradient(rule, confusion(shares, errors, split))
    moved = slopes - np.diagonal(slopes)[:, None]
    return float(np.sum((shares * disagreement)[:, None] * split * moved**2))


def count_metric(metric: str) -> CountMetric:
    """The metric of this name.

    Raises:
        ValueError: it does not follow from predicted classes.
    """
    rule = METRICS[metric]
    if not isinstance(rule, CountMetric):
        raise ValueError(
            f"{metric} reads more than predicted classes: what it can detect is known after training"
        )
    return rule


def confusion(shares: Floats, errors: Floats, split: Floats) -> Floats:
    """The confusion matrix of shares `(targets, predictions)` of models with these errors and their `split`."""
    cells: Floats = shares[:, None] * (np.diag(1 - errors) + errors[:, None] * split)
    return cells


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


def gradient(rule: CountMetric, cells: Floats) -> Floats:
    """Change of the metric for each unit of mass that is added to a cell, `(targets, predictions)`."""
    level = np.arange(len(cells))
    base = counts_of(cells)
    values = []
    for target in level:
        # Forward differences of second order: mass can't be taken from an empty cell.
        ahead = []
        for step in (0.0, _STEP, 2 * _STEP):
            # One set of sums for each prediction that rows of this target may get.
            added = step * np.eye(len(cells))
            sums = Counts(
                hits=base.hits + added * (level == target),
                targets=base.targets + step * (level == target),
                predicted=base.predicted + added,
                rows=base.rows + np.full(len(cells), step),
                correct=base.correct + step * (level == target),
                squared=base.squared + step * (level - target) ** 2,
            )
            ahead.append(rule.from_counts(sums))
        values.append((4 * ahead[1] - ahead[2] - 3 * ahead[0]) / (2 * _STEP))
    return np.stack(values)


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
