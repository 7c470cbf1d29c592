"""Metrics of predicted classes, each a function of sums over rows, and so vectorised over left-out groups.

Averages go over the declared classes: one that appears neither in targets nor predictions counts as 0
(scikit-learn's `labels=range(classes), zero_division=0`), except in balanced accuracy, which averages over
the classes in the targets. No row at all gives NaN.
"""

import numpy as np

from sharewise.stats.arrays import Floats, Ints
from sharewise.stats.counts import Counts, count, farthest_level


def accuracy(counts: Counts) -> Floats:
    """Share of rows that are right; for several labels a row, right in every label (exact match)."""
    return _ratio(counts.correct, counts.rows, np.nan)


def balanced_accuracy(counts: Counts) -> Floats:
    """Mean recall of the classes that are in the targets."""
    present = counts.targets > 0
    recalls = _ratio(counts.hits, counts.targets, 0.0)
    return _ratio(np.sum(recalls, axis=-1), np.sum(present, axis=-1), np.nan)


def mcc(counts: Counts) -> Floats:
    """Matthews' correlation coefficient (several classes: Gorodkin 2004); 0 where a side is constant."""
    rows = counts.rows
    invalid = rows - np.sum(counts.predicted, axis=-1)
    covariance = np.sum(counts.hits, axis=-1) * rows - np.sum(counts.targets * counts.predicted, axis=-1)
    spread_predicted = rows**2 - np.sum(counts.predicted**2, axis=-1) - invalid**2
    spread_targets = rows**2 - np.sum(counts.targets**2, axis=-1)
    value = _ratio(covariance, np.sqrt(spread_predicted) * np.sqrt(spread_targets), 0.0)
    return np.where(rows > 0, value, np.nan)


def class_precision(counts: Counts) -> Floats:
    """Precision of each class, `(..., classes)`."""
    return _ratio(counts.hits, counts.predicted, 0.0)


def class_recall(counts: Counts) -> Floats:
    """Recall of each class, `(..., classes)`."""
    return _ratio(counts.hits, counts.targets, 0.0)


def class_f1(counts: Counts) -> Floats:
    """F1 of each class, `(..., classes)`."""
    return _ratio(2 * counts.hits, counts.targets + counts.predicted, 0.0)


def macro_precision(counts: Counts) -> Floats:
    """Mean precision of the declared classes."""
    return _of_rows(counts, np.mean(class_precision(counts), axis=-1))


def macro_recall(counts: Counts) -> Floats:
    """Mean recall of the declared classes."""
    return _of_rows(counts, np.mean(class_recall(counts), axis=-1))


def macro_f1(counts: Counts) -> Floats:
    """Mean F1 of the declared classes."""
    return _of_rows(counts, np.mean(class_f1(counts), axis=-1))


def micro_precision(counts: Counts) -> Floats:
    """Hits among all predictions."""
    return _of_rows(counts, _ratio(np.sum(counts.hits, axis=-1), np.sum(counts.predicted, axis=-1), 0.0))


def micro_recall(counts: Counts) -> Floats:
    """Hits among all targets."""
    return _of_rows(counts, _ratio(np.sum(counts.hits, axis=-1), np.sum(counts.targets, axis=-1), 0.0))


def micro_f1(counts: Counts) -> Floats:
    """F1 over the pooled decisions; equals accuracy for one label a row with no invalid prediction."""
    decisions = np.sum(counts.targets + counts.predicted, axis=-1)
    return _of_rows(counts, _ratio(2 * np.sum(counts.hits, axis=-1), decisions, 0.0))


def precision(counts: Counts) -> Floats:
    """Precision of class 1, the positive one."""
    return _of_rows(counts, class_precision(counts)[..., 1])


def recall(counts: Counts) -> Floats:
    """Recall of class 1, the positive one."""
    return _of_rows(counts, class_recall(counts)[..., 1])


def f1(counts: Counts) -> Floats:
    """F1 of class 1, the positive one."""
    return _of_rows(counts, class_f1(counts)[..., 1])


def qwk(counts: Counts) -> Floats:
    """Quadratic weighted kappa of ordered levels (Cohen 1968); NaN where both sides are one constant."""
    level = np.arange(counts.targets.shape[-1], dtype=np.float64)
    of_targets, of_predictions = (
        (np.sum(level * sums, axis=-1), np.sum(level**2 * sums, axis=-1))
        for sums in (counts.targets, counts.predicted)
    )
    by_chance = counts.rows * (of_targets[1] + of_predictions[1]) - 2 * of_targets[0] * of_predictions[0]
    return 1 - _ratio(counts.squared * counts.rows, by_chance, np.nan)


def classification_metrics(targets: Ints, predictions: Ints, classes: int) -> dict[str, float]:
    """All metrics of classes, from one pass over the rows `(rows,)`."""
    counts = count(targets, predictions, classes)
    metrics = [
        accuracy,
        balanced_accuracy,
        mcc,
        macro_f1,
        macro_precision,
        macro_recall,
        micro_f1,
        micro_precision,
        micro_recall,
    ]
    if classes == 2:
        metrics += [f1, precision, recall]
    return {metric.__name__: float(metric(counts)) for metric in metrics}


def several_label_metrics(targets: Ints, predictions: Ints) -> dict[str, float]:
    """Metrics of 0/1 labels `(rows, labels)`, averaged over labels, and the share of rows with every label right."""
    counts = count(targets, predictions)
    averages = (macro_f1, micro_f1, macro_precision, macro_recall, micro_precision, micro_recall)
    return {metric.__name__: float(metric(counts)) for metric in averages} | {
        "exact_match": float(accuracy(counts))
    }


def ordinal_metrics(targets: Ints, predictions: Ints, classes: int) -> dict[str, float]:
    """Metrics of ordered levels `(rows,)`: `qwk`, and `mae_levels`, the mean distance in levels.

    A prediction that names no level counts as the level farthest from its target.
    """
    levels = farthest_level(targets, predictions, classes)
    distance = np.abs(levels - targets)
    return {
        "qwk": float(qwk(count(targets, levels, classes))),
        "mae_levels": float(np.mean(distance)) if len(distance) else float("nan"),
    }


def _ratio(numerator: Floats, denominator: Floats, otherwise: float) -> Floats:
    possible = denominator > 0
    return np.where(possible, numerator / np.where(possible, denominator, 1.0), otherwise)


def _of_rows(counts: Counts, value: Floats) -> Floats:
    return np.where(counts.rows > 0, value, np.nan)
