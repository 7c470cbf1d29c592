"""The records behind "where the arms differ": confusions, scores by label, rows that arms answer differently."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from pydantic import Field

from sharewise.options import Options

Spread = tuple[float, float]


def spread_of(values: Iterable[float]) -> Spread:
    """Mean and standard deviation over seeds; 0 of one value."""
    plain = [float(value) for value in values]
    return statistics.fmean(plain), statistics.stdev(plain) if len(plain) > 1 else 0.0


class ArmDetail(Options):
    """What one arm's models do on one task, beyond its metrics; failed runs are left out."""

    models: int = Field(description="models that it is of, one a seed")
    class_f1: dict[str, Spread] = Field(
        description="F1 of each label: mean and standard deviation over seeds; empty for numbers"
    )
    confusion: list[list[int]] | None = Field(
        description="rows by target (down) and answer (across), summed over seeds; none for many labels or numbers"
    )
    calibration_error: Spread | None = Field(
        description="expected calibration error, 15 bins: a description, never judged; none for numbers"
    )


class DisagreedRow(Options):
    """One row that the arms answer differently."""

    dataset: str
    row: int = Field(description="zero-based number in the data set's file, as in predictions.parquet")
    text: str = Field(description="the text, cut where it is long")
    pair: str | None = Field(description="the second text of a pair")
    context: tuple[str, ...] = Field(default=(), description="earlier turns before it, the oldest first")
    target: str
    answers: dict[str, str] = Field(
        description="arm -> its models' answers, as `yes 3, no 2`; of numbers their mean"
    )


class PairTest(Options):
    """McNemar's test of one pair of models: a description of these two, never a verdict on their recipes."""

    arm: str
    baseline: str
    seed: int
    only_arm: int = Field(description="rows that only the arm's model gets right")
    only_baseline: int
    p: float = Field(description="exact, two-sided, not adjusted")


class TaskDetail(Options):
    """Where the arms differ on one task."""

    rows: int = Field(description="rows of the scored split with a target")
    disagreeing: int | None = Field(
        description="rows on which the arms' most frequent answers are not all the same; none for numbers"
    )
    most: list[DisagreedRow] = Field(
        description="the rows that divide the arms the most; as many as `report: {rows: …}` allows"
    )
    arms: dict[str, ArmDetail]
    pairs: list[PairTest]
