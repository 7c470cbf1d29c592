"""Ordinal tasks: one of several labels in an order, an output for each step between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, final

import numpy as np
import polars as pl
import torch
from pydantic import Field, field_validator

from sharewise.errors import UserError
from sharewise.stats import classification_metrics, mae, ordinal_metrics
from sharewise.tasks.decision_options import ThresholdOptions
from sharewise.tasks.divergences import categorical_divergence
from sharewise.tasks.labels import declared_labels, encode_classes, found_labels, label_texts
from sharewise.tasks.links import Corn, Cumulative, Link
from sharewise.tasks.loss_options import OneLabelOptions
from sharewise.tasks.losses import OneLabelLoss
from sharewise.tasks.numbers import multiples, parse_numbers
from sharewise.tasks.task import Array, Label, LabelError, Task
from sharewise.tasks.verbaliser import Verbaliser, first_column

_MOST_FOUND = 100


class OrdinalOptions(ThresholdOptions, OneLabelOptions):
    """Keys of an ordinal task: one of several labels in an order."""

    valid_metrics: ClassVar[tuple[str, ...]] = (
        "qwk",
        "mae",
        "accuracy",
        "balanced_accuracy",
        "mcc",
        "macro_f1",
        "macro_precision",
        "macro_recall",
        "micro_f1",
        "micro_precision",
        "micro_recall",
    )

    kind: Literal["ordinal"] = "ordinal"
    labels: Annotated[tuple[Label, ...] | dict[str, str], Field(min_length=2)] | None = Field(
        default=None,
        description="the labels, lowest first; found out where they are numbers; or {label: its text} for text to "
        "text",
    )
    increment: float | None = Field(
        default=None,
        gt=0.0,
        allow_inf_nan=False,
        description="the column holds numbers, and the labels are these rounded to multiples of this",
    )
    link: Literal["corn", "cumulative"] = Field(
        default="corn",
        description="how outputs become probabilities of levels: a logit a step for the rows that reach it, or one for "
        "all steps and cut points between them (proportional odds)",
    )

    @field_validator("labels")
    @classmethod
    def _labels_differ(cls, value: Any) -> Any:
        declared_labels(value or ())
        return value

    def build(self, name: str, column: pl.Series) -> Ordinal:
        """Resolve the labels against the training column, and their order where they are numbers."""
        if self.labels:
            found = declared_labels(self.labels)
        elif self.increment is not None:
            found = _multiples_between(name, self.increment, column)
        else:
            found = _in_order(name, self, found_labels(column))
        return Ordinal(name, self, tuple(found))

    def restore(self, name: str, description: Mapping[str, Any]) -> Ordinal:
        """Make the task again from what ``describe`` said of it."""
        task = Ordinal(name, self, tuple(description["labels"]), OneLabelLoss.restore(description))
        if "cuts" in description:
            task.link = Cumulative(description["cuts"])
        return task


def _as_multiples(column: pl.Series, increment: float) -> pl.Series:
    """Numbers as the nearest multiples of an increment, of two equally near the even one; holes are null."""
    units = pl.Series(np.round(parse_numbers(column) / increment)).fill_nan(None)
    different = units.drop_nulls().unique()
    texts = multiples(map(int, different), increment)
    return units.replace_strict(different, texts, return_dtype=pl.String)


def _multiples_between(name: str, increment: float, column: pl.Series) -> list[str]:
    """Every multiple of the increment that training numbers span, also those that none is rounded to."""
    values = parse_numbers(column)
    values = values[~np.isnan(values)]
    first, last = (
        (int(np.round(end / increment)) for end in (values.min(), values.max())) if len(values) else (0, 0)
    )
    if not 1 <= last - first < _MOST_FOUND:
        raise UserError(
            f"tasks.{name}.increment: rounded to multiples of {increment:g}, the {len(values):,} number(s) of the "
            f"training split span {last - first + 1:,} label(s)",
            expected=f"numbers, and an increment that makes 2 to {_MOST_FOUND} labels of them",
        )
    return declared_labels(multiples(range(first, last + 1), increment))


def _in_order(name: str, options: OrdinalOptions, found: list[str]) -> list[str]:
    numbers = pl.Series(found, dtype=pl.String).cast(pl.Float64, strict=False)
    if not 2 <= len(found) <= _MOST_FOUND:
        raise UserError(
            f"tasks.{name}: column {options.label!r} holds {len(found)} label(s) in the training split",
            expected=f"2 to {_MOST_FOUND} found labels for `kind: ordinal`",
            action="name all of them under `labels`, lowest first; or use `kind: regression` for numbers",
        )
    if numbers.null_count():
        raise UserError(
            f"tasks.{name}: the order of the labels {', '.join(found[:6])}{', …' if len(found) > 6 else ''} "
            "is not known",
            action="name them under `labels`, lowest first",
        )
    return [found[i] for i in numbers.arg_sort().to_list()]


@final
class Ordinal(Task):
    """A task of ordered labels, with an output for each label but the lowest: whether the row is at least that.

    Under CORN (Shi, Cao and Raschka, Pattern Analysis and Applications 2023) the head's outputs are the logits of being
    over a level for rows that reach it, and each step reads the text in its own way. Under the cumulative link all
    steps read it in one way, and the levels' odds move together. The loss is the negative log-likelihood of the label.
    """

    cumulative: ClassVar[bool] = True

    def __init__(
        self, name: str, options: OrdinalOptions, labels: tuple[str, ...], loss: OneLabelLoss | None = None
    ) -> None:
        super().__init__(name, options)
        self._labels = labels
        self._keys = options
        self._loss: OneLabelLoss = loss or OneLabelLoss()
        self.link: Link = Corn()
        if options.link == "cumulative":
            # Levels of one size, until the training rows are counted.
            self.link = Cumulative.of(np.ones(len(labels)), len(labels))
            self.constants = self.outputs - 1

    @property
    def labels(self) -> tuple[str, ...]:
        """Lowest first."""
        return self._labels

    @property
    def outputs(self) -> int:
        """A logit a step from one label to the next."""
        return len(self._labels) - 1

    @property
    def output_names(self) -> tuple[str, ...]:
        """Each label but the lowest, or a higher one: ``3+``."""
        return tuple(f"{label}+" for label in self._labels[1:])

    def encode(self, column: pl.Series) -> Array:
        """See Task."""
        if self._keys.increment is None:
            return encode_classes(column, self._labels)
        try:
            return encode_classes(_as_multiples(column, self._keys.increment), self._labels)
        except LabelError as error:
            raise LabelError(row=error.row, value=column[error.row], expected=error.expected) from None

    def fit(self, counts: Array, rows: float) -> None:
        """See Task."""
        self._loss = self._keys.one_label_loss(self.name, self._labels, counts, rows)
        if isinstance(self.link, Cumulative):
            self.link = Cumulative.of(counts, rows)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Negative log-likelihood of each cell's label, in nats, as the loss's keys change it."""
        return self._loss.of_labels(self.link.likelihood(outputs, targets), targets[:, 0].long())

    def divergence(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """See Task: between the distributions over labels."""
        return categorical_divergence(self.link.log_probabilities(one), self.link.log_probabilities(other))

    def activate(self, outputs: torch.Tensor) -> torch.Tensor:
        """Probabilities of each label or a higher one."""
        return self.link.reached(outputs)

    def decide(self, scores: Array) -> Array:
        """The median label: the highest that the row reaches with a probability over .5."""
        return np.asarray((scores > 0.5).sum(axis=1))

    def metrics(self, targets: Array, scores: Array) -> dict[str, float]:
        """See Task; ``mae`` is in levels."""
        truth, decided = self.truth(targets), self.decide(scores)
        number = len(self._labels)
        return {
            "qwk": ordinal_metrics(truth, decided, number)["qwk"],
            "mae": mae(truth, decided),
        } | {
            name: value
            for name, value in classification_metrics(truth, decided, number).items()
            if name in OrdinalOptions.valid_metrics
        }

    def events(self, targets: Array) -> Array:
        """Whether the row reaches each label."""
        return np.asarray(targets > np.arange(self.outputs), dtype=np.float32)

    def baseline(self, targets: Array) -> Array:
        """The shares that reach each label: its decision is the median label."""
        return np.asarray(self.events(targets).mean(axis=0), dtype=np.float32)

    def verbaliser(self) -> Verbaliser:
        """A text a label; outputs are the log-odds of the higher labels against each, from their probabilities."""
        texts = label_texts(self._keys.labels, self._labels)

        def outputs(log: torch.Tensor) -> torch.Tensor:
            higher = log.flip(1).logcumsumexp(dim=1).flip(1)[:, 1:]
            return higher - log[:, :-1]

        return Verbaliser(names=self._labels, texts=texts, choose=first_column, outputs=outputs)

    def describe(self) -> dict[str, Any]:
        """See Task."""
        return super().describe() | (
            {"cuts": list(self.link.cuts)} if isinstance(self.link, Cumulative) else {}
        )
