"""Regression tasks: a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, final

import numpy as np
import polars as pl
import torch
from pydantic import Field, ValidationInfo, field_validator

from sharewise.errors import UserError
from sharewise.stats import regression_metrics
from sharewise.tasks.numbers import multiples, parse_numbers
from sharewise.tasks.task import Array, Task, TaskOptions
from sharewise.tasks.verbaliser import Verbaliser

# Texts that numbers may become; each is decoded for each row.
_MOST_TEXTS = 200


class RegressionOptions(TaskOptions):
    """Keys of a regression task: a number."""

    valid_metrics: ClassVar[tuple[str, ...]] = ("pearson", "spearman", "mae")

    kind: Literal["regression"] = "regression"
    increment: float | None = Field(
        default=None,
        gt=0.0,
        allow_inf_nan=False,
        description="for text to text, numbers are rounded to multiples of this; 0.2, say",
    )
    minimum: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="the least number there can be: a label under it is a mistake, and no prediction is under it",
    )
    maximum: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="the greatest number there can be: a label over it is a mistake, and no prediction is over it",
    )

    @field_validator("maximum")
    @classmethod
    def _maximum_is_over_minimum(cls, value: float | None, info: ValidationInfo) -> float | None:
        minimum = info.data.get("minimum")
        if value is not None and minimum is not None and value <= minimum:
            raise ValueError(f"the maximum {value:g} is not over the minimum {minimum:g}")
        return value

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest number there can be; infinite where there is no bound."""
        low, high = self.minimum, self.maximum
        return -math.inf if low is None else low, math.inf if high is None else high

    def build(self, name: str, column: pl.Series) -> Regression:
        """Take mean and standard deviation of the training column, in which the head works."""
        values = parse_numbers(column, *self.bounds)
        values = values[~np.isnan(values)]
        if len(values) < 2 or values.std() == 0:
            raise UserError(
                f"tasks.{name}: column {self.label!r} holds {len(values)} number(s), all alike, for training",
                expected="at least two different numbers for `kind: regression`",
            )
        return Regression(
            name,
            self,
            mean=float(values.mean()),
            deviation=float(values.std()),
            lowest=float(values.min()),
            highest=float(values.max()),
        )

    def restore(self, name: str, description: Mapping[str, Any]) -> Regression:
        """Make the task again from what ``describe`` said of it."""
        return Regression(
            name,
            self,
            mean=description["mean"],
            deviation=description["deviation"],
            lowest=description.get("lowest", description["mean"]),
            highest=description.get("highest", description["mean"]),
        )


@final
class Regression(Task):
    """A number; the head works in training standard deviations, targets and scores are in the user's unit."""

    def __init__(
        self,
        name: str,
        options: RegressionOptions,
        *,
        mean: float,
        deviation: float,
        lowest: float,
        highest: float,
    ) -> None:
        super().__init__(name, options)
        self.mean = mean
        self.deviation = deviation
        self.lowest = lowest
        self.highest = highest
        self.increment = options.increment
        self._keys = options

    @property
    def labels(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def outputs(self) -> int:
        """One number."""
        return 1

    @property
    def output_names(self) -> tuple[str, ...]:
        """The task: its number."""
        return (self.name,)

    def encode(self, column: pl.Series) -> Array:
        """See Task."""
        return parse_numbers(column, *self._keys.bounds).astype(np.float32).reshape(-1, 1)

    def fit(self, counts: Array, rows: float) -> None:
        """See Task; there are no labels to count."""

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Squared error of each cell, in training variances, so that tasks of any unit weigh alike."""
        return (outputs[:, 0] - (targets[:, 0] - self.mean) / self.deviation) ** 2

    def divergence(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """See Task: squared difference in training variances, as of normal distributions with variance 1/2."""
        return (one[:, 0] - other[:, 0]) ** 2

    def activate(self, outputs: torch.Tensor) -> torch.Tensor:
        """Back to the user's unit, and inside the bounds.

        An answer out of bounds is brought to the nearest bound, which is nearer to every number that there can be. The
        loss knows nothing of it: a gradient brings such answers back, where a clamped answer has none.
        """
        low, high = self._keys.bounds
        return (outputs * self.deviation + self.mean).clamp(low, high)

    def decide(self, scores: Array) -> Array:
        """The number itself."""
        return scores[:, 0]

    def metrics(self, targets: Array, scores: Array) -> dict[str, float]:
        """See Task."""
        return regression_metrics(targets[:, 0], scores[:, 0])

    def events(self, targets: Array) -> Array:
        """None: a number is no probability."""
        return np.zeros((len(targets), 0), dtype=np.float32)

    def baseline(self, targets: Array) -> Array:
        """The training mean."""
        return np.array([targets[:, 0].mean()], dtype=np.float32)

    def verbaliser(self) -> Verbaliser:
        """Numbers rounded to multiples of the increment, as T5 writes STS-B's (Raffel et al., JMLR 2020, §2.4).

        The value is the mean of the numbers under their probabilities. Targets outside the training range are
        taken for its ends.
        """
        if self.increment is None:
            raise UserError(
                f"tasks.{self.name}: for text to text a number becomes one of a list of texts",
                action="say to what it is rounded: `increment: 0.2`, say",
            )
        step = self.increment
        first, last = (round(value / step) for value in (self.lowest, self.highest))
        if last - first >= _MOST_TEXTS:
            raise UserError(
                f"tasks.{self.name}.increment: {step:g} makes {last - first + 1:,} texts of the numbers from "
                f"{self.lowest:g} to {self.highest:g}",
                expected=f"an increment that makes {_MOST_TEXTS} at most",
            )
        values = [number * step for number in range(first, last + 1)]
        texts = multiples(range(first, last + 1), step)

        def choose(targets: torch.Tensor) -> torch.Tensor:
            return (targets[:, 0] / step).round().long().clamp(first, last) - first

        def outputs(log: torch.Tensor) -> torch.Tensor:
            mean = torch.softmax(log, dim=1) @ torch.tensor(values, dtype=log.dtype, device=log.device)
            return ((mean - self.mean) / self.deviation).unsqueeze(1)

        return Verbaliser(names=texts, texts=texts, choose=choose, outputs=outputs)

    def describe(self) -> dict[str, Any]:
        """See Task."""
        # The range matters to the texts alone, and without an increment there are none.
        spread = {"lowest": self.lowest, "highest": self.highest, "increment": self.increment}
        found = {"mean": self.mean, "deviation": self.deviation}
        found |= {k: v for k in ("minimum", "maximum") if (v := getattr(self._keys, k)) is not None}
        return super().describe() | found | (spread if self.increment is not None else {})
