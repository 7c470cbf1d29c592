"""A sharing method on a machine with little memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.heads import Head
from sharewise.models.sharing import Sharing, SharingOptions
from sharewise.tasks import Task


def out_of_memory() -> Exception:
    """What torch raises on a GPU."""
    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def cramped(rows: int, error: Callable[[], Exception] = out_of_memory) -> type[Sharing]:
    """Return hard sharing that can train on no more than so many rows at a time.

    Args:
        rows: that fit.
        error: makes what is raised for more.
    """

    class Cramped(Sharing):
        def __init__(
            self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: SharingOptions
        ) -> None:
            super().__init__()
            self.encoder = encoder
            self.tasks = tuple(tasks)
            self.heads = nn.ModuleList(
                Head(encoder.width, task.outputs, dropout=encoder.dropout, seed=seed, task=name)
                for name, task in tasks.items()
            )

        def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
            if self.training and len(tokens.input_ids) > rows:
                raise error()
            pooled = self.encoder.pooled(tokens)
            return {name: head(pooled) for name, head in zip(self.tasks, self.heads, strict=True)}

    return Cramped
