"""The records of what was fitted on validation after training: calibration, thresholds, and what they did."""

from __future__ import annotations

from pydantic import Field

from sharewise.compare.detail import Spread
from sharewise.options import Options


class ReliabilityRecord(Options):
    """How probabilities and frequencies agree on the scored split."""

    calibration_error: Spread = Field(description="expected calibration error, 15 bins: never judged")
    brier: Spread = Field(
        description="mean squared error of the probabilities; of several labels a row, over all"
    )
    curve: list[tuple[float, float, int]] = Field(
        description="bins that hold cells: mean probability, share that came true, cells; all seeds together"
    )


class FittedRecord(Options):
    """What was fitted on validation for one task and arm, and what it did on the scored split."""

    method: str | None = Field(description="temperature, isotonic, or none")
    temperature: Spread | None = Field(description="mean and standard deviation over seeds")
    thresholds: dict[str, Spread] = Field(description="of each output; empty where decisions are at .5")
    before: ReliabilityRecord
    after: ReliabilityRecord | None = Field(description="none without calibration")
