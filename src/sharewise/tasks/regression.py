"""Regression tasks: a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, final

import numpy as np
import polars as pl
import torch

from sharewise.errors import UserError
from sharewise.stats import regression_metrics
from sharewise.tasks.labels import holes
from sharewise.tasks.task import Array, LabelError, Task, TaskOptions


class RegressionOptions(TaskOptions):
    """Keys of a regression task: a number."""

    valid_metrics: ClassVar[tuple[str, ...]] = ("pearson", "spearman", "mae")

    kind: Literal["regression"] = "regression"

    def build(self, name: str, column: pl.Series) -> Regression:
        """Take mean and standard deviation of the training column, in which the head works."""
        values = _numbers(column)
        values = values[~np.isnan(values)]
        if len(values) < 2 or values.std() == 0:
            raise UserError(
                f"tasks.{name}: column {self.label!r} holds {len(values)} number(s), all alike, for training",
                expected="at least two different numbers for `kind: regression`",
            )
        return Regression(name, self, mean=float(values.mean()), deviation=float(values.std()))

    def restore(self, name: str, description: Mapping[str, Any]) -> Regression:
        """Make the task again from what ``describe`` said of it."""
        return Regression(name, self, mean=description["mean"], deviation=description["deviation"])


def _numbers(column: pl.Series) -> Array:
    """Parse numbers ``(rows,)``; holes are NaN; infinities and words are LabelErrors."""
    text = column.cast(pl.String).str.strip_chars() if not column.dtype.is_numeric() else column
    values = text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    bad = np.isinf(values) | (np.isnan(values) & ~holes(column))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise LabelError(row=row, value=column[row], expected="a finite number")
    return np.asarray(values, dtype=np.float64)


@final
class Regression(Task):
    """A number; the head works in training standard deviations, targets and scores are in the user's unit."""

    def __init__(self, name: str, options: RegressionOptions, *, mean: float, deviation: float) -> None:
        super().__init__(name, options)
        self.mean = mean
        self.deviation = deviation

    @property
    def labels(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def outputs(self) -> int:
        """One number."""
        return 1

    def encode(self, column: pl.Series) -> Array:
        """See Task."""
        return _numbers(column).astype(np.float32).reshape(-1, 1)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Squared error of each cell, in training variances, so that tasks of any unit weigh alike."""
        return (outputs[:, 0] - (targets[:, 0] - self.mean) / self.deviation) ** 2

    def activate(self, outputs: torch.Tensor) -> torch.Tensor:
        """Back to the user's unit."""
        return outputs * self.deviation + self.mean

    def decide(self, scores: Array) -> Array:
        """The number itself."""
        return scores[:, 0]

    def metrics(self, targets: Array, scores: Array) -> dict[str, float]:
        """See Task."""
        return regression_metrics(targets[:, 0], scores[:, 0])

    def baseline(self, targets: Array) -> Array:
        """The training mean."""
        return np.array([targets[:, 0].mean()], dtype=np.float32)

    def describe(self) -> dict[str, float | str | list[str]]:
        """See Task."""
        return super().describe() | {"mean": self.mean, "deviation": self.deviation}
