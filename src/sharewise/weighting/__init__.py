"""Weightings: several tasks' losses, or their gradients, become one step. The methods are TorchJD's."""

from collections.abc import Mapping, Sequence

from sharewise.weighting.gradients import GRADIENTS
from sharewise.weighting.losses import LOSSES
from sharewise.weighting.method import GradientOptions, Method, WeightingOptions
from sharewise.weighting.weighting import GradientWeighting, LossWeighting, Weighting

WEIGHTINGS: dict[str, Method] = {method.name: method for method in (*LOSSES, *GRADIENTS)}

__all__ = [
    "GRADIENTS",
    "LOSSES",
    "WEIGHTINGS",
    "GradientOptions",
    "GradientWeighting",
    "LossWeighting",
    "Method",
    "Weighting",
    "WeightingOptions",
    "build_weighting",
]


def build_weighting(
    name: str, tasks: Sequence[str], weights: Mapping[str, float], options: WeightingOptions
) -> Weighting:
    """Return a method at work, as it is before the first step of a run.

    Args:
        name: of the method.
        tasks: of the run, in order.
        weights: of the tasks.
        options: the method's keys.
    """
    method = WEIGHTINGS[name]
    kind = GradientWeighting if method.gradients else LossWeighting
    return kind(method, tasks, weights, options)
