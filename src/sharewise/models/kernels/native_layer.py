"""A whole layer of BERT's family with kernels in C between its matrix products."""

from __future__ import annotations

from typing import Any, final

import torch

from sharewise.models.kernels.native import Drop, Kernels, kernels
from sharewise.models.kernels.shape import Shape


def needed_kernels() -> Kernels:
    """The kernels, where a layer was told before that there are some."""
    found = kernels()
    if found is None:
        raise RuntimeError("a layer computes with kernels that this machine doesn't have")
    return found


@final
class NativeLayer(torch.autograd.Function):
    """norm2(h + drop(gelu(h U' + b) V' + c)) with h = norm1(x + drop(attention(x) O' + o)).

    Products are bfloat16, everything between them float32; texts are read as they lie, without a pad. Biases are parts
    of whatever follows a product.
    """

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, shape: Shape, low: tuple[torch.Tensor, ...], *weights: torch.Tensor
    ) -> torch.Tensor:
        """Map ``(total, width)`` to the same.

        Args:
            ctx: keeps what the way back needs.
            x: states, bfloat16.
            shape: see there.
            low: copies in bfloat16 of the products' weights and biases: of queries, keys and values in one, then of
                attention's output, the layer's inner and outer; of the biases only the first is read.
            weights: the weights themselves, float32; biases and norms are used as they are.
        """
        native = needed_kernels()
        in_weight, _, out_weight, _, up_weight, _, down_weight, _ = low
        in_bias = torch.cat([weights[1], weights[3], weights[5]])
        out_bias, up_bias, down_bias, gain1, shift1, gain2, shift2 = (
            weights[i] for i in (7, 9, 11, *range(12, 16))
        )
        drops = [Drop.of(p) for p in (shape.attention, *shape.states)]
        starts = shape.packing.starts
        qkv = torch.mm(x, in_weight.t())
        context, sums = native.attention(qkv, in_bias, starts, shape.heads, shape.scale, drops[0])
        out = torch.mm(context, out_weight.t())
        h, *first = native.norm(out, out_bias, x, drops[1], (gain1, shift1, shape.eps[0]))
        inner = torch.mm(h, up_weight.t())
        active = native.gelu(inner, up_bias)
        down = torch.mm(active, down_weight.t())
        y, *second = native.norm(down, down_bias, h, drops[2], (gain2, shift2, shape.eps[1]))
        ctx.shape, ctx.drops = shape, drops
        ctx.save_for_backward(
            *(x, qkv, sums, context, h, inner, active, *first, *second),
            *(in_weight, out_weight, up_weight, down_weight, in_bias, up_bias, gain1, gain2),
        )
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[Any, ...]:
        """Return the gradients of the states and of all weights."""
        native = needed_kernels()
        x, qkv, sums, context, h, inner, active, *rest = ctx.saved_tensors
        first, second = rest[:3], rest[3:6]
        in_weight, out_weight, up_weight, down_weight, in_bias, up_bias, gain1, gain2 = rest[6:]
        shape: Shape = ctx.shape
        drops: list[Drop] = ctx.drops
        at_total, at_down, of_second = native.norm_back(
            gradients[0].contiguous(), None, second, gain2, drops[2]
        )
        down = torch.mm(at_down.t(), active)
        at_inner, of_up = native.gelu_back(torch.mm(at_down, down_weight), inner, up_bias)
        up = torch.mm(at_inner.t(), h)
        at_summed, at_out, of_first = native.norm_back(
            torch.mm(at_inner, up_weight), at_total, first, gain1, drops[1]
        )
        out = torch.mm(at_out.t(), context)
        at_qkv, of_in = native.attention_back(
            torch.mm(at_out, out_weight), (qkv, sums), in_bias, shape.packing.starts, shape.scale, drops[0]
        )
        within = torch.mm(at_qkv.t(), x)
        # Nobody else reads what is added here.
        at_x = torch.addmm(at_summed, at_qkv, in_weight, out=at_summed)
        return (
            *(at_x, None, None),
            *(piece for pair in zip(within.float().chunk(3), of_in.chunk(3), strict=True) for piece in pair),
            *(out.float(), of_first[2], up.float(), of_up, down.float(), of_second[2]),
            *(of_first[0], of_first[1], of_second[0], of_second[1]),
        )
