"""Every metric by its name: what it needs, which way is better, and how it is computed."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, final

from sharewise.stats import classification, ranking, regression
from sharewise.stats.arrays import Array, Floats, Ints
from sharewise.stats.calibration import brier
from sharewise.stats.counts import Counts, class_number, count, farthest_level

Needs = Literal["classes", "scores", "values"]


@dataclass(frozen=True)
class Metric(ABC):
    """A metric of one task."""

    name: str
    higher_is_better: bool
    needs: Needs
    """Outputs that it reads: predicted classes (integers), probabilities, or predicted numbers."""

    @abstractmethod
    def point(self, targets: Array, outputs: Array, classes: int | None = None) -> float:
        """The metric over rows without holes; NaN where it is not defined.

        Args:
            targets: `(rows,)`, or `(rows, labels)` of 0/1 where a row has several labels.
            outputs: of the same shape.
            classes: number of declared classes, for metrics of classes; found from the data where None.
        """


@final
@dataclass(frozen=True)
class CountMetric(Metric):
    """A metric of predicted classes that follows from sums over rows."""

    from_counts: Callable[[Counts], Floats]
    ordered: bool = False

    def point(self, targets: Array, outputs: Array, classes: int | None = None) -> float:
        """See `Metric.point`."""
        self.check_shape(targets)
        return float(self.from_counts(count(targets, self.readable(targets, outputs, classes), classes)))

    def check_shape(self, targets: Array) -> None:
        """Raise ValueError where rows have several labels and the metric has no meaning for them."""
        if targets.ndim > 1 and self.name not in _FOR_SEVERAL_LABELS:
            raise ValueError(
                f"{self.name} is not defined for several labels a row, only {_FOR_SEVERAL_LABELS}"
            )

    def readable(self, targets: Ints, predictions: Ints, classes: int | None) -> Ints:
        """The predictions as the sums take them: on ordered levels an INVALID one is the farthest level."""
        if not self.ordered:
            return predictions
        return farthest_level(targets, predictions, class_number(targets, predictions, classes))


@final
@dataclass(frozen=True)
class RowMetric(Metric):
    """A metric that needs the rows themselves."""

    of_rows: Callable[[Any, Any], float]

    def point(self, targets: Array, outputs: Array, classes: int | None = None) -> float:
        """See `Metric.point`; `classes` is not needed."""
        return self.of_rows(targets, outputs)


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

_FOR_SEVERAL_LABELS = (
    "exact_match",
    *(f"{average}_{kind}" for average in ("macro", "micro") for kind in ("f1", "precision", "recall")),
)

METRICS: dict[str, Metric] = {
    **{
        name: CountMetric(name, True, "classes", rule, name == "qwk") for name, rule in _COUNT_METRICS.items()
    },
    "auroc": RowMetric("auroc", True, "scores", ranking.auroc),
    "average_precision": RowMetric("average_precision", True, "scores", ranking.average_precision),
    "brier": RowMetric("brier", False, "scores", brier),
    "mae": RowMetric("mae", False, "values", regression.mae),
    "pearson": RowMetric("pearson", True, "values", regression.pearson),
    "spearman": RowMetric("spearman", True, "values", regression.spearman),
}
"""All metrics by name."""
