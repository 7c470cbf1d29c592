"""A weighting method as the tables of this room list it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from pydantic import Field

from sharewise.options import Options


class WeightingOptions(Options):
    """Keys of a weighting method, which stand beside `method` under `weighting`."""


class GradientOptions(WeightingOptions):
    """The key of methods that combine gradients."""

    on: Literal["parameters", "representation"] = Field(
        default="parameters",
        description="whose gradients are combined: the shared parameters', or, cheaper, those of the token states that "
        "all tasks read",
    )


Keys = TypeVar("Keys", bound=WeightingOptions)


@dataclass(frozen=True, kw_only=True)
class Method:
    """One way to turn several tasks' losses into one step.

    Attributes:
        name: what the study file calls it.
        source: the paper.
        make: number of tasks, options -> the module of TorchJD that does the work.
        options: the method's keys.
        gradients: whether it combines gradients, ``(tasks, parameters)`` -> ``(parameters,)``, or losses,
            ``(tasks,)`` -> a scalar.
        weights: whether the tasks' own weights count; they multiply losses before anything else is done.
        constant: whether its coefficients are the same in every step, whatever the losses are.
        every_task: whether it needs all tasks in every step: it remembers something of each of them.
        packages: packages beyond TorchJD's own, and the extra of Sharewise that installs them.
    """

    name: str
    source: str
    make: Callable[[int, Any], Any]
    options: type[WeightingOptions] = WeightingOptions
    gradients: bool = False
    weights: bool = True
    constant: bool = False
    every_task: bool = False
    packages: Mapping[str, str] = field(default_factory=dict)
