"""The keys by which a task's loss differs from plain cross-entropy, and what training rows make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from sharewise.options import Options
from sharewise.tasks.labels import by_label
from sharewise.tasks.losses import OneLabelLoss, YesNoLoss
from sharewise.tasks.task import Array

Weight = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Gamma = Annotated[float, Field(ge=0.0, le=20.0)]


class SmoothingOptions(Options):
    """The key of a loss whose labels can be smoothed."""

    label_smoothing: float = Field(
        default=0.0,
        ge=0.0,
        lt=1.0,
        description="share of every label that is spread evenly over all labels in the loss; of several labels a row, "
        "over yes and no of each",
    )


class OneLabelOptions(Options):
    """The keys of the loss of labels that exclude each other."""

    class_weights: Literal["balanced"] | Annotated[dict[str, Weight], Field(min_length=1)] | None = Field(
        default=None,
        description="weight of each label's rows in the loss, {label: number}, 1 where none is named; balanced: rows / "
        "(labels × rows of the label), of the training rows",
    )
    gamma: Gamma = Field(
        default=0.0,
        description="focal loss: the loss of a cell counts (1 - p) ** gamma times, p the probability of its label",
    )

    def one_label_loss(self, task: str, labels: Sequence[str], counts: Array, rows: float) -> OneLabelLoss:
        """Fill in what the training rows decide.

        Args:
            task: its name, for messages.
            labels: of the task.
            counts: training rows of each label, ``(labels,)``.
            rows: all of them.

        Raises:
            UserError: where a weight is for no label of the task.
        """
        weights: tuple[float, ...] = ()
        if self.class_weights == "balanced":
            weights = tuple(rows / (len(labels) * count) if count else 1.0 for count in counts.tolist())
        elif self.class_weights is not None:
            weights = by_label(
                f"tasks.{task}.class_weights", self.class_weights, labels, 1.0, what="a weight"
            )
        return OneLabelLoss(
            smoothing=getattr(self, "label_smoothing", 0.0), weights=_or_none(weights), gamma=self.gamma
        )


class YesNoOptions(SmoothingOptions):
    """The keys of the loss of labels that hold or don't."""

    gamma: Gamma = Field(
        default=0.0,
        description="focal loss: the loss of a cell counts (1 - p) ** gamma times, p the probability of what is right",
    )
    gamma_negative: Gamma | None = Field(
        default=None,
        description="asymmetric loss: gamma of cells where the label does not hold; that of the others if left out",
    )
    shift: float = Field(
        default=0.0,
        ge=0.0,
        lt=1.0,
        description="asymmetric loss: taken off the probability of labels that do not hold, at least to 0; easy "
        "negatives below it teach nothing",
    )

    def yes_no_loss(self, weights: Sequence[float]) -> YesNoLoss:
        """The loss, with the weight of each label's positives filled in; all 1 where there is none."""
        return YesNoLoss(
            smoothing=self.label_smoothing,
            weights=_or_none(weights),
            gamma=self.gamma,
            gamma_negative=self.gamma if self.gamma_negative is None else self.gamma_negative,
            shift=self.shift,
        )


def positive_weights(
    task: str,
    wanted: str | float | Mapping[str, float] | None,
    labels: Sequence[str],
    counts: Array,
    rows: float,
) -> tuple[float, ...]:
    """Return the weight of each label's positives in the loss; ``auto`` is negatives / positives in training.

    Args:
        task: its name, for messages.
        wanted: the key's value.
        labels: that have positives.
        counts: training rows of each, ``(labels,)``.
        rows: all of them.

    Raises:
        UserError: where a weight is for none of the labels.
    """
    if wanted is None:
        return ()
    if wanted == "auto":
        return tuple((rows - count) / count if 0 < count < rows else 1.0 for count in counts.tolist())
    if isinstance(wanted, Mapping):
        return by_label(f"tasks.{task}.pos_weight", wanted, labels, 1.0, what="a weight")
    return (float(wanted),) * len(labels)


def _or_none(weights: Sequence[float]) -> tuple[float, ...]:
    """No weights, where all are 1: the loss is then the plain one."""
    return () if all(weight == 1.0 for weight in weights) else tuple(weights)
