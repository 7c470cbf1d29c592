"""The interface between the loop and a model: cells in, losses out; texts in, answers out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.model import Model
from sharewise.train.cells import Cells


class Learner(nn.Module, ABC):
    """A model, and how it learns and answers.

    Being a module whose ``forward`` gives losses, it is what is wrapped for several processes.

    Attributes:
        model: what is trained, kept and saved.
    """

    model: Model

    @abstractmethod
    def forward(self, tokens: TokenBatch, cells: Mapping[str, Cells]) -> dict[str, torch.Tensor]:
        """Return each present task's share of its mean loss over the step's cells, a scalar each.

        Summed over parts and processes the shares give the mean over all present cells of the step. A part without a
        cell of a task that the step does hold gives a zero that still reaches the model's parameters, which keeps
        processes in step with each other.

        Args:
            tokens: texts of (a part of) a step.
            cells: task -> its cells in them.
        """

    @abstractmethod
    def answer(self, tokens: TokenBatch, asked: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """Map texts to outputs of shape ``(batch, task.outputs)`` by task.

        Args:
            tokens: the texts.
            asked: task -> the rows whose outputs count, int64; others may hold anything.
        """

    @abstractmethod
    def write(self, tokens: TokenBatch, asked: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """Let the model write answers freely: task -> number of the answer, or -1 where it is none, ``(asked,)``.

        Empty where the model doesn't write, or isn't to.
        """

    @abstractmethod
    def make_whole(self) -> None:
        """Bring the model into the form in which it is saved."""

    @abstractmethod
    def make_trainable(self) -> None:
        """Take the model from the form in which it is saved back to the one in which weights were kept."""

    @abstractmethod
    def check_length(self, max_length: int) -> None:
        """Refuse a maximum length of texts that the model can't read.

        Raises:
            UserError: where it has fewer positions.
        """
