"""What a kernel in C drops, and with what random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch

_PATTERNS = 2**32


@final
@dataclass(frozen=True)
class Drop:
    """Dropout of one operation; the way back draws the same mask from it.

    Attributes:
        limit: of the 2^32 patterns of a cell's random bits, how many drop it.
        scale: of what is kept.
        key: 64 bits from which all cells' bits follow.
    """

    limit: int
    scale: float
    key: int

    @classmethod
    def of(cls, p: float) -> Drop:
        """Return what drops with this probability, its key drawn from torch's global generator."""
        if p == 0.0:
            return NOTHING
        key = int(torch.empty((), dtype=torch.int64).random_())
        return cls(min(round(p * _PATTERNS), _PATTERNS - 1), 1.0 / (1.0 - p), key)


NOTHING = Drop(0, 1.0, 0)
