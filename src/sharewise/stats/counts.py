"""Sums over rows from which every count metric follows.

A metric of classes needs no row by row look at the data: hits, targets and predictions per class are enough
(and the squared distance of levels, for the weighted kappa). Because they are sums, leaving rows out is a
subtraction, and a metric can be evaluated for thousands of left-out groups in one vectorised call.
"""

from dataclasses import dataclass

import numpy as np

from sharewise.stats.arrays import INVALID, Array, Floats, Ints


@dataclass(frozen=True)
class Counts:
    """Sums over rows, for one set of rows or for a stack of sets (the leading dimensions).

    For several labels a row (targets of shape `(rows, labels)`) a "class" is a label, and its hits, targets
    and predictions count the positives.
    """

    hits: Floats
    """Rows of a class that were predicted as that class, `(..., classes)`."""
    targets: Floats
    """Rows of a class, `(..., classes)`."""
    predicted: Floats
    """Rows predicted as a class, `(..., classes)`."""
    rows: Floats
    """All rows, `(...)`."""
    correct: Floats
    """Rows that are right in full, `(...)`."""
    squared: Floats
    """Sum of squared distances between target and predicted level, `(...)`; 0 for several labels a row."""

    def without(self, part: "Counts") -> "Counts":
        """The sums that are left when `part` (perhaps a stack of parts) is taken out."""
        return Counts(*(mine - its for mine, its in zip(self._sums(), part._sums(), strict=True)))

    def total(self, times: Array | None = None) -> "Counts":
        """The sums of a stack taken together, each set as many `times`, `(sets,)`, or once."""
        weights = np.ones(len(self.rows)) if times is None else times.astype(np.float64)
        return Counts(*(weights @ sums for sums in self._sums()))

    def __getitem__(self, index: int | slice) -> "Counts":
        """One set of a stack, or some."""
        return Counts(*(sums[index] for sums in self._sums()))

    def _sums(self) -> tuple[Floats, ...]:
        return self.hits, self.targets, self.predicted, self.rows, self.correct, self.squared


def class_number(targets: Ints, predictions: Ints, classes: int | None = None) -> int:
    """The number of classes (of labels, where a row has several), checked against the data.

    Raises:
        ValueError: shapes differ, a target is no class, or a prediction is neither a class nor INVALID.
    """
    if targets.shape != predictions.shape or targets.ndim not in (1, 2):
        raise ValueError(
            f"targets {targets.shape} and predictions {predictions.shape} must have the same shape"
        )
    highest = max(int(targets.max(initial=0)), int(predictions.max(initial=0)))
    limit = 2 if targets.ndim == 2 else classes or highest + 1
    if highest >= limit or targets.min(initial=0) < 0 or predictions.min(initial=0) < INVALID:
        raise ValueError(
            f"targets must be 0 … {limit - 1}, predictions too or {INVALID} (no class was named)"
        )
    return targets.shape[1] if targets.ndim == 2 else limit


def count(targets: Ints, predictions: Ints, classes: int | None = None) -> Counts:
    """The sums over all rows.

    Args:
        targets: classes `(rows,)`, or 0/1 labels `(rows, labels)`.
        predictions: like `targets`; INVALID where the model named no class.
        classes: number of declared classes; needed where the highest class may be absent.
    """
    return count_groups(targets, predictions, classes, np.zeros(len(targets), dtype=np.int64), 1)[0]


def count_groups(
    targets: Ints, predictions: Ints, classes: int | None, groups: Ints, group_number: int
) -> Counts:
    """The sums per group of rows, `(groups, …)`; `groups` `(rows,)` holds 0 … group_number − 1."""
    width = class_number(targets, predictions, classes)
    group = groups.astype(np.int64)
    if targets.ndim == 2:
        hits, of_target, of_prediction = (
            _label_sums(group, cells, group_number)
            for cells in ((targets == 1) & (predictions == 1), targets == 1, predictions == 1)
        )
        right = np.all(targets == predictions, axis=1)
        squared = np.zeros(group_number)
    else:
        right = targets == predictions
        hits = _class_sums(group[right], targets[right], width, group_number)
        of_target = _class_sums(group, targets, width, group_number)
        valid = predictions != INVALID
        of_prediction = _class_sums(group[valid], predictions[valid], width, group_number)
        distance = (targets - predictions).astype(np.float64)
        squared = _sums(group, distance**2, group_number)
    rows = np.bincount(group, minlength=group_number).astype(np.float64)
    correct = _sums(group, right, group_number)
    return Counts(hits, of_target, of_prediction, rows, correct, squared)


def farthest_level(targets: Ints, predictions: Ints, classes: int) -> Ints:
    """Predictions in which an INVALID one is the level farthest from its target: the worst a level can be."""
    worst = np.where(2 * targets >= classes - 1, 0, classes - 1)
    return np.where(predictions == INVALID, worst, predictions)


def _class_sums(group: Array, classes: Array, width: int, group_number: int) -> Floats:
    cells = np.bincount(group * width + classes, minlength=group_number * width)
    return cells.reshape(group_number, width).astype(np.float64)


def _label_sums(group: Array, cells: Array, group_number: int) -> Floats:
    return np.stack([_sums(group, column, group_number) for column in cells.T], axis=-1)


def _sums(group: Array, weights: Array, group_number: int) -> Floats:
    return np.bincount(group, weights=weights, minlength=group_number).astype(np.float64)
