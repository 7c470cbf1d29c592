"""Attention with dropout on CPU: PyTorch's own falls back to many small operations there."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from sharewise.models.kernels.dropout import drops, kept, random_cells
from sharewise.models.kernels.packing import Layout, Padded, allowed, current

NAME = "sharewise"
# What an encoder's attention may pass along without asking for anything that isn't computed here.
_HARMLESS = frozenset(
    {
        "deterministic",
        "is_causal",
        "output_attentions",
        "output_hidden_states",
        "position_ids",
        "return_dict",
        "sliding_window",
        "use_cache",
    }
)


class _Attention(torch.autograd.Function):
    """softmax(q k' s + bias), dropped out, times v."""

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        layout: Layout,
        scale: float,
        p: float,
    ) -> torch.Tensor:
        """Attend over ``(batch, heads, length, size)`` or, packed, ``(1, heads, total, size)``; return heads third.

        Args:
            ctx: keeps what the way back needs.
            query: as above, as the other two.
            key: see query.
            value: see query.
            layout: how the batch lies.
            scale: of the products.
            p: probability that a share of attention is dropped.
        """
        q, k, v = (layout.spread(x) for x in (query, key, value))
        q = q * scale
        scores = torch.bmm(q, k.transpose(1, 2))
        scores.view(len(layout.bias), -1, *scores.shape[1:]).add_(layout.bias.to(scores.dtype))
        shares = torch.softmax(scores, dim=-1)
        ctx.layout, ctx.scale, ctx.p = layout, scale, p
        if p == 0.0:
            ctx.save_for_backward(q, k, v, shares)
            return layout.gather(torch.bmm(shares, v))
        cells = random_cells(shares)
        ctx.save_for_backward(q, k, v, shares, cells)
        # What is kept counts 1 / (1 - p) times; scaling the product is less work than scaling the shares.
        return layout.gather(torch.bmm(kept(shares, cells, p), v).mul_(1.0 / (1.0 - p)))

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of query, key and value."""
        q, k, v, shares, *cells = ctx.saved_tensors
        layout, p = ctx.layout, ctx.p
        found = layout.spread(gradients[0].transpose(1, 2))
        if cells:
            found = found * (1.0 / (1.0 - p))
        of_shares = torch.bmm(found, v.transpose(1, 2))
        used = shares
        if cells:
            of_shares, used = kept(of_shares, cells[0], p), kept(shares, cells[0], p)
        of_value = torch.bmm(used.transpose(1, 2), found)
        of_scores = torch._softmax_backward_data(of_shares, shares, -1, shares.dtype)
        of_query = torch.bmm(of_scores, k).mul_(ctx.scale)
        of_key = torch.bmm(of_scores.transpose(1, 2), q)
        packed = (layout.gather(x).transpose(1, 2) for x in (of_query, of_key, of_value))
        return (*packed, None, None, None)


def attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """Attend as transformers' ``sdpa`` does; on CPU with cheap dropout.

    Args:
        module: the layer that attends.
        query: ``(batch, heads, length, size)``; key and value alike.
        key: see query.
        value: see query.
        attention_mask: bool, False where nothing is to be read, broadcast to ``(batch, heads, length, length)``.
        dropout: probability that a share of attention is dropped.
        scaling: of the products; 1 / sqrt(size) if None.
        others: what transformers passes along.

    Returns:
        ``(batch, length, heads, size)``, and no shares of attention.
    """
    layout = _layout(module, query, key, value, attention_mask, others)
    if layout is None or (dropout > 0.0 and not drops(query, dropout)):
        result, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
        )
        return result, None
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    found: torch.Tensor = _Attention.apply(query, key, value, layout, scale, dropout)  # type: ignore[no-untyped-call]
    return found, None


def _layout(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    others: dict[str, Any],
) -> Layout | None:
    """Return how the batch lies; None where attention is of a kind that isn't computed here."""
    if not allowed() or query.device.type != "cpu" or not query.dtype == key.dtype == value.dtype:
        return None
    if query.shape != key.shape or any(others[n] is not None for n in others if n not in _HARMLESS):
        return None
    if (packing := current()) is not None:
        return packing
    causal = others.get("is_causal")
    if getattr(module, "is_causal", True) if causal is None else causal:
        return None
    if mask is None or (mask.dtype == torch.bool and mask.shape[1] == 1 and mask.stride(2) == 0):
        return Padded.of(mask, query)
    return None


def register() -> None:
    """Make the attention known to transformers under its name."""
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
