"""How many floating-point operations a model takes to answer one text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from sharewise.data.tokens import TokenBatch, TokenStore
from sharewise.models.kernels.packing import forbidden

# Rows of the batch that is counted: those around the median length.
_ROWS = 8


def flops_per_row(forward: Callable[[TokenBatch], Any], store: TokenStore, device: torch.device) -> float:
    """Count the operations of matrix products in one forward pass over texts of median length, a row.

    A multiplication and an addition are two operations. Only matrix products are counted, which are nearly all.

    Args:
        forward: the model; the ids are the tokenizer's own.
        store: tokens of a split.
        device: where the model is.
    """
    order = np.argsort(store.lengths, kind="stable")
    start = max(0, (len(order) - _ROWS) // 2)
    rows = order[start : start + _ROWS]
    # Fused attention isn't counted on every device; written out it is two matrix products.
    # Packing adds tokens, which other lengths of texts wouldn't.
    with (
        torch.no_grad(),
        forbidden(),
        sdpa_kernel(SDPBackend.MATH),
        FlopCounterMode(display=False) as counter,
    ):
        forward(store.batch(rows).to(device))
    return float(counter.get_total_flops() / len(rows))
