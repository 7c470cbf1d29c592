"""Hard parameter sharing: one encoder, one linear head a task (Caruana, 1997)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.heads import Head
from sharewise.models.sharing.sharing import Sharing
from sharewise.tasks import Task


@final
class HardSharing(Sharing):
    """Every task reads the same pooled vector; with one task this is the single-task model.

    Args:
        encoder: the encoder that all tasks share.
        tasks: the tasks by name; each gets a head.
        seed: the run's seed, from which the heads' weights come.
    """

    def __init__(self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        # By position, not by name: nn.ModuleDict refuses names with dots, and "keys" or "train".
        self.heads = nn.ModuleList(
            Head(encoder.width, task.outputs, dropout=encoder.dropout, seed=seed, task=name)
            for name, task in tasks.items()
        )

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        pooled = self.encoder.pool(self.encoder(tokens), tokens.attention_mask)
        return {name: head(pooled) for name, head in zip(self.tasks, self.heads, strict=True)}
