"""Every metric by its name: what it needs, which way is better, and how it is computed."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, final

import numpy as np

from sharewise.stats import classification, leave_out, ranking, regression
from sharewise.stats.arrays import INVALID, Array, Floats, Ints
from sharewise.stats.calibration import brier, squared_errors
from sharewise.stats.classification import classification_metrics, ordinal_metrics
from sharewise.stats.counts import Counts, class_number, count, count_groups, farthest_level
from sharewise.stats.groups import Groups
from sharewise.stats.joint import joint_binary_metrics
from sharewise.stats.ranking import binary_score_metrics
from sharewise.stats.regression import absolute_errors, regression_metrics

__all__ = [
    "METRICS",
    "CountMetric",
    "Metric",
    "RowMetric",
    "binary_score_metrics",
    "classification_metrics",
    "joint_binary_metrics",
    "ordinal_metrics",
    "regression_metrics",
]

Needs = Literal["classes", "scores", "values"]


@dataclass(frozen=True)
class Metric(ABC):
    """A metric of one task, over rows without holes."""

    name: str
    higher_is_better: bool
    needs: Needs
    """Outputs that it reads: predicted classes (integers), probabilities, or predicted numbers."""
    in_points: bool = field(default=True, kw_only=True)
    """Whether differences are told in points of .01, or in the metric's own unit."""

    @abstractmethod
    def point(self, targets: Array, outputs: Array, classes: int | None = None) -> float:
        """The metric over all rows; NaN where it is not defined.

        Args:
            targets: `(rows,)`, or `(rows, labels)` of 0/1 where a row has several labels.
            outputs: of the same shape; `(rows, classes)` for the Brier score of several classes.
            classes: number of declared classes, for metrics of classes; found from the data where None.
        """

    @abstractmethod
    def left_out(self, targets: Array, outputs: Array, groups: Groups, classes: int | None = None) -> Floats:
        """The metric without each group of rows in turn, `(groups,)`; arguments like `point`."""

    @property
    @abstractmethod
    def wants_blocks(self) -> bool:
        """Whether leaving out one group at a time would take too long, so that blocks are left out."""


@final
@dataclass(frozen=True)
class CountMetric(Metric):
    """A metric of predicted classes that follows from sums over rows."""

    from_counts: Callable[[Counts], Floats]
    ordered: bool = False

    def point(self, targets: Array, outputs: Array, classes: int | None = None) -> float:
        """See `Metric.point`."""
        return float(self.from_counts(count(*self._readable(targets, outputs, classes))))

    def left_out(self, targets: Array, outputs: Array, groups: Groups, classes: int | None = None) -> Floats:
        """See `Metric.left_out`; single rows need one evaluation per cell of the confusion matrix."""
        truth, predictions, number = self._readable(targets, outputs, classes)
        if not groups.single or truth.ndim > 1:
            parts = count_groups(truth, predictions, number, groups.of_row, groups.number)
            return self.from_counts(parts.total().without(parts))
        cell_of_row = truth * (number + 1) + predictions - INVALID
        rows_of_cell = np.bincount(cell_of_row, minlength=number * (number + 1))
        cells = np.flatnonzero(rows_of_cell)
        of_target, of_prediction = cells // (number + 1), cells % (number + 1) + INVALID
        parts = count_groups(of_target, of_prediction, number, np.arange(len(cells)), len(cells))
        without_cell = np.full(number * (number + 1), np.nan)
        without_cell[cells] = self.from_counts(parts.total(rows_of_cell[cells]).without(parts))
        of_row: Floats = without_cell[cell_of_row]
        return of_row

    @property
    def wants_blocks(self) -> bool:
        """Never: subtracting sums is fast."""
        return False

    def _readable(self, targets: Ints, predictions: Ints, classes: int | None) -> tuple[Ints, Ints, int]:
        """Targets, predictions and number of classes; on ordered levels an INVALID one is the farthest level.

        Raises:
            ValueError: the metric has no meaning for several labels a row, or a value is no class.
        """
        if targets.ndim > 1 and self.name not in _FOR_SEVERAL_LABELS:
            raise ValueError(
                f"{self.name} is not defined for several labels a row, only {_FOR_SEVERAL_LABELS}"
            )
        number = class_number(targets, predictions, classes)
        return targets, farthest_level(targets, predictions, number) if self.ordered else predictions, number


@final
@dataclass(frozen=True)
class RowMetric(Metric):
    """A metric that needs the rows themselves."""

    of_rows: Callable[[Any, Any], float]
    of_rows_left: Callable[[Any, Any, Groups], Floats]
    in_blocks: bool = True

    def point(self, targets: Array, outputs: Array, classes: int | None = None) -> float:
        """See `Metric.point`; `classes` is not needed."""
        return self.of_rows(targets, outputs.astype(np.float64))

    def left_out(self, targets: Array, outputs: Array, groups: Groups, classes: int | None = None) -> Floats:
        """See `Metric.left_out`; `classes` is not needed."""
        return self.of_rows_left(targets, outputs.astype(np.float64), groups)

    @property
    def wants_blocks(self) -> bool:
        """All but the AUROC, whose placements give every row at once."""
        return self.in_blocks


def _mean_of(of_row: Callable[[Any, Any], Floats]) -> Callable[[Any, Any, Groups], Floats]:
    return lambda targets, outputs, groups: leave_out.mean_left_out(of_row(targets, outputs), groups)


_FOR_SEVERAL_LABELS = (
    "exact_match",
    *(f"{average}_{kind}" for average in ("macro", "micro") for kind in ("f1", "precision", "recall")),
)

_COUNT_METRICS: dict[str, Callable[[Counts], Floats]] = {
    "accuracy": classification.accuracy,
    "balanced_accuracy": classification.balanced_accuracy,
    "mcc": classification.mcc,
    "macro_f1": classification.macro_f1,
    "macro_precision": classification.macro_precision,
    "macro_recall": classification.macro_recall,
    "micro_f1": classification.micro_f1,
    "micro_precision": classification.micro_precision,
    "micro_recall": classification.micro_recall,
    "f1": classification.f1,
    "precision": classification.precision,
    "recall": classification.recall,
    "qwk": classification.qwk,
    "exact_match": classification.accuracy,
}

_ROW_METRICS = (
    RowMetric("auroc", True, "scores", ranking.auroc, ranking.auroc_left_out, in_blocks=False),
    RowMetric(
        "average_precision", True, "scores", ranking.average_precision, leave_out.average_precision_left_out
    ),
    RowMetric("brier", False, "scores", brier, _mean_of(squared_errors)),
    RowMetric("mae", False, "values", regression.mae, _mean_of(absolute_errors), in_points=False),
    RowMetric("pearson", True, "values", regression.pearson, leave_out.pearson_left_out),
    RowMetric("spearman", True, "values", regression.spearman, leave_out.spearman_left_out),
)

METRICS: dict[str, Metric] = {
    **{n: CountMetric(n, True, "classes", rule, n == "qwk") for n, rule in _COUNT_METRICS.items()},
    **{metric.name: metric for metric in _ROW_METRICS},
}
"""All metrics by name."""
