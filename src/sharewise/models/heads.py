"""The head of one task: dropout and a linear map, started alike in every arm of a seed."""

from __future__ import annotations

import math
from typing import final

import torch
from torch import nn
from torch.nn import functional

from sharewise.models.encoder import derived_seed


@final
class Head(nn.Module):
    """Dropout, then a linear map, in float32 whatever the encoder computes in.

    Weights are normal with the variance of PyTorch's linear maps, 1 / (3 width): BERT's deviation of .02 at BERT's
    width, and more where an encoder is narrower, whose features say less each. They depend on seed and task alone.

    Args:
        width: features of a pooled text.
        outputs: outputs of the task.
        constants: how many of them, the last ones, are biases alone.
        dropout: probability that a feature is dropped in training.
        seed: the run's seed.
        task: the task's name.
    """

    def __init__(
        self, width: int, outputs: int, *, dropout: float, seed: int, task: str, constants: int = 0
    ) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(derived_seed(seed, f"head {task}"))
        self.weight = nn.Parameter(
            torch.randn(outputs - constants, width, generator=generator) / math.sqrt(3 * width)
        )
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.constants = constants
        self.dropout = nn.Dropout(dropout)

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """Map ``(batch, width)`` to ``(batch, outputs)``."""
        with torch.autocast(pooled.device.type, enabled=False):
            features = self.dropout(pooled.float())
            if self.constants:
                return (
                    functional.pad(functional.linear(features, self.weight), (0, self.constants)) + self.bias
                )
            outputs: torch.Tensor = functional.linear(features, self.weight, self.bias)
        return outputs
