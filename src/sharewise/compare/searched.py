"""What results.json says of a search: every trial, how it ended, which was chosen."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from sharewise.options import Options


class TrialRecord(Options):
    """One trial: a setting that was trained with one seed."""

    number: int = Field(description="from 1")
    values: dict[str, Any] = Field(description="key of the search -> its value in this trial")
    state: Literal["complete", "pruned", "failed"]
    score: float | None = Field(
        description="mean over tasks of the primary metrics on validation, of errors the negative; of a pruned trial "
        "the last value before it was stopped"
    )
    metrics: dict[str, float] = Field(
        description="task -> primary metric on validation; empty where not complete"
    )
    steps: int = Field(description="evaluations made; where each task has its own model, models trained")
    front: bool = Field(description="whether it is on the Pareto front of the complete trials")
    chosen: bool = Field(description="whether it has the highest score; of equals the first")


class SearchRecord(Options):
    """One search: the trials of one arm."""

    arm: str = Field(description="the arm that its chosen setting was trained as")
    searched: str = Field(description="the arm of the study file")
    seed: int = Field(description="of the trials, and of the sampler")
    sampler: str
    pruner: str
    trials: list[TrialRecord]
