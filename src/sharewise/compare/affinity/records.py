"""What affinity.json holds."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from sharewise.compare.prediction import Groups, Measure, Prediction
from sharewise.options import Options

Matrix = list[list[float | None]]


class Division(Options):
    """The best division of the tasks into groups by one measure."""

    measure: Measure
    groups: Groups
    value: float = Field(description="mean over the tasks of what each gains from its group, by this measure")
    together: float = Field(description="the same of one group of all tasks")
    exact: bool = Field(description="whether every division was looked at; else a heuristic found it")
    held_out: float | None = Field(
        default=None,
        description="value less `together` where the division was found on one part of what was measured and valued "
        "on the other, both ways: above 0 where the groups are more than chance; none where there are no parts",
    )


class SubsetEstimate(Options):
    """The estimated validation losses of a model of some of the tasks."""

    tasks: tuple[str, ...]
    losses: dict[str, float]


class Affinity(Options):
    """affinity.json as a whole. Matrices are of what task i (row) does to task j (column), means over seeds."""

    schema_version: Literal[1] = Field(default=1, alias="schema", serialization_alias="schema")
    study: str
    sharewise: str
    configuration: dict[str, Any] = Field(description="the study as it was looked at, defaults filled in")
    simulated: bool
    tasks: list[str]
    seeds: list[int]
    every: int = Field(description="updates from one look to the next")
    updates: list[int] = Field(description="of each seed's run")
    looks: list[int]
    cells: dict[str, tuple[int, int]] = Field(
        description="task -> training and validation labels in the estimates"
    )
    most: int = Field(description="groups at most")
    lookahead: Matrix
    cosine: Matrix
    association: Matrix = Field(description="of the labels on the training split; none where rows are few")
    estimate: Matrix = Field(
        description="share of task j's loss that a model of i and j saves over one of j alone"
    )
    subsets: list[SubsetEstimate]
    divisions: list[Division] = Field(description="of every measure; the first is the one that was asked for")
    prediction: Prediction
    notes: list[str] = Field(default_factory=list)

    @property
    def groups(self) -> Groups:
        """The groups by the measure that was asked for."""
        return self.divisions[0].groups
