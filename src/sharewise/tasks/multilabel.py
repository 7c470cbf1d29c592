"""Multilabel tasks: any number of several labels, an output each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, final

import numpy as np
import polars as pl
import torch
from pydantic import Field, field_validator

from sharewise.errors import UserError
from sharewise.stats import several_label_metrics
from sharewise.tasks.decision_options import ThresholdOptions
from sharewise.tasks.divergences import bernoulli_divergence
from sharewise.tasks.label_sets import flag_columns, label_sets
from sharewise.tasks.labels import declared_labels, label_texts
from sharewise.tasks.loss_options import Weight, YesNoOptions, positive_weights
from sharewise.tasks.losses import YesNoLoss
from sharewise.tasks.task import Array, Column, Label, Task
from sharewise.tasks.verbaliser import Verbaliser

_MOST_FOUND = 1000
# Texts for text to text are one for each set of labels, and each is decoded for each row.
_MOST_IN_TEXTS = 7


class MultilabelOptions(ThresholdOptions, YesNoOptions):
    """Keys of a multilabel task: any number of several labels."""

    valid_metrics: ClassVar[tuple[str, ...]] = (
        "macro_f1",
        "micro_f1",
        "exact_match",
        "macro_precision",
        "macro_recall",
        "micro_precision",
        "micro_recall",
    )
    splits_cells: ClassVar[bool] = True

    kind: Literal["multilabel"] = "multilabel"
    label: Column | Annotated[tuple[Column, ...], Field(min_length=2)] = Field(  # type: ignore[assignment]
        description="column that holds a row's labels, a list or divided by `separator`; or several columns of 0 and "
        "1, a label each"
    )
    separator: Annotated[str, Field(min_length=1)] = Field(
        default=";", description="what stands between the labels in a cell of text"
    )
    labels: Annotated[tuple[Label, ...] | dict[str, str], Field(min_length=2)] | None = Field(
        default=None,
        description="the labels in order, if not to be found out; or {label: its text} for text to text",
    )
    pos_weight: Literal["auto"] | Weight | Annotated[dict[str, Weight], Field(min_length=1)] | None = Field(
        default=None,
        description="weight in the loss of rows that have a label: of every label, or {label: number}; auto: rows "
        "without it / rows with it, of the training rows",
    )

    @field_validator("labels")
    @classmethod
    def _labels_differ(cls, value: Any) -> Any:
        declared_labels(value or ())
        return value

    def build(self, name: str, column: pl.Series) -> Multilabel:
        """Resolve the labels against the training column, or the names of the columns."""
        declared = declared_labels(self.labels or ())
        if len(self.label_columns) > 1:
            if declared and sorted(declared) != sorted(self.label_columns):
                raise UserError(
                    f"tasks.{name}.labels: not the columns that `label` names",
                    expected=f"{', '.join(self.label_columns)}, each once; or no `labels`",
                )
            return Multilabel(name, self, self.label_columns)
        labels = declared or label_sets(column, self.separator, self.map).labels
        if not 2 <= len(labels) <= _MOST_FOUND:
            raise UserError(
                f"tasks.{name}: column {self.label!r} holds {len(labels)} label(s) in the training split",
                expected=f"2 to {_MOST_FOUND:,} labels for `kind: multilabel`, in cells such as "
                f"{f'one{self.separator}two'!r}",
                action="say what divides them with `separator`, or name all of them under `labels`",
            )
        return Multilabel(name, self, tuple(labels))

    def restore(self, name: str, description: Mapping[str, Any]) -> Multilabel:
        """Make the task again from what ``describe`` said of it."""
        return Multilabel(name, self, tuple(description["labels"]), YesNoLoss.restore(description))


@final
class Multilabel(Task):
    """A task of any number of labels a row; targets are 0 or 1 for each, scores their probabilities."""

    several_labels: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        options: MultilabelOptions,
        labels: tuple[str, ...],
        loss: YesNoLoss | None = None,
    ) -> None:
        super().__init__(name, options)
        self._labels = labels
        self._keys = options
        self._loss: YesNoLoss = loss or YesNoLoss()
        self.target_width = len(labels)

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
        """See Task; an empty list, ``[]``, is a row without labels and no hole."""
        if column.dtype == pl.Struct:
            return flag_columns(column)
        return label_sets(column, self._keys.separator, self.options.map).flags(column, self._labels)

    def fit(self, counts: Array, rows: float) -> None:
        """See Task."""
        weights = positive_weights(self.name, self._keys.pos_weight, self._labels, counts, rows)
        self._loss = self._keys.yes_no_loss(weights)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean over the labels of each cell's binary cross-entropies, in nats, as the loss's keys change them."""
        return self._loss(outputs, targets).mean(dim=1)

    def divergence(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """See Task: the mean over the labels, each by itself, as the loss is."""
        return bernoulli_divergence(one, other).mean(dim=1)

    def activate(self, outputs: torch.Tensor) -> torch.Tensor:
        """Probability of each label."""
        return torch.sigmoid(outputs)

    def decide(self, scores: Array) -> Array:
        """Every label whose probability is over .5."""
        return (scores > 0.5).astype(np.int64)

    def metrics(self, targets: Array, scores: Array) -> dict[str, float]:
        """See Task; micro and macro are over labels."""
        return several_label_metrics(self.truth(targets), self.decide(scores))

    def events(self, targets: Array) -> Array:
        """Whether the row has each label."""
        return targets

    def baseline(self, targets: Array) -> Array:
        """The share of rows of each label: its decision is the labels that most rows have."""
        return np.asarray(targets.mean(axis=0), dtype=np.float32)

    def verbaliser(self) -> Verbaliser:
        """A text for each set of labels; a label's logit compares the sets that hold it with the others."""
        number = len(self._labels)
        if number > _MOST_IN_TEXTS:
            raise UserError(
                f"tasks.{self.name}: for text to text each set of labels is a text, and {number} labels have "
                f"{2**number:,}",
                expected=f"{_MOST_IN_TEXTS} labels at most",
                action="use an encoder, or several tasks",
            )
        own = label_texts(self._keys.labels, self._labels)
        held = torch.tensor([[bool(code >> i & 1) for i in range(number)] for code in range(2**number)])

        def texts(parts: tuple[str, ...]) -> tuple[str, ...]:
            sets = [[p for p, on in zip(parts, row, strict=True) if on] for row in held.tolist()]
            return tuple(", ".join(chosen) or "none" for chosen in sets)

        def choose(targets: torch.Tensor) -> torch.Tensor:
            return (targets.long() << torch.arange(number, device=targets.device)).sum(dim=1)

        def outputs(log: torch.Tensor) -> torch.Tensor:
            there = held.to(log.device)
            return torch.stack(
                [log[:, on].logsumexp(dim=1) - log[:, ~on].logsumexp(dim=1) for on in there.T], dim=1
            )

        return Verbaliser(names=texts(self._labels), texts=texts(own), choose=choose, outputs=outputs)
