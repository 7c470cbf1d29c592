"""What affinity says of arms that share in its groups, which results.json takes over to stand beside the verdicts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from sharewise.options import Options

AFFINITY_FILE = "affinity.json"
Measure = Literal["lookahead", "estimate", "cosine", "association"]
Groups = dict[str, tuple[str, ...]]


class TaskPrediction(Options):
    """What is expected of one task in its group; losses are estimated ones, on validation."""

    group: str
    affinity_group: float | None = Field(description="mean lookahead affinity of its group onto it; 0 alone")
    affinity_all: float | None = Field(description="the same of all other tasks")
    loss_alone: float
    loss_group: float
    loss_all: float

    @property
    def gain_over_alone(self) -> float:
        """Share of the loss of a model of its own that the group saves."""
        return 1.0 - self.loss_group / self.loss_alone if self.loss_alone else 0.0

    @property
    def gain_over_all(self) -> float:
        """Share of the loss of one model of all tasks that the group saves."""
        return 1.0 - self.loss_group / self.loss_all if self.loss_all else 0.0


class Prediction(Options):
    """What affinity says of the arms that share in its groups: made without training them."""

    measure: Measure
    groups: Groups
    arms: tuple[str, ...] = Field(default=(), description="arms of the study that have these very groups")
    held_out: float | None
    seeds: list[int]
    tasks: dict[str, TaskPrediction]


def read_prediction(root: Path, arms: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Prediction | None:
    """Return what a study's affinity.json predicts; None where there is none, or no arm has its groups.

    Args:
        root: the study's folder.
        arms: groups of each arm.
    """
    try:
        content = json.loads((root / AFFINITY_FILE).read_text(encoding="utf-8"))
        found = Prediction.model_validate(content["prediction"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
    wanted = _as_sets(found.groups)
    matching = tuple(arm for arm, groups in arms.items() if _as_sets(groups) == wanted)
    return found.model_copy(update={"arms": matching}) if matching else None


def _as_sets(groups: Mapping[str, tuple[str, ...]]) -> set[frozenset[str]]:
    return {frozenset(group) for group in groups.values()}
