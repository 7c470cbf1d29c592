"""A whole layer of BERT's family with its products in 8-bit integers, for models that answer and don't learn.

Weights are whole numbers times a scale for each output, states whole numbers times a scale for each token, both from
-127 to 127 (Dettmers et al., 2022, without their exceptions for outliers). Sums are exact where ``integers_are_exact``;
what is between the products is as in ``native_layer``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import final

import torch

from sharewise.models.kernels.native import NOTHING
from sharewise.models.kernels.native_layer import needed_kernels
from sharewise.models.kernels.shape import Shape

_LARGEST = 127


@cache
def integers_are_exact() -> bool:
    """Whether this processor adds products of 8-bit integers up in 32 bits, and at a rate that pays.

    Older ones add pairs in 16 bits, which overflow; and without such instructions at all it is a plain loop.
    """
    if not torch.cpu._is_vnni_supported():
        return False
    most = torch.full((32, 64), _LARGEST, dtype=torch.int8)
    exact = 64 * _LARGEST**2
    return all(bool((torch._int_mm(most, sign * most.t()) == sign * exact).all()) for sign in (1, -1))


@final
@dataclass(frozen=True)
class IntegerWeight:
    """A linear map's weight.

    Attributes:
        whole: int8 ``(outputs, inputs)``.
        scales: of each output, ``(outputs,)``.
    """

    whole: torch.Tensor
    scales: torch.Tensor

    @classmethod
    def of(cls, weight: torch.Tensor) -> IntegerWeight:
        """Round a weight."""
        exact = weight.detach().float()
        scales = exact.abs().amax(dim=1) / _LARGEST
        # An output whose weights are all zero has any scale.
        whole = torch.round(exact / scales.clamp(min=torch.finfo(torch.float32).tiny)[:, None])
        return cls(whole.to(torch.int8), scales)

    def products(self, whole: torch.Tensor) -> torch.Tensor:
        """Multiply int8 ``(rows, inputs)``: int32 ``(rows, outputs)``."""
        return torch._int_mm(whole, self.whole.t())


def integer_layer(
    x: torch.Tensor, shape: Shape, quantised: Sequence[IntegerWeight], weights: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Map ``(total, width)`` to the same.

    Args:
        x: states, bfloat16.
        shape: see there; nothing is dropped.
        quantised: weights of queries, keys and values in one, of attention's output, of the layer's inner and outer.
        weights: as in ``NativeLayer``; biases and norms are read.
    """
    native = needed_kernels()
    into, out, up, down = quantised
    in_bias = torch.cat([weights[1], weights[3], weights[5]])

    def multiplied(states: torch.Tensor, weight: IntegerWeight) -> torch.Tensor:
        whole, scales = native.quantised(states)
        return native.restored(weight.products(whole), scales, weight.scales)

    qkv = multiplied(x, into)
    context, _ = native.attention(qkv, in_bias, shape.packing.starts, shape.heads, shape.scale, NOTHING)
    first = weights[12], weights[13], shape.eps[0]
    h, *_ = native.norm(multiplied(context, out), weights[7], x, NOTHING, first)
    whole, scales = native.quantised(h)
    active, of_rows = native.quantised_gelu(up.products(whole), scales, up.scales, weights[9])
    outer = native.restored(down.products(active), of_rows, down.scales)
    return native.norm(outer, weights[11], h, NOTHING, (weights[14], weights[15], shape.eps[1]))[0]
