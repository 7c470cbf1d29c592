"""What computes a batch: PyTorch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import final

import torch

from sharewise.data.tokens import TokenBatch
from sharewise.models.saved import LoadedModel


class Engine(ABC):
    """Tokens in, one output block a task out."""

    name: str

    @abstractmethod
    def forward(self, tokens: TokenBatch, tasks: Sequence[str]) -> Mapping[str, torch.Tensor]:
        """Map a batch to outputs of shape ``(batch, task.outputs)``, float32, on the CPU, of at least these tasks."""


@final
class TorchEngine(Engine):
    """The models as they were loaded, on the best device.

    Args:
        models: models that read the same tokens.
    """

    name = "torch"

    def __init__(self, models: Sequence[LoadedModel]) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.models = [(frozenset(model.tasks), model.sharing.to(self.device)) for model in models]

    @torch.inference_mode()
    def forward(self, tokens: TokenBatch, tasks: Sequence[str]) -> Mapping[str, torch.Tensor]:
        """See Engine."""
        there = tokens.to(self.device)
        outputs: dict[str, torch.Tensor] = {}
        for own, sharing in self.models:
            if own.intersection(tasks):
                # A model may have heads that it doesn't serve, as where weights were selected task by task.
                outputs.update({task: block for task, block in sharing(there).items() if task in own})
        return {task: block.float().cpu() for task, block in outputs.items()}
