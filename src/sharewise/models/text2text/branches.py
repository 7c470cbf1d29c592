"""Attention of a decoder in which the branches of a row read the same encoded text.

Transformers would have each branch bring keys and values of its own, so that they'd be copied, and read, as often as
there are branches. Here a row's branches are the queries of one text.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

_NAME = "sharewise-branches"
# By a model's id: how many batches are being scored.
_users: dict[int, int] = {}
_lock = threading.Lock()


@contextmanager
def shared_states(model: Any) -> Iterator[bool]:
    """Let a decoder's branches share encoded texts while the block runs, where its attention can be exchanged.

    Args:
        model: of transformers' AutoModelForSeq2SeqLM.

    Yields:
        Whether a batch of ``rows * branches`` may be given keys and values of ``rows``.
    """
    configs = list({id(m.config): m.config for m in model.modules() if hasattr(m, "config")}.values())
    key = id(model)
    with _lock:
        # Batches of several threads may be in here at once; the last that leaves puts back what was there.
        users = _users.get(key, 0)
        shared = users > 0 or all(c._attn_implementation == "sdpa" for c in configs)
        if shared:
            _users[key] = users + 1
        if shared and not users:
            AttentionInterface.register(_NAME, _attention)
            AttentionMaskInterface.register(_NAME, sdpa_mask)
            for config in configs:
                config._attn_implementation = _NAME
    try:
        yield shared
    finally:
        if shared:
            with _lock:
                _users[key] -= 1
                if not _users[key]:
                    del _users[key]
                    for config in configs:
                        config._attn_implementation = "sdpa"


def _attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    position_bias: torch.Tensor | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """Attend with ``(rows * branches, heads, length, size)`` over ``(rows, heads, read, size)``.

    Args:
        module: the layer that attends.
        query: as above; a row's branches follow one another.
        key: see there, as is value.
        value: see query.
        attention_mask: bool, False where nothing is to be read, broadcast to ``(rows * branches, heads,
            length, read)``.
        position_bias: added to products of queries and keys, broadcast alike.
        others: what transformers passes along.

    Returns:
        ``(rows * branches, length, heads, size)``, and no shares of attention.
    """
    if len(query) == len(key):
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, position_bias=position_bias, **others
        )
    rows, branches, length = len(key), len(query) // len(key), query.shape[2]

    def together(values: torch.Tensor) -> torch.Tensor:
        """Put a row's branches one after another, ``(rows, …, branches * length, …)``."""
        own = values.repeat_interleave(branches, dim=0) if len(values) == rows else values
        every = own.expand(len(query), -1, length, -1)
        return every.reshape(rows, branches, *every.shape[1:]).transpose(1, 2).flatten(2, 3)

    found, _ = sdpa_attention_forward(
        module,
        together(query),
        key,
        value,
        None if attention_mask is None else together(attention_mask),
        position_bias=None if position_bias is None else together(position_bias),
        **others | {"is_causal": False},
    )
    return found.view(rows * branches, length, *found.shape[2:]), None
