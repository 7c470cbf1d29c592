"""A model in 8-bit integers: twice the rate of bfloat16, if its answers bear it, as its own validation split shows."""

from __future__ import annotations

import torch

from sharewise.models.kernels.layer import FastLayer
from sharewise.models.manifest import Manifest
from sharewise.models.model import Model
from sharewise.models.sharing import Sharing
from sharewise.serve.bfloat16 import quickened

# How far a task's primary metric may move: half a point, of one above 1 (an error in its own unit) as large a share.
TOLERANCE = 0.005


def in_integers(model: Model, device: torch.device) -> Sharing | None:
    """Copy a model, the products of its encoder's layers in 8-bit integers; all else as in bfloat16.

    Args:
        model: in evaluation mode.
        device: where the copy is to compute.

    Returns:
        None where it can't be.
    """
    made = quickened(model, device) if isinstance(model, Sharing) else None
    if made is not None:
        for module in made.modules():
            if isinstance(module, FastLayer):
                module.quantise()
    return made


def bears_integers(manifest: Manifest) -> bool:
    """Whether every task that a model answers scored, on validation, about the same in 8-bit integers."""
    for task in manifest.answers:
        exact = manifest.metrics.get(task, {}).get("validation")
        found = manifest.integers.get(task)
        if exact is None or found is None:
            return False
        if not abs(found.value - exact.value) <= TOLERANCE * max(1.0, abs(exact.value)):
            return False
    return True
