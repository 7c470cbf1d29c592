"""What mixtures of experts have in common: an expert, and a gate that mixes several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from pydantic import Field
from torch import nn
from torch.nn import functional

from sharewise.models.sharing.layers import Affine, HiddenOptions


class ExpertOptions(HiddenOptions):
    """The key of methods with experts that all tasks share."""

    experts: int = Field(default=4, ge=1, le=64, description="experts that all tasks share")


@final
class Expert(nn.Module):
    """``gelu(A x + a)``: ``(batch, inputs)`` -> ``(batch, hidden)``."""

    def __init__(self, inputs: int, hidden: int, *, seed: int, purpose: str) -> None:
        super().__init__()
        self.layer = Affine(inputs, hidden, seed=seed, purpose=f"expert {purpose}")

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """See class."""
        return functional.gelu(self.layer(features))


@final
class Gate(nn.Module):
    """``sum_k softmax(G x)_k f_k``: mixes the outputs of experts by what it reads in x; uniform at the start."""

    def __init__(self, inputs: int, experts: int, *, seed: int, purpose: str) -> None:
        super().__init__()
        self.layer = Affine(inputs, experts, seed=seed, purpose=f"gate {purpose}", zero=True)

    def forward(self, features: torch.Tensor, experts: Sequence[torch.Tensor]) -> torch.Tensor:
        """Mix ``experts``, each ``(batch, hidden)``, by ``features`` ``(batch, inputs)``: ``(batch, hidden)``."""
        weights = torch.softmax(self.layer(features), dim=-1)
        return (torch.stack(list(experts), dim=1) * weights.unsqueeze(-1)).sum(dim=1)
