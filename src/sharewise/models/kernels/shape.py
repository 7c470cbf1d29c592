"""What a layer computes with, besides its weights."""

from __future__ import annotations

from dataclasses import dataclass

from sharewise.models.kernels.packing import Packing


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a layer computes with, besides its weights.

    Attributes:
        packing: of the batch.
        heads: of attention.
        scale: of the products of queries and keys.
        attention: probability that a share of attention is dropped.
        states: probability that a cell is dropped from either part's output.
        eps: of either norm.
    """

    packing: Packing
    heads: int
    scale: float
    attention: float
    states: tuple[float, float]
    eps: tuple[float, float]
