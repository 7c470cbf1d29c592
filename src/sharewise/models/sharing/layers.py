"""Small layers above or inside the encoder, started from the seed and their purpose alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import final

import torch
from pydantic import Field
from torch import nn
from torch.nn import functional

from sharewise.models.encoder import Encoder, derived_seed
from sharewise.models.heads import Head
from sharewise.models.sharing.sharing import SharingOptions
from sharewise.tasks import Task


class HiddenOptions(SharingOptions):
    """The key of methods that add layers above the encoder."""

    hidden: int = Field(default=256, ge=1, le=16384, description="units of each layer that the method adds")


@final
class Affine(nn.Module):
    """``W x + b``: W normal with variance 1 / inputs, or zero; b zero.

    Args:
        inputs: features in.
        outputs: features out.
        seed: the run's seed.
        purpose: what it is for; with the seed it decides W.
        zero: whether W starts at zero.
    """

    def __init__(self, inputs: int, outputs: int, *, seed: int, purpose: str, zero: bool = False) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(derived_seed(seed, purpose))
        start = torch.randn(outputs, inputs, generator=generator) / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.zeros_like(start) if zero else start)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map ``(…, inputs)`` to ``(…, outputs)``."""
        return functional.linear(features, self.weight, self.bias)


@final
class Bottleneck(nn.Module):
    """``x + V gelu(U x + a) + b``; V starts at zero, so that it starts as the identity (Houlsby et al., 2019, §2).

    Args:
        width: features of x.
        inner: features between U and V.
        seed: the run's seed.
        purpose: what it is for.
    """

    def __init__(self, width: int, inner: int, *, seed: int, purpose: str) -> None:
        super().__init__()
        self.down = Affine(width, inner, seed=seed, purpose=f"{purpose} down")
        self.up = Affine(inner, width, seed=seed, purpose=f"{purpose} up", zero=True)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map ``(…, width)`` to ``(…, width)``."""
        change: torch.Tensor = self.up(functional.gelu(self.down(features)))
        return features + change.to(features.dtype)


def task_heads(tasks: Mapping[str, Task], width: int, encoder: Encoder, seed: int) -> nn.ModuleList:
    """Return a linear head a task, in the tasks' order.

    By position, not by name: nn.ModuleDict refuses names with dots, and "keys" or "train".
    """
    return nn.ModuleList(
        Head(
            width,
            task.outputs,
            dropout=encoder.dropout,
            seed=seed,
            task=name,
            constants=task.constants,
        )
        for name, task in tasks.items()
    )


def in_float32(features: torch.Tensor) -> AbstractContextManager[object]:
    """Return the context in which layers above the encoder compute in float32, whatever the encoder does."""
    return torch.autocast(features.device.type, enabled=False)
