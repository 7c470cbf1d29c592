"""Multiclass tasks: one of several labels, an output each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, final

import numpy as np
import polars as pl
import torch
from pydantic import Field, field_validator
from torch.nn import functional

from sharewise.errors import UserError
from sharewise.stats import classification_metrics
from sharewise.tasks.decision_options import CalibrationOptions
from sharewise.tasks.divergences import categorical_divergence
from sharewise.tasks.labels import declared_labels, encode_classes, found_labels, label_texts
from sharewise.tasks.loss_options import OneLabelOptions, SmoothingOptions
from sharewise.tasks.losses import OneLabelLoss
from sharewise.tasks.task import Array, Label
from sharewise.tasks.verbaliser import Verbaliser, first_column
from sharewise.tasks.voted import SoftTask, VotedOptions


class MulticlassOptions(VotedOptions, OneLabelOptions, SmoothingOptions, CalibrationOptions):
    """Keys of a multiclass task: one of several labels."""

    valid_metrics: ClassVar[tuple[str, ...]] = (
        "macro_f1",
        "accuracy",
        "balanced_accuracy",
        "mcc",
        "macro_precision",
        "macro_recall",
        "micro_f1",
        "micro_precision",
        "micro_recall",
    )

    kind: Literal["multiclass"] = "multiclass"
    labels: Annotated[tuple[Label, ...] | dict[str, str], Field(min_length=2)] | None = Field(
        default=None,
        description="the labels in order, if not to be found out; or {label: its text} for text to text",
    )

    @field_validator("labels")
    @classmethod
    def _labels_differ(cls, value: Any) -> Any:
        declared_labels(value or ())
        return value

    def build(self, name: str, column: pl.Series) -> Multiclass:
        """Resolve the labels against the training column."""
        labels = tuple(declared_labels(self.labels)) if self.labels else tuple(found_labels(column))
        if len(labels) < 2:
            raise UserError(
                f"tasks.{name}: column {self.label!r} holds {len(labels)} label(s) in the training split",
                expected="two labels or more for `kind: multiclass`",
                action="name all of them under `labels`, or leave the task out",
            )
        if self.labels is None and len(labels) > 1000:
            raise UserError(
                f"tasks.{name}: column {self.label!r} holds {len(labels)} labels in the training split",
                expected="at most 1,000 found labels for `kind: multiclass`",
                action="use `kind: regression` for numbers, or name the labels under `labels`",
            )
        return Multiclass(name, self, labels)

    def restore(self, name: str, description: Mapping[str, Any]) -> Multiclass:
        """Make the task again from what ``describe`` said of it."""
        return Multiclass(name, self, tuple(description["labels"]), OneLabelLoss.restore(description))


@final
class Multiclass(SoftTask):
    """A task of several labels; its target is the class index, its scores a distribution over labels."""

    ordered: ClassVar[bool] = False
    exclusive: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        options: MulticlassOptions,
        labels: tuple[str, ...],
        loss: OneLabelLoss | None = None,
    ) -> None:
        super().__init__(name, options)
        self._labels = labels
        self._keys = options
        self._loss: OneLabelLoss = loss or OneLabelLoss()

    @property
    def labels(self) -> tuple[str, ...]:
        """In declared order, or sorted where they were found out."""
        return self._labels

    @property
    def outputs(self) -> int:
        """A logit a label."""
        return len(self._labels)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Every label."""
        return self._labels

    def encode(self, column: pl.Series) -> Array:
        """See Task."""
        return encode_classes(column, self._labels)

    def fit(self, counts: Array, rows: float) -> None:
        """See Task."""
        self._loss = self._keys.one_label_loss(self.name, self._labels, counts, rows)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of each cell, in nats, as the loss's keys change it."""
        labels = targets[:, 0].long()
        if self._loss.plain:
            return functional.cross_entropy(outputs, labels, reduction="none")
        return self.soft_loss(outputs, functional.one_hot(labels, self.outputs).to(outputs.dtype))

    def soft_loss(self, outputs: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        """The same against the labels' shares."""
        if self._loss.plain:
            return functional.cross_entropy(outputs, shares, reduction="none")
        return self._loss.of_shares(functional.log_softmax(outputs, dim=1), shares)

    def divergence(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """See Task: between the distributions over labels."""
        return categorical_divergence(
            functional.log_softmax(one, dim=1), functional.log_softmax(other, dim=1)
        )

    def label_probabilities(self, scores: Array) -> Array:
        """See SoftTask: the scores themselves."""
        return scores

    def activate(self, outputs: torch.Tensor) -> torch.Tensor:
        """Probabilities of the labels; rows sum to one."""
        return torch.softmax(outputs, dim=-1)

    def decide(self, scores: Array) -> Array:
        """The most probable label; the first of equals."""
        return np.asarray(scores.argmax(axis=1))

    def metrics(self, targets: Array, scores: Array) -> dict[str, float]:
        """See Task."""
        return classification_metrics(targets[:, 0].astype(np.int64), self.decide(scores), self.outputs)

    def events(self, targets: Array) -> Array:
        """Whether the row has each label."""
        return np.asarray(targets == np.arange(self.outputs), dtype=np.float32)

    def baseline(self, targets: Array) -> Array:
        """The labels' shares: its decision is the majority label."""
        counts = np.bincount(targets[:, 0].astype(np.int64), minlength=self.outputs)
        return np.asarray(counts / counts.sum(), dtype=np.float32)

    def verbaliser(self) -> Verbaliser:
        """A text a label; the outputs are their log-probabilities, of which softmax gives them back."""
        texts = label_texts(self._keys.labels, self._labels)
        return Verbaliser(names=self._labels, texts=texts, choose=first_column, outputs=lambda log: log)
