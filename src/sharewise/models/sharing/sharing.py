"""The interface of a sharing method: how tasks share one encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder


class Sharing(nn.Module, ABC):
    """Tokens in, one output block a task out.

    A method owns its encoder and heads. Heads of the same task start from the same random numbers in every
    method and arm, so that arms of one seed are paired.

    Attributes:
        encoder: what the tasks share; a saved model keeps it apart from the rest.
    """

    encoder: Encoder

    @abstractmethod
    def forward(self, tokens: TokenBatch) -> Mapping[str, torch.Tensor]:
        """Map a batch of texts to outputs of shape ``(batch, task.outputs)``, float32, by task name."""
