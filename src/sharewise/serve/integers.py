"""A model in 8-bit integers: twice the rate of bfloat16, if its answers bear it, as its own validation split shows."""

from __future__ import annotations

import torch

from sharewise.models.kernels.integer_layer import integers_are_exact
from sharewise.models.kernels.layer import FastLayer
from sharewise.models.manifest import Manifest
from sharewise.models.model import Model
from sharewise.models.sharing import Sharing
from sharewise.serve.bfloat16 import quickened
from sharewise.stats.metrics import METRICS

# How far a task's primary metric may move: half a point; an error in a unit of its own by that share of it.
_TOLERANCE = 0.005
# With fewer rows one answer is more than half a point, and that none changed says little.
_FEWEST_ROWS = 200


def in_integers(model: Model, device: torch.device) -> Sharing | None:
    """Copy a model, the products of its encoder's layers in 8-bit integers; all else as in bfloat16.

    Args:
        model: in evaluation mode.
        device: where the copy is to compute.

    Returns:
        None where it can't be.
    """
    if not isinstance(model, Sharing) or device.type != "cpu" or not integers_are_exact():
        return None
    made = quickened(model, device)
    for module in () if made is None else made.modules():
        if isinstance(module, FastLayer):
            module.quantise()
    return made


def bears_integers(manifest: Manifest) -> bool:
    """Whether every task that a model answers scored, on enough rows of validation, the same in 8-bit integers."""
    for task in manifest.answers:
        exact = manifest.metrics.get(task, {}).get("validation")
        found = manifest.integers.get(task)
        # An undefined metric is without an interval.
        if exact is None or found is None or exact.interval is None or found.rows < _FEWEST_ROWS:
            return False
        metric = METRICS.get(exact.metric)
        whole = 1.0 if metric is None or metric.in_points else abs(exact.value)
        if not abs(found.value - exact.value) <= _TOLERANCE * whole:
            return False
    return True
