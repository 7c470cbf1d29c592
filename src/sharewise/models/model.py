"""What is trained, saved and asked, whatever it is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from sharewise.data.tokens import TokenBatch

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, kw_only=True)
class SavedParts:
    """A model as it is saved.

    Attributes:
        backbone: what transformers saves and loads.
        weights: the backbone's, by the names that transformers knows.
        own: all other weights.
    """

    backbone: PreTrainedModel
    weights: Mapping[str, torch.Tensor]
    own: Mapping[str, torch.Tensor]


class Model(nn.Module, ABC):
    """Tokens in, one output block a task out."""

    @abstractmethod
    def forward(self, tokens: TokenBatch) -> Mapping[str, torch.Tensor]:
        """Map a batch of texts to outputs of shape ``(batch, task.outputs)``, float32, by task name."""

    @abstractmethod
    def parts(self) -> SavedParts:
        """Take the model apart for saving."""
