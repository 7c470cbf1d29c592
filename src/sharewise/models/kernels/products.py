"""Linear maps in bfloat16 over float32 weights, whose copies in bfloat16 are made once a step, all in one go.

Autocast casts each weight, and each input as often as it is read, in every step, and each gradient of a weight on its
own. Here the copies stay from step to step and are brought up to date together when the weights have changed.
"""

from __future__ import annotations

from typing import Any, cast, final

import torch
from torch import nn
from torch.nn import functional

LOW = torch.bfloat16


class Copies:
    """Copies in bfloat16 of all weights of an encoder's linear maps."""

    def __init__(self) -> None:
        self.weights: list[nn.Parameter] = []
        self.copies: list[torch.Tensor] = []
        self.versions: list[int] = []

    def add(self, weight: nn.Parameter, place: torch.Tensor | None = None) -> int:
        """Take a weight in, its copy in a tensor of its own or in the given place; return its number."""
        copy = torch.empty_like(weight, dtype=LOW, requires_grad=False) if place is None else place
        self.weights.append(weight)
        self.copies.append(copy.copy_(weight.detach()))
        self.versions.append(weight._version)
        return len(self.weights) - 1

    def copy(self, number: int) -> torch.Tensor:
        """Return the copy of a weight as the weight is now."""
        if self.versions[number] != self.weights[number]._version:
            self._renew()
        return self.copies[number]

    @torch.no_grad()
    def _renew(self) -> None:
        changed = [i for i, w in enumerate(self.weights) if self.versions[i] != w._version]
        torch._foreach_copy_([self.copies[i] for i in changed], [self.weights[i] for i in changed])
        for i in changed:
            self.versions[i] = self.weights[i]._version


class _Product(torch.autograd.Function):
    """x W' + b from the copies; gradients of the float32 weights."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        low: torch.Tensor,
        low_bias: torch.Tensor | None,
    ) -> torch.Tensor:
        """Map ``(…, in)`` to bfloat16 ``(…, out)``."""
        flat = x.reshape(-1, x.shape[-1]).to(LOW)
        ctx.save_for_backward(flat, low)
        ctx.shape, ctx.dtype = x.shape, x.dtype
        product = torch.mm(flat, low.t()) if low_bias is None else torch.addmm(low_bias, flat, low.t())
        return product.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of input, weight and bias, the latter two in float32."""
        flat, low = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        found = gradients[0].reshape(-1, gradients[0].shape[-1]).to(LOW)
        x = torch.mm(found, low).view(ctx.shape).to(ctx.dtype) if wanted[0] else None
        weight = torch.mm(found.t(), flat).float() if wanted[1] else None
        bias = found.sum(dim=0).float() if wanted[2] else None
        return x, weight, bias, None, None


@final
class FastLinear(nn.Linear):
    """PyTorch's linear map; under autocast to bfloat16 on CPU it multiplies the copies."""

    copies: Copies
    numbers: tuple[int, int | None]

    @classmethod
    def replace(
        cls, linear: nn.Linear, copies: Copies, places: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> None:
        """Turn a linear map into one of these; the copies of weight and bias may have places given to them."""
        linear.__class__ = cls
        faster = cast(FastLinear, linear)
        weight, bias = places or (None, None)
        faster.copies = copies
        faster.numbers = (
            copies.add(cast(nn.Parameter, faster.weight), weight),
            None if faster.bias is None else copies.add(faster.bias, bias),
        )

    def low(self) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return weight and bias in bfloat16."""
        weight, bias = self.numbers
        return self.copies.copy(weight), None if bias is None else self.copies.copy(bias)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """See nn.Linear."""
        if not low_on_cpu(input):
            return functional.linear(input, self.weight, self.bias)
        found: torch.Tensor = _Product.apply(input, self.weight, self.bias, *self.low())  # type: ignore[no-untyped-call]
        return found


def low_on_cpu(x: torch.Tensor) -> bool:
    """Whether autocast asks for bfloat16 where this tensor is, and it is on the CPU."""
    return (
        x.device.type == "cpu" and torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == LOW
    )
