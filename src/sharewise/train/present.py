"""The tasks of a step, as several processes must see them."""

from __future__ import annotations

from collections.abc import Collection
from typing import final

import torch
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.sharing import Sharing


@final
class PresentTasks(nn.Module):
    """A model that gives the outputs of only those tasks that a step holds.

    torch's DistributedDataParallel awaits a gradient of everything that its outputs depend on. A task absent from a
    step on every process has none, and must stay without one: with a gradient of zeros the optimizer would still
    move its head by momentum and decay, which a lone process doesn't do.

    Args:
        sharing: the model.
    """

    def __init__(self, sharing: Sharing) -> None:
        super().__init__()
        self.sharing = sharing

    def forward(self, tokens: TokenBatch, tasks: Collection[str]) -> dict[str, torch.Tensor]:
        """Map a batch of texts to outputs of shape ``(batch, task.outputs)`` of the given tasks."""
        outputs = self.sharing(tokens)
        return {task: outputs[task] for task in tasks}
