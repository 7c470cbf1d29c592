"""Dropout whose masks cost next to nothing on CPU.

PyTorch draws a mask on CPU a cell at a time, which takes longer than the matrix products around it. Here cells are cut
out of 64-bit random words, 16 bits a cell of bfloat16, 32 bits a cell of float32, and one vectorised operation both
compares and drops. The bits of a cell are read as a number of the cell's own type, for that is what the operation
compares: bit patterns of negative numbers are in the order of their magnitudes, so that a threshold among them drops
exactly as many of the 2^16 (or 2^32) patterns as wanted. Patterns that are no numbers are never below it: they keep.

The masks follow the same distribution as PyTorch's, but for p, which is rounded to a multiple of 2^-16 (2^-32); they
are other masks. They come from torch's global generator, so that a seed decides them as it does PyTorch's.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Any, final

import torch
from torch import nn
from torch.nn import functional

from sharewise.models.kernels.native import Drop, kernels

# Bits of a cell.
_BITS = {torch.bfloat16: 16, torch.float32: 32}
# Above this no negative number is a threshold: more than half of all patterns are to be dropped.
MOST = 0.49
_LOWEST = -(2**63)


def drops(x: torch.Tensor, p: float) -> bool:
    """Whether ``dropped`` can drop cells of this tensor with this probability."""
    return x.device.type == "cpu" and x.dtype in _BITS and 0.0 < p <= MOST


def random_cells(x: torch.Tensor) -> torch.Tensor:
    """Return random bits for each cell of a tensor, as numbers of its type and shape."""
    cells = x.numel()
    words = torch.empty(-(-cells * _BITS[x.dtype] // 64), dtype=torch.int64).random_(_LOWEST, None)
    return words.view(x.dtype)[:cells].view(x.shape)


def kept(x: torch.Tensor, cells: torch.Tensor, p: float) -> torch.Tensor:
    """Return ``x`` with zeros where ``cells`` says so, not scaled up."""
    found: torch.Tensor = torch.ops.aten.threshold_backward(x, cells, threshold(p, x.dtype))
    return found


@cache
def threshold(p: float, dtype: torch.dtype) -> float:
    """Return the number at or below which lie round(p 2^bits) of all patterns: negative, minus infinity the first."""
    bits = _BITS[dtype]
    count = round(p * 2**bits)
    infinity = 0x7F80 << (bits - 16)
    pattern = (infinity + 1 - count) << (32 - bits)
    (magnitude,) = struct.unpack("<f", struct.pack("<I", pattern))
    return -float(magnitude)


class _Drop(torch.autograd.Function):
    """Dropout of one tensor."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, p: float) -> torch.Tensor:
        """Return cells that are zero with probability p, else scaled by 1 / (1 - p)."""
        cells = random_cells(x)
        ctx.save_for_backward(cells)
        ctx.p = p
        return kept(x, cells, p).mul_(1.0 / (1.0 - p))

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Drop and scale the gradient alike."""
        (cells,) = ctx.saved_tensors
        return kept(gradients[0], cells, ctx.p).mul_(1.0 / (1.0 - ctx.p)), None


def dropout(x: torch.Tensor, p: float) -> torch.Tensor:
    """Drop cells with probability p in training; by PyTorch's own way where this one isn't made for it."""
    if not drops(x, p):
        return functional.dropout(x, p, training=True)
    found: torch.Tensor = _Drop.apply(x, p)  # type: ignore[no-untyped-call]
    return found


class _NativeDrop(torch.autograd.Function):
    """Dropout of one tensor by the kernel in C, which draws the mask again on the way back."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, p: float) -> torch.Tensor:
        """See _Drop."""
        ctx.drop = Drop.of(p)
        return _by_kernel(x, ctx.drop)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        """See _Drop."""
        return _by_kernel(gradients[0], ctx.drop), None


def _by_kernel(x: torch.Tensor, drop: Drop) -> torch.Tensor:
    native = kernels()
    if native is None:
        raise RuntimeError("dropout by a kernel that this machine doesn't have")
    return native.dropped(x, drop)


def native_dropout(x: torch.Tensor, p: float) -> torch.Tensor:
    """Drop cells by the kernel in C; by PyTorch's own way where it isn't made for them."""
    if x.device.type != "cpu" or x.dtype not in _BITS or not 0.0 < p < 1.0:
        return functional.dropout(x, p, training=True)
    found: torch.Tensor = _NativeDrop.apply(x, p)  # type: ignore[no-untyped-call]
    return found


@final
class FastDropout(nn.Dropout):
    """PyTorch's dropout, with masks that are cheap on CPU.

    Attributes:
        native: whether a kernel in C makes them.
    """

    native = False

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """See nn.Dropout."""
        if not self.training or self.p == 0.0:
            return input
        return native_dropout(input, self.p) if self.native else dropout(input, self.p)
