"""Binary tasks: one output, the logit of the positive label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, final

import numpy as np
import polars as pl
import torch
from annotated_types import Len
from pydantic import Field, ValidationInfo, field_validator

from sharewise.errors import UnknownName, UserError
from sharewise.stats import binary_score_metrics, classification_metrics
from sharewise.tasks.decision_options import ThresholdOptions
from sharewise.tasks.divergences import bernoulli_divergence
from sharewise.tasks.labels import (
    declared_labels,
    encode_classes,
    found_labels,
    label_texts,
    spell,
    truth_labels,
)
from sharewise.tasks.loss_options import Weight, YesNoOptions, positive_weights
from sharewise.tasks.losses import YesNoLoss
from sharewise.tasks.task import Array, Label
from sharewise.tasks.verbaliser import Verbaliser, first_column
from sharewise.tasks.voted import SoftTask, VotedOptions


class BinaryOptions(VotedOptions, YesNoOptions, ThresholdOptions):
    """Keys of a binary task: yes or no."""

    valid_metrics: ClassVar[tuple[str, ...]] = (
        "mcc",
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
        "macro_precision",
        "macro_recall",
        "micro_f1",
        "micro_precision",
        "micro_recall",
        "f1",
        "precision",
        "recall",
        "auroc",
        "average_precision",
        "brier",
    )

    kind: Literal["binary"] = "binary"
    labels: tuple[Label, Label] | Annotated[dict[str, str], Len(2, 2)] | None = Field(
        default=None,
        description="the two labels, if not to be found out; or {label: its text} for text to text",
    )
    positive: Label | None = Field(
        default=None, description="the positive label; known without it for 0/1, true/false and yes/no"
    )
    pos_weight: Literal["auto"] | Weight | None = Field(
        default=None,
        description="weight of positive rows in the loss; auto: negatives / positives, of the training rows",
    )

    @field_validator("labels")
    @classmethod
    def _labels_differ(cls, value: Any) -> Any:
        declared_labels(value or ())
        return value

    @field_validator("positive")
    @classmethod
    def _positive_is_a_label(cls, value: Label | None, info: ValidationInfo) -> Label | None:
        declared = declared_labels(info.data.get("labels") or ())
        if value is not None and declared and spell(value) not in declared:
            raise UnknownName(spell(value), declared, what="label")
        return value

    def build(self, name: str, column: pl.Series) -> Binary:
        """Resolve the two labels against the training column."""
        found = declared_labels(self.labels) if self.labels else found_labels(column)
        if self.positive is not None:
            positive = spell(self.positive)
            others = [s for s in found if s != positive]
            if positive not in found and len(found) > 1:
                raise UserError(
                    f"tasks.{name}.positive: {positive!r} is not among the labels {', '.join(found)}",
                    expected="one of the labels of the training split",
                )
            if len(others) > 1:
                raise _too_many(name, self.label, found)
            return Binary(name, self, (others[0] if others else f"not {positive}", positive))
        truths = truth_labels(found)
        if truths is not None:
            return Binary(name, self, truths)
        if len(found) != 2:
            raise _too_many(name, self.label, found)
        raise UserError(
            f"tasks.{name}: the labels are {found[0]!r} and {found[1]!r}; which is positive is not known",
            action=f"add `positive: {found[1]}` (or {found[0]}) to the task",
        )

    def restore(self, name: str, description: Mapping[str, Any]) -> Binary:
        """Make the task again from what ``describe`` said of it."""
        negative, positive = description["labels"]
        return Binary(name, self, (negative, positive), YesNoLoss.restore(description))


def _source(label: str | None) -> str:
    return "the votes are for" if label is None else f"column {label!r} holds"


def _too_many(name: str, label: str | None, found: list[str]) -> UserError:
    shown = ", ".join(repr(s) for s in found[:6]) + (", …" if len(found) > 6 else "")
    return UserError(
        f"tasks.{name}: {_source(label)} {len(found)} labels in the training split ({shown})",
        expected="two labels for `kind: binary`",
        action="use `kind: multiclass`, correct the labels, or name the two under `labels`",
    )


@final
class Binary(SoftTask):
    """A task of two labels; its targets are 0 or 1, its score the probability of the positive label."""

    counts_jointly: ClassVar[bool] = True

    def __init__(
        self, name: str, options: BinaryOptions, labels: tuple[str, str], loss: YesNoLoss | None = None
    ) -> None:
        super().__init__(name, options)
        self._labels = labels
        self._keys = options
        self._loss: YesNoLoss = loss or YesNoLoss()

    @property
    def labels(self) -> tuple[str, ...]:
        """Negative, then positive."""
        return self._labels

    @property
    def outputs(self) -> int:
        """One logit."""
        return 1

    @property
    def output_names(self) -> tuple[str, ...]:
        """The positive label."""
        return self._labels[1:]

    def encode(self, column: pl.Series) -> Array:
        """See Task."""
        return encode_classes(column, self._labels)

    def fit(self, counts: Array, rows: float) -> None:
        """See Task."""
        weights = positive_weights(self.name, self._keys.pos_weight, self._labels[1:], counts[1:], rows)
        self._loss = self._keys.yes_no_loss(weights)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Binary cross-entropy of each cell, in nats, as the loss's keys change it."""
        return self._loss(outputs, targets)[:, 0]

    def soft_loss(self, outputs: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        """The same against the share of the positive label."""
        return self._loss(outputs, shares[:, 1:])[:, 0]

    def divergence(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """See Task: between the two labels' distributions."""
        return bernoulli_divergence(one, other)[:, 0]

    def label_probabilities(self, scores: Array) -> Array:
        """See SoftTask."""
        return np.concatenate([1 - scores, scores], axis=1)

    def activate(self, outputs: torch.Tensor) -> torch.Tensor:
        """Probability of the positive label."""
        return torch.sigmoid(outputs)

    def decide(self, scores: Array) -> Array:
        """Positive where its probability is over .5."""
        return (scores[:, 0] > 0.5).astype(np.int64)

    def metrics(self, targets: Array, scores: Array) -> dict[str, float]:
        """See Task."""
        truth = targets[:, 0].astype(np.int64)
        return classification_metrics(truth, self.decide(scores), 2) | binary_score_metrics(
            truth, scores[:, 0]
        )

    def events(self, targets: Array) -> Array:
        """Whether the row is positive."""
        return targets

    def baseline(self, targets: Array) -> Array:
        """The share of positives: its decision is the majority label."""
        return np.array([targets[:, 0].mean()], dtype=np.float32)

    def verbaliser(self) -> Verbaliser:
        """The texts of negative and positive; the logit is the difference of their log-probabilities."""
        texts = label_texts(self._keys.labels, self._labels)
        return Verbaliser(
            names=self._labels, texts=texts, choose=first_column, outputs=lambda log: log[:, 1:] - log[:, :1]
        )
