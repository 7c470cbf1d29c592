"""The interface of a task kind: the one place that knows how a column becomes targets and scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import copy
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import polars as pl
import torch
from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from sharewise.errors import UnknownName
from sharewise.options import Options
from sharewise.tasks.losses import LOSS_KEYS, Loss
from sharewise.tasks.verbaliser import Verbaliser

Array = np.ndarray[Any, np.dtype[Any]]
Label = str | int | float | bool
DECISION_KEYS = ("calibration", "threshold")
"""Keys of a task that say how answers are read, on which no training depends."""
Column = Annotated[str, StringConstraints(min_length=1)]


class TaskOptions(Options):
    """The keys that every kind of task has in the study file."""

    # Every metric that tasks of this kind have, the default first.
    valid_metrics: ClassVar[tuple[str, ...]]
    # Whether one cell may hold several labels, as text or as a list; such a kind maps them itself.
    splits_cells: ClassVar[bool] = False

    data: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="name of a data set under `data`"
    )
    kind: str = Field(description="kind of task: binary, multiclass, multilabel, ordinal or regression")
    label: Annotated[str, StringConstraints(min_length=1)] = Field(description="column that holds the label")
    map: dict[str, Label | None] | None = Field(
        default=None,
        description="labels of the column -> labels of the task, every one named; null leaves its rows out",
    )
    prefix: str | None = Field(
        default=None,
        description="what text to text puts before each text of the task; its name and a colon if left out",
    )
    votes: dict[str, Column] | Annotated[tuple[Column, ...], Field(min_length=2)] | None = Field(
        default=None,
        description="the raters' votes: the column of each label's count (`yes` and `no` for a binary task), or a "
        "column a rater; the audit measures their agreement, and they may be what is trained on",
    )
    metric: str | None = Field(
        default=None, description="primary metric; if left out mcc, macro_f1, qwk or pearson by kind"
    )
    weight: float = Field(
        default=1.0,
        ge=0.0,
        allow_inf_nan=False,
        description="weight of this task's loss in the sum over tasks; an arm may override it",
    )
    margin: float | None = Field(
        default=None,
        gt=0.0,
        allow_inf_nan=False,
        description="a difference of the metric smaller than this doesn't matter; `metric: mae` needs one",
    )

    @field_validator(
        "labels", "map", "class_weights", "pos_weight", "threshold", mode="before", check_fields=False
    )
    @classmethod
    def _keys_are_texts(cls, value: Any) -> Any:
        """From Python keys may be numbers, which YAML's never are."""
        return {str(key): entry for key, entry in value.items()} if isinstance(value, dict) else value

    @field_validator("metric")
    @classmethod
    def _metric_is_of_this_kind(cls, value: str | None) -> str | None:
        if value is not None and value not in cls.valid_metrics:
            raise UnknownName(value, cls.valid_metrics, what=f"{cls.model_fields['kind'].default} metric")
        return value

    @field_validator("margin")
    @classmethod
    def _mae_has_a_margin(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is None and info.data.get("metric") == "mae":
            raise ValueError(
                "`metric: mae` needs a margin: the difference, in the label's unit, that doesn't matter"
            )
        return value

    @property
    def label_columns(self) -> tuple[str, ...]:
        """The columns named under `label`: one, of some kinds several; none where votes stand for it."""
        named: Any = self.label
        return (named,) if isinstance(named, str) else tuple(named or ())

    @property
    def vote_columns(self) -> tuple[str, ...]:
        """The columns named under `votes`."""
        votes = self.votes or ()
        return tuple(votes.values()) if isinstance(votes, dict) else votes

    @property
    def loss_keys(self) -> tuple[str, ...]:
        """The keys that make the loss another than the kind's plain one."""
        fields = type(self).model_fields
        return tuple(k for k in LOSS_KEYS if k in fields and getattr(self, k) != fields[k].default)

    @property
    def primary_metric(self) -> str:
        """The metric that verdicts are of: the declared one, or the kind's default."""
        return self.metric or self.valid_metrics[0]


class LabelError(ValueError):
    """A cell holds no valid label.

    Args:
        row: zero-based index into the column that was encoded.
        value: the cell as it was read.
        expected: what would have been valid.
        column: which of the task's columns, where it has several.
    """

    def __init__(self, *, row: int, value: object, expected: str, column: str | None = None) -> None:
        super().__init__(f"row {row}: {value!r}, expected {expected}")
        self.column = column
        self.row = row
        self.value = value
        self.expected = expected


class Task(ABC):
    """One task, resolved against its training data: name, labels, loss and metrics.

    Targets are float32 of shape ``(rows, target_width)``; a row of NaN is a hole. Outputs are what the
    task's head gives, shape ``(rows, outputs)``; ``activate`` turns them into what is stored and scored.
    """

    target_width: int = 1
    # How many outputs, the last ones, are constants that are learnt and don't read the text.
    constants: int = 0
    # Whether a row has any number of labels: targets and decisions are 0 or 1 for each.
    several_labels: ClassVar[bool] = False
    # Whether a row's activated outputs are the probabilities of labels that exclude each other.
    exclusive: ClassVar[bool] = False
    # Whether a row's activated outputs never rise from one to the next: each is of reaching a level at least.
    cumulative: ClassVar[bool] = False
    # Whether targets are numbers or in an order; classes without one are only equal or different.
    ordered: ClassVar[bool] = True
    # Whether the task counts in exact match, micro-F1 and macro-F1 over tasks.
    counts_jointly: ClassVar[bool] = False

    def __init__(self, name: str, options: TaskOptions) -> None:
        self.name = name
        self.options = options
        self.metric = options.primary_metric
        self._loss: Loss | None = None

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """The declared or found labels in order; empty where the kind has none."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Width of the task's head."""

    @property
    @abstractmethod
    def output_names(self) -> tuple[str, ...]:
        """What each activated output is the probability of, or the value; ``outputs`` of them."""

    @abstractmethod
    def encode(self, column: pl.Series) -> Array:
        """Turn a column into targets of shape ``(rows, target_width)``; nulls and empty cells are holes.

        Several columns come as one of structs.

        Raises:
            LabelError: at the first cell that holds no valid label.
        """

    @abstractmethod
    def fit(self, counts: Array, rows: float) -> None:
        """Take in how often each label occurs in training, for whatever the keys leave to the data.

        Args:
            counts: training rows that have each label, ``(labels,)``; of soft targets the sums of shares.
            rows: training rows with a cell.

        Raises:
            UserError: where a key names a label that the task doesn't have.
        """

    @abstractmethod
    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Loss of each present cell: ``(cells, outputs)``, ``(cells, target_width)`` -> ``(cells,)``."""

    @abstractmethod
    def divergence(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """How far two answers to each cell are apart: twice ``(cells, outputs)`` -> ``(cells,)``.

        Half the sum of both Kullback-Leibler divergences between the distributions under which ``loss`` is a negative
        log-likelihood, in nats: 0 for the same answer, and the same either way round.
        """

    @abstractmethod
    def activate(self, outputs: torch.Tensor) -> torch.Tensor:
        """Turn head outputs ``(cells, outputs)`` into probabilities or values of the same shape."""

    @abstractmethod
    def decide(self, scores: Array) -> Array:
        """Turn activated outputs ``(cells, outputs)`` into predictions ``(cells,)``: class index or value.

        Of several labels a row 0 or 1 for each, ``(cells, labels)``.
        """

    @abstractmethod
    def metrics(self, targets: Array, scores: Array) -> dict[str, float]:
        """Every metric of this kind: ``(cells, target_width)``, ``(cells, outputs)`` -> values by name."""

    @abstractmethod
    def events(self, targets: Array) -> Array:
        """Whether what each output is the probability of came true: ``(cells, outputs)`` of 0 or 1.

        Empty, ``(cells, 0)``, where outputs are no probabilities.
        """

    @abstractmethod
    def baseline(self, targets: Array) -> Array:
        """Scores ``(outputs,)`` of the constant answer that training targets imply (majority, mean)."""

    @abstractmethod
    def verbaliser(self) -> Verbaliser:
        """The task in words, for text to text.

        Raises:
            UserError: where the task's keys don't say enough for that.
        """

    def truth(self, targets: Array) -> Array:
        """Targets ``(cells, target_width)`` as decisions are: class indices, values, or 0 and 1 for each label."""
        typed = targets.astype(np.int64 if self.labels else np.float64)
        return typed if self.several_labels else typed[:, 0]

    def label_rows(self, targets: Array) -> Array:
        """How many of the targets ``(cells, target_width)`` have each label: ``(labels,)``."""
        truth = self.truth(targets)
        if not self.labels:
            return np.zeros(0)
        return np.asarray(
            truth.sum(axis=0) if self.several_labels else np.bincount(truth, minlength=len(self.labels))
        )

    def deciding_by(self, keys: TaskOptions) -> Self:
        """The same task with another's keys of calibration and threshold, on which no training depends."""
        other = copy(self)
        own = {key: getattr(keys, key) for key in DECISION_KEYS if key in type(keys).model_fields}
        other.options = self.options.model_copy(update=own)
        return other

    @property
    def decided_labels(self) -> tuple[str, ...]:
        """The label of each output: of a binary task the positive one, of ordered labels all but the lowest."""
        return self.labels[len(self.labels) - self.outputs :] if self.labels else ()

    @property
    def prefix(self) -> str:
        """What text to text puts before each of the task's texts."""
        return f"{self.name}: " if self.options.prefix is None else self.options.prefix

    def describe(self) -> dict[str, Any]:
        """What a saved model must know of this task, ready for JSON."""
        described = {"kind": self.options.kind, "labels": list(self.labels), "metric": self.metric}
        return described | (self._loss.describe() if self._loss else {})
