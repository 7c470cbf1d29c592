"""Few shapes of batches: for each new one a CPU's libraries make code anew, and the allocator finds other gaps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from sharewise.data.batches import evaluation_batches
from sharewise.data.tokens import TokenBatch, TokenStore
from sharewise.models.kernels.layer import LONGEST
from sharewise.tasks import Array

# Lengths are multiples of the first, which matrix units like too; numbers of rows 1, 2, or multiples of the second.
STEP, ROWS = 16, 4


def shaped_batches(
    store: TokenStore, budget: int, longest: int, *, packs: bool
) -> Iterator[tuple[Array, TokenBatch]]:
    """Cut texts into batches, texts of like length together.

    Args:
        store: the texts.
        budget: tokens of a batch, pads among them where they are computed.
        longest: tokens that the model bears.
        packs: whether whoever computes takes pads out, and so needs no grid.

    Yields:
        The texts' numbers, int64 ``(rows,)``, and the batch, whose first rows they are.
    """
    if not packs:
        for rows in evaluation_batches(grid_lengths(store.lengths), np.arange(len(store)), budget):
            yield rows, on_grid(store.batch(rows), longest)
        return
    # Longer texts are padded for attention alone.
    padded = store.lengths > LONGEST
    for rows in evaluation_batches(store.lengths, np.flatnonzero(padded), budget):
        yield rows, store.batch(rows)
    rest = np.flatnonzero(~padded)
    ordered = rest[np.argsort(-store.lengths[rest], kind="stable")]
    numbers = np.cumsum(store.lengths[ordered]) // budget
    for rows in np.split(ordered, np.flatnonzero(np.diff(numbers)) + 1):
        if len(rows):
            yield rows, store.batch(rows)


def on_grid(tokens: TokenBatch, longest: int) -> TokenBatch:
    """Pad a batch on the right, and with copies of its first row at its end, to the next shape of the grid.

    Args:
        tokens: the batch, ``(rows, length)``.
        longest: tokens that the model bears.
    """
    rows, length = tokens.input_ids.shape
    more = min(int(grid_lengths(np.array([length]))[0]), max(longest, length)) - length
    again = (rows if rows <= 2 else -(-rows // ROWS) * ROWS) - rows

    def padded(block: torch.Tensor) -> torch.Tensor:
        wide = torch.nn.functional.pad(block, (0, more))
        return torch.cat([wide, wide[:1].expand(again, -1)]) if again else wide

    types = tokens.token_type_ids
    return TokenBatch(
        padded(tokens.input_ids), padded(tokens.attention_mask), None if types is None else padded(types)
    )


def grid_lengths(lengths: Array) -> Array:
    """The lengths (int, any shape) that texts of these lengths get."""
    return -(-lengths // STEP) * STEP
