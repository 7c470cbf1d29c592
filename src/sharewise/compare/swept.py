"""What results.json says of an arm that is one setting of a sweep."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from sharewise.options import Options


class SweptRecord(Options):
    """One setting of a sweep, and whether it was chosen."""

    arm: str = Field(description="the arm that is swept")
    values: dict[str, Any] = Field(description="key of the sweep -> its value in this setting")
    added: bool = Field(description="whether it is the setting of equal weights that the study file left out")
    score: float | None = Field(
        description="mean over seeds and tasks of the primary metrics on validation, of errors the negative; none "
        "where a run failed or a metric is undefined"
    )
    front: bool = Field(
        default=False,
        description="whether it is on the Pareto front of its sweep: no other setting is at least as good on every "
        "task and better on one, by the means on validation",
    )
    chosen: bool = Field(description="whether it has the highest score of its sweep; of equals the first")


class StoppedRecord(Options):
    """A setting of a sweep that was stopped before it had every seed; it has no verdict."""

    name: str = Field(description="of the setting as an arm")
    arm: str = Field(description="the arm that is swept")
    values: dict[str, Any] = Field(description="key of the sweep -> its value in this setting")
    seeds: list[int] = Field(description="that it was trained with")
    score: float | None = Field(description="as a setting's own, over these seeds")
    best: str = Field(description="the setting that scored highest with the same seeds")
    best_score: float | None = Field(description="what that scored")
