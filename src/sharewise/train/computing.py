"""What computes a run's layers and its optimizer's steps."""

from __future__ import annotations

from typing import Literal

import torch

from sharewise.models.kernels.native import kernels, why_not

Computing = Literal["compiled", "python", "torch"]


def resolve_kernels(wanted: Literal["auto", "python", "torch"], device: torch.device) -> Computing:
    """Turn what `training.kernels` says into what this machine does: the faster kernels are the CPU's alone."""
    if wanted == "torch" or device.type != "cpu":
        return "torch"
    return "compiled" if wanted == "auto" and kernels() is not None else "python"


def described(wanted: str, found: Computing) -> str:
    """Return what a run was computed with, and why not with compiled kernels where these were wanted."""
    return f"{found}: {why_not()}" if wanted == "auto" and found == "python" else found
