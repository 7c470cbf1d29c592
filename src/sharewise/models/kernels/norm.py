"""Layer norm between bfloat16 products: computed in float32, handed on in bfloat16."""

from __future__ import annotations

from typing import final

import torch
from torch import nn

from sharewise.models.kernels.products import LOW, low_on_cpu


@final
class FastNorm(nn.LayerNorm):
    """PyTorch's layer norm; under autocast to bfloat16 on CPU its result is bfloat16.

    Autocast leaves it in float32, to be cast again by every product that reads it; sums over all layers are then
    twice as large as they need be.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """See nn.LayerNorm."""
        found = super().forward(input)
        return found.to(LOW) if low_on_cpu(input) else found
