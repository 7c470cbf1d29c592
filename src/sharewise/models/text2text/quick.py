"""Label scoring of T5's family on the CPU, in bfloat16, with kernels in C: no pads, and all prefixes in one pass.

Transformers' decoder can be fed one run of tokens a row, so that a tree takes a pass for each place where labels part
(see ``scoring``). Here all nodes of the tree are fed at once, and each reads itself and its own beginnings; the
encoder's texts lie one after another, without pads. What a model computes is the same but for rounding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from sharewise.models.kernels.native import Kernels, kernels
from sharewise.models.kernels.packing import rounded_total
from sharewise.models.kernels.products import LOW, FastLinear
from sharewise.models.text2text.tree import PrefixTree

_TYPES = frozenset({"t5", "mt5"})
# Nodes of the tree, over all texts, that are decoded at a time, and their logits (nodes × vocabulary).
_NODES, _LOGITS = 2**13, 2**26


def can_be_quick(backbone: Any) -> bool:
    """Whether a model's labels can be scored so on this machine."""
    config = backbone.config
    return config.model_type in _TYPES and backbone.device.type == "cpu" and kernels() is not None


@torch.no_grad()
def quick_label_scores(
    backbone: Any, ids: torch.Tensor, mask: torch.Tensor, tree: PrefixTree, *, mean: bool = False
) -> torch.Tensor:
    """Return each label's log-probability as the decoder's whole text, float32 ``(rows, labels)``.

    Args:
        backbone: a model that ``can_be_quick``, in evaluation mode.
        ids: of the texts, int64 ``(rows, length)``, padded on the right.
        mask: 1 where there is no pad.
        tree: of the labels' tokens.
        mean: whether a log-probability is divided by the label's number of tokens.

    Raises:
        RuntimeError: on a machine without the kernels.
    """
    native = kernels()
    if native is None:
        raise RuntimeError("labels are to be scored by kernels that this machine doesn't have")
    starts = nn.functional.pad(mask.long().sum(dim=1).cumsum(dim=0), (1, 0))
    packed = ids[mask.bool()]
    packed = nn.functional.pad(packed, (0, rounded_total(len(packed)) - len(packed)))
    states = _encoded(native, backbone.encoder, packed, starts)
    number = len(tree.whole.tokens)
    rows = max(1, min(_NODES, _LOGITS // backbone.config.vocab_size) // number)
    # The last ones keep what the encoder's texts were filled up with.
    parts = [starts[first : first + rows + 1] for first in range(0, len(mask), rows)]
    ends = [int(part[-1]) for part in parts[:-1]] + [len(states)]
    scores = torch.cat(
        [
            _decoded(native, backbone, states[part[0] : end], part - part[0], tree)
            for part, end in zip(parts, ends, strict=True)
        ]
    )
    return scores / tree.lengths if mean else scores


def _encoded(native: Kernels, stack: Any, ids: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
    """States of packed texts, ``(total, width)``."""
    longest = int(starts.diff().max())
    distances = torch.arange(-(longest - 1), longest)
    # A query's row of the table begins one number earlier than that of the query before it.
    extra = (_position_bias(stack, distances), longest - 1, -1)
    stream, pending = _embedded(stack, ids), None
    for block in stack.block:
        attention, after = block.layer[0], block.layer[1]
        y = _normed(native, pending, stream, attention.layer_norm)
        pending = _self_attention(native, attention.SelfAttention, y, starts, extra)
        y = _normed(native, pending, stream, after.layer_norm)
        pending = _fed_forward(native, after.DenseReluDense, y)
    return _normed(native, pending, stream, stack.final_layer_norm)


def _decoded(
    native: Kernels, backbone: Any, states: torch.Tensor, starts: torch.Tensor, tree: PrefixTree
) -> torch.Tensor:
    """Each label's log-probability."""
    stack, nodes, rows = backbone.decoder, tree.whole, len(starts) - 1
    number = len(nodes.tokens)
    asks = torch.arange(rows + 1) * number
    bias = _position_bias(stack, nodes.depths[None, :] - nodes.depths[:, None])
    bias = bias.masked_fill(~nodes.visible, float("-inf")).contiguous()
    fed = nodes.tokens.repeat(rows)
    fed = nn.functional.pad(fed, (0, rounded_total(len(fed)) - len(fed)))
    stream, pending = _embedded(stack, fed), None
    for block in stack.block:
        own, others, after = block.layer
        y = _normed(native, pending, stream, own.layer_norm)
        pending = _self_attention(native, own.SelfAttention, y, asks, (bias, 0, number))
        y = _normed(native, pending, stream, others.layer_norm)
        attention = others.EncDecAttention
        queries = torch.mm(y, _low(attention.q).t())
        keys, values = torch.mm(states, _joined(attention.k, attention.v).t()).chunk(2, dim=1)
        heads = attention.n_heads
        context = native.read(queries, keys, values, asks=asks, starts=starts, heads=heads)
        y = _normed(native, torch.mm(context, _low(attention.o).t()), stream, after.layer_norm)
        pending = _fed_forward(native, after.DenseReluDense, y)
    y = _normed(native, pending, stream, stack.final_layer_norm)
    # mT5 has no such key, and scales nothing.
    if getattr(backbone.config, "scale_decoder_outputs", False):
        y = y * backbone.model_dim**-0.5
    logits = torch.mm(y, _low(backbone.lm_head).t())
    places = torch.arange(rows)[:, None] * number + nodes.places
    found = logits[places, nodes.following].float() - native.log_sums(logits)[places]
    return torch.zeros(rows, len(tree.lengths)).index_add_(1, nodes.labels, found)


def _self_attention(
    native: Kernels,
    attention: Any,
    y: torch.Tensor,
    starts: torch.Tensor,
    extra: tuple[torch.Tensor, int, int],
) -> torch.Tensor:
    joined = torch.mm(y, _joined(attention.q, attention.k, attention.v).t())
    parts = joined.chunk(3, dim=1)
    context = native.read(*parts, asks=starts, starts=starts, heads=attention.n_heads, extra=extra)
    return torch.mm(context, _low(attention.o).t())


def _fed_forward(native: Kernels, dense: Any, y: torch.Tensor) -> torch.Tensor:
    if not hasattr(dense, "wi_0"):
        return torch.mm(dense.act(torch.mm(y, _low(dense.wi).t())), _low(dense.wo).t())
    gate, up = torch.mm(y, _low(dense.wi_0).t()), torch.mm(y, _low(dense.wi_1).t())
    active = native.gated_gelu(gate, up) if _is_gelu(dense.act) else dense.act(gate) * up
    return torch.mm(active, _low(dense.wo).t())


def _is_gelu(act: Any) -> bool:
    """Whether it is GELU as a hyperbolic tangent approximates it."""
    from transformers.activations import GELUTanh, NewGELUActivation

    return isinstance(act, GELUTanh | NewGELUActivation)


def _normed(native: Kernels, x: torch.Tensor | None, stream: torch.Tensor, norm: Any) -> torch.Tensor:
    return native.add_and_scale(x, stream, norm.weight.float(), norm.variance_epsilon)


def _embedded(stack: Any, ids: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = nn.functional.embedding(ids, stack.embed_tokens.weight).float()
    return found


def _position_bias(stack: Any, distances: torch.Tensor) -> torch.Tensor:
    """What a stack's attention adds by how much later a token stands than its reader, float32 ``(heads, …)``."""
    attention = stack.block[0].layer[0].SelfAttention
    buckets = attention._relative_position_bucket(
        distances,
        bidirectional=not attention.is_decoder,
        num_buckets=attention.relative_attention_num_buckets,
        max_distance=attention.relative_attention_max_distance,
    )
    weights = attention.relative_attention_bias.weight.float()
    return nn.functional.embedding(buckets, weights).movedim(-1, 0).contiguous()


def _joined(*maps: nn.Linear) -> torch.Tensor:
    return torch.cat([_low(one) for one in maps])


def _low(linear: nn.Linear) -> torch.Tensor:
    """A map's weights in bfloat16, from the copies that there may be."""
    return linear.low()[0] if isinstance(linear, FastLinear) else linear.weight.to(LOW)
