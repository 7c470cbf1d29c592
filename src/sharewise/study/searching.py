"""Searches: an arm whose keys are chosen by trials on validation, before it is trained with every seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from sharewise.models.options import EncoderOptions
from sharewise.options import Options
from sharewise.study.arms import ArmOptions
from sharewise.study.keys import field_alternatives, walk
from sharewise.study.sweeping import EQUAL, WEIGHTS, setting_name, with_values
from sharewise.train.options import TrainingOptions

_DIGITS = 3
"""Significant digits of a value that was drawn: more would only make names long."""


class Range(Options):
    """Numbers between two ends."""

    low: float = Field(allow_inf_nan=False, description="the lowest value")
    high: float = Field(allow_inf_nan=False, description="the highest value")
    log: bool = Field(
        default=False, description="whether a value is drawn by its logarithm, as a learning rate should be"
    )

    def rounded(self, value: float) -> float:
        """Return a drawn value with a few digits, inside the ends."""
        return min(max(float(f"{value:.{_DIGITS}g}"), self.low), self.high)


class SearchOptions(Options):
    """How an arm is searched."""

    over: dict[str, Range | tuple[Any, ...]] = Field(
        min_length=1,
        description="keys of a sweep, each with a range {low, high, log} or a list of values; `weights.<task>` too",
    )
    trials: int = Field(
        default=20,
        ge=2,
        le=1000,
        description="settings that are tried, of the arm and of its baseline as many",
    )
    pruner: Literal["median", "none"] = Field(
        default="median",
        description="whether a trial is stopped that is behind the median of the trials before it",
    )


def whole_keys() -> set[str]:
    """Return the keys of a search that take whole numbers alone."""
    nested: dict[str, type[Options]] = {"training": TrainingOptions, "encoder": EncoderOptions}
    found = [key for name, model in nested.items() for key in walk(model, (name,))]
    found += list(walk(ArmOptions))
    whole = set()
    for key in found:
        types = {alternative.type for alternative in field_alternatives(key.field)}
        if int in types and float not in types:
            whole.add(".".join(key.path))
    return whole


@dataclass(frozen=True)
class Contestant:
    """One arm that is searched.

    Attributes:
        arm: the arm of the study file.
        role: `arm`; `equal`, the arm with equal weights, where weights are searched; or `baseline`, its models of one
            task.
        keys: the arm's keys, plain values.
        axes: what is searched; empty where nothing is left to search, which takes one trial.
        trials: how many.
        pruner: see SearchOptions.
    """

    arm: str
    role: Literal["arm", "equal", "baseline"]
    keys: Mapping[str, Any]
    axes: Mapping[str, Range | tuple[Any, ...]]
    trials: int
    pruner: str

    def with_trial(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arm's keys with a trial's values in them."""
        own = {key: value for key, value in values.items() if not key.startswith(f"{WEIGHTS}.")}
        weights = {key.partition(".")[2]: value for key, value in values.items() if key not in own}
        return with_values(self.keys, own | ({WEIGHTS: weights} if weights else {}))


@dataclass(frozen=True)
class Found:
    """What a search found: the contestant's keys with the chosen trial's values in them.

    Attributes:
        contestant: that was searched.
        name: of the arm as which it is trained; of a baseline None.
        keys: plain values.
    """

    contestant: Contestant
    name: str | None
    keys: Mapping[str, Any]


def contestants(
    arm: str, keys: Mapping[str, Any], options: SearchOptions, tasks: Mapping[str, Any]
) -> list[Contestant]:
    """Return what is searched for an arm: itself, with equal weights where weights are searched, and its baseline.

    All of them get the same trials, over the keys that make a difference to them.

    Args:
        arm: its name.
        keys: its keys, plain values.
        options: of the search.
        tasks: names of the study's tasks.
    """
    others = {k: axis for k, axis in options.over.items() if k.partition(".")[0] != WEIGHTS}
    alone = {k: axis for k, axis in others.items() if k.partition(".")[0] in ("training", "encoder")}

    def searched(
        role: Literal["arm", "equal", "baseline"],
        own: Mapping[str, Any],
        axes: Mapping[str, Range | tuple[Any, ...]],
    ) -> Contestant:
        return Contestant(arm, role, own, axes, options.trials if axes else 1, options.pruner)

    found = [searched("arm", keys, options.over)]
    if len(others) < len(options.over):
        found.append(searched("equal", with_values(keys, {WEIGHTS: dict.fromkeys(tasks, 1.0)}), others))
    if keys.get("baseline") is None:
        found.append(searched("baseline", keys, alone))
    return found


def found_name(contestant: Contestant, values: Mapping[str, Any]) -> str | None:
    """Return the name of the arm as which a contestant's chosen setting is trained: ``hard[learning_rate=0.0001]``."""
    if contestant.role == "baseline":
        return None
    inner = [EQUAL] if contestant.role == "equal" else []
    return setting_name(contestant.arm, values, inner)
