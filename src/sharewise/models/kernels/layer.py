"""A whole layer of BERT's family in one step forward and one back, on packed texts in bfloat16.

Taken apart into PyTorch's operations a layer spends as much time between its matrix products as in them. Here the three
products of queries, keys and values are one, sums and scales are parts of other operations, and nothing is kept or
moved that the way back doesn't need. The arithmetic is that of the layer's modules: the same roundings, but for sums
that the products take over.
"""

from __future__ import annotations

from typing import Any, cast, final

import torch
from torch import nn
from torch.nn import functional

from sharewise.models.kernels.dropout import MOST, kept, random_cells
from sharewise.models.kernels.integer_layer import IntegerWeight, integer_layer
from sharewise.models.kernels.native_layer import NativeLayer
from sharewise.models.kernels.packing import Packing, current
from sharewise.models.kernels.products import LOW, Copies, FastLinear, low_on_cpu
from sharewise.models.kernels.shape import Shape

# The class in transformers whose layers are of this make, as its relatives are.
_KINDS = frozenset({"BertLayer", "CamembertLayer", "ElectraLayer", "RobertaLayer", "XLMRobertaLayer"})
# Longer texts are read with matrix products in bfloat16, which then pay for the way there.
LONGEST = 256


@final
class _Layer(torch.autograd.Function):
    """norm2(h + drop(gelu(h U' + b) V' + c)) with h = norm1(x + drop(attention(x) O' + o))."""

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
                attention's output, the layer's inner and outer.
            weights: the weights themselves; the norms' are used as they are.
        """
        in_weight, in_bias, out_weight, out_bias, up_weight, up_bias, down_weight, down_bias = low
        norms = weights[-4:]
        packing, width = shape.packing, x.shape[-1]
        qkv = packing.spread_all(torch.addmm(in_bias, x, in_weight.t()), shape.heads, 3)
        q, k, v = qkv
        q.mul_(shape.scale)
        scores = torch.bmm(q, k.transpose(1, 2))
        scores.view(len(packing.mask), shape.heads, *scores.shape[1:]).add_(packing.low_bias)
        shares = torch.softmax(scores, dim=-1)
        del scores
        read, cells = _drop(shares, shape.attention)
        context = packing.gather(torch.bmm(read, v)).view(-1, width)
        if cells is not None:
            context.mul_(1.0 / (1.0 - shape.attention))
        one, one_cells = _drop(torch.addmm(out_bias, context, out_weight.t()), shape.states[0])
        summed = torch.add(x, one, alpha=1.0 / (1.0 - shape.states[0]))
        h, *of_first = torch.native_layer_norm(summed, [width], norms[0], norms[1], shape.eps[0])
        inner = torch.addmm(up_bias, h, up_weight.t())
        active = functional.gelu(inner)
        two, two_cells = _drop(torch.addmm(down_bias, active, down_weight.t()), shape.states[1])
        total = torch.add(h, two, alpha=1.0 / (1.0 - shape.states[1]))
        y, *of_second = torch.native_layer_norm(total, [width], norms[2], norms[3], shape.eps[1])
        ctx.shape = shape
        ctx.cells = cells, one_cells, two_cells
        ctx.save_for_backward(
            x,
            qkv,
            shares,
            context,
            summed,
            h,
            inner,
            active,
            total,
            *of_first,
            *of_second,
            in_weight,
            out_weight,
            up_weight,
            down_weight,
            *norms,
        )
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[Any, ...]:
        """Return the gradients of the states and of all weights."""
        (
            x,
            qkv,
            shares,
            context,
            summed,
            h,
            inner,
            active,
            total,
            mean1,
            rstd1,
            mean2,
            rstd2,
            in_weight,
            out_weight,
            up_weight,
            down_weight,
            *norms,
        ) = ctx.saved_tensors
        shape: Shape = ctx.shape
        cells, one_cells, two_cells = ctx.cells
        width, every = [x.shape[-1]], [True, True, True]
        norm_back = torch.ops.aten.native_layer_norm_backward
        at_total, w2, b2 = norm_back(
            gradients[0].contiguous(), total, width, mean2, rstd2, norms[2], norms[3], every
        )
        at_down = _drop_back(at_total, two_cells, shape.states[1])
        at_inner = torch.ops.aten.gelu_backward(torch.mm(at_down, down_weight), inner)
        at_h = torch.addmm(at_total, at_inner, up_weight)
        at_summed, w1, b1 = norm_back(at_h, summed, width, mean1, rstd1, norms[0], norms[1], every)
        at_out = _drop_back(at_summed, one_cells, shape.states[0])
        at_context = torch.mm(at_out, out_weight)
        if cells is not None:
            at_context.mul_(1.0 / (1.0 - shape.attention))
        q, k, v = qkv
        found = shape.packing.spread_all(at_context, shape.heads, 1)[0]
        at_shares = torch.bmm(found, v.transpose(1, 2))
        read = shares
        if cells is not None:
            at_shares, read = kept(at_shares, cells, shape.attention), kept(shares, cells, shape.attention)
        at_scores = torch._softmax_backward_data(at_shares, shares, -1, LOW)
        at_qkv = torch.empty_like(qkv)
        torch.bmm(at_scores, k, out=at_qkv[0]).mul_(shape.scale)
        torch.bmm(at_scores.transpose(1, 2), q, out=at_qkv[1])
        torch.bmm(read.transpose(1, 2), found, out=at_qkv[2])
        at_in = shape.packing.gather_all(at_qkv)
        at_x = torch.addmm(at_summed, at_in, in_weight)
        in_w, in_b = _of_weights(at_in, x)
        return (
            at_x,
            None,
            None,
            *(piece for pair in zip(in_w.chunk(3), in_b.chunk(3), strict=True) for piece in pair),
            *_of_weights(at_out, context),
            *_of_weights(at_inner, h),
            *_of_weights(at_down, active),
            w1,
            b1,
            w2,
            b2,
        )


def _drop(x: torch.Tensor, p: float) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Drop cells without scaling the others; return the random bits too, None where nothing is dropped."""
    if p == 0.0:
        return x, None
    cells = random_cells(x)
    return kept(x, cells, p), cells


def _drop_back(gradient: torch.Tensor, cells: torch.Tensor | None, p: float) -> torch.Tensor:
    return gradient if cells is None else kept(gradient, cells, p).mul_(1.0 / (1.0 - p))


def _of_weights(above: torch.Tensor, below: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.mm(above.t(), below).float(), above.sum(dim=0).float()


class FastLayer:
    """Stands before a layer's own class, and computes the layer in one step where it can.

    Attributes:
        joint: copies in bfloat16 of the weights and biases of queries, keys and values, one under the other.
        native: whether kernels in C compute what is between its products.
        last: whether no other layer reads its states.
        integers: the weights in 8-bit integers, where it is to compute with these; it then can't learn.
    """

    joint: tuple[torch.Tensor, torch.Tensor]
    native: bool
    last: bool = False
    integers: tuple[IntegerWeight, ...] = ()

    def quantise(self) -> None:
        """Compute with 8-bit integers from now on, with the weights as they are now."""
        weights = [product.weight for product in _parts(self)[0]]
        self.integers = tuple(map(IntegerWeight.of, (torch.cat(weights[:3]), *weights[3:])))

    def forward(self, hidden_states: torch.Tensor, *others: Any, **keywords: Any) -> Any:
        """See the layer's own class."""
        packing, layer = current(), cast(Any, self)
        products, norms = _parts(layer)
        weights = [p for part in (*products, *norms) for p in (part.weight, part.bias)]
        rates = layer.attention.self.dropout.p, layer.attention.output.dropout.p, layer.output.dropout.p
        if (
            packing is None
            or not low_on_cpu(hidden_states)
            or (torch.is_grad_enabled() and not all(p.requires_grad for p in weights))
            or (layer.training and max(rates) > MOST and not self.native)
        ):
            return super().forward(hidden_states, *others, **keywords)  # type: ignore[misc]
        if self.last and packing.first_only:
            return _first_states(layer, hidden_states, packing)
        rates = rates if layer.training else (0.0, 0.0, 0.0)
        shape = Shape(
            packing=packing,
            heads=layer.attention.self.num_attention_heads,
            scale=layer.attention.self.scaling,
            attention=rates[0],
            states=(rates[1], rates[2]),
            eps=(norms[0].eps, norms[1].eps),
        )
        states = hidden_states[0].to(LOW)
        if self.integers and not layer.training:
            return integer_layer(states, shape, self.integers, weights)[None]
        # Asked for one by one they are brought up to date, the first three where `joint` holds them.
        single = [copy for product in products for copy in product.low()]
        compute: Any = NativeLayer if self.native and packing.length <= LONGEST else _Layer
        found: torch.Tensor = compute.apply(states, shape, (*self.joint, *single[6:]), *weights)
        return found[None]


def _first_states(layer: Any, states: torch.Tensor, packing: Packing) -> torch.Tensor:
    """A layer's states of each text's first token: ``(1, total, width)`` -> ``(1, batch, width)``.

    Keys and values are those of all tokens, all else is of the first ones: a sixth of the layer's work.
    """
    own = layer.attention.self
    heads = own.num_attention_heads
    first = states[:, packing.firsts]
    both = torch.cat([own.key(states)[0], own.value(states)[0]], dim=1)
    keys, values = packing.spread_all(both, heads, 2)
    query = own.query(first).view(len(packing.mask) * heads, 1, -1)
    scores = torch.bmm(query, keys.transpose(1, 2)).float() * own.scaling
    # A text without tokens reads nothing but zeros, evenly.
    bias = packing.bias.clamp(min=torch.finfo(torch.float32).min)
    scores = scores.view(len(packing.mask), heads, 1, -1) + bias
    shares = own.dropout(torch.softmax(scores, dim=-1)).to(values.dtype).flatten(0, 1)
    context = torch.bmm(shares, values).view(1, len(packing.mask), -1)
    after = layer.attention.output(context, first)
    found: torch.Tensor = layer.output(layer.intermediate(after), after)
    return found


def replace(layer: nn.Module, copies: Copies, *, native: bool) -> None:
    """Let a layer be computed in one step where it is of BERT's make; else leave it as it is.

    Args:
        layer: of an encoder.
        copies: where its weights' copies are kept.
        native: whether it is to compute with kernels in C.
    """
    if type(layer).__name__ not in _KINDS:
        return
    products, norms = _parts(layer)
    plain: Any = layer
    act = plain.intermediate.intermediate_act_fn
    if (
        any(type(p) is not nn.Linear or p.bias is None for p in products)
        or any(type(n) is not nn.LayerNorm for n in norms)
        or getattr(act, "act", None) is not functional.gelu
        or plain.chunk_size_feed_forward
        or plain.is_decoder
        or plain.attention.self.num_attention_heads * plain.attention.self.attention_head_size
        != products[0].in_features
    ):
        return
    width = products[0].in_features
    joint = torch.empty(3 * width, width, dtype=LOW), torch.empty(3 * width, dtype=LOW)
    for number, product in enumerate(products):
        part = slice(number * width, (number + 1) * width)
        FastLinear.replace(product, copies, (joint[0][part], joint[1][part]) if number < 3 else None)
    layer.__class__ = type(f"Fast{type(layer).__name__}", (FastLayer, type(layer)), {})
    plain.joint, plain.native = joint, native


def mark_last(backbone: nn.Module) -> None:
    """Tell the last of a backbone's layers that it is, where it is computed in one step and nothing follows it."""
    layers = getattr(getattr(backbone, "encoder", None), "layer", None)
    if isinstance(layers, nn.ModuleList) and len(layers) and isinstance(layers[-1], FastLayer):
        layers[-1].last = True


def _parts(layer: Any) -> tuple[tuple[Any, ...], tuple[Any, Any]]:
    """Return a layer's products, in the order of the way forward, and its norms."""
    attention = layer.attention
    products = (
        attention.self.query,
        attention.self.key,
        attention.self.value,
        attention.output.dense,
        layer.intermediate.dense,
        layer.output.dense,
    )
    return products, (attention.output.LayerNorm, layer.output.LayerNorm)
