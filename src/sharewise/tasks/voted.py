"""Tasks that raters' votes can be the labels of: one label a row, or the shares of the votes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, Self

import torch
from pydantic import Field, model_validator

from sharewise.tasks.task import Array, Column, Task, TaskOptions


class VotedOptions(TaskOptions):
    """The keys of a task whose labels may come from votes."""

    label: Column | None = Field(  # type: ignore[assignment]
        default=None,
        description="column that holds the label; left out beside `votes`, the label with the most votes is it",
    )
    targets: Literal["majority", "soft"] = Field(
        default="majority",
        description="what is trained on: one label a row, or the shares of its votes; every metric is of the one "
        "label; an arm may override it",
    )
    ties: Literal["hole", "first", "last"] = Field(
        default="hole",
        description="where no `label` decides between labels of equally many votes: no label, or the first or last of "
        "them in the order of the labels (no before yes)",
    )
    vote_weights: Literal["equal", "agreement"] = Field(
        default="equal",
        description="weight of each row's loss in training: the same, or the share of its votes for the label with the "
        "most, scaled to a mean of 1; an arm may override it",
    )

    @model_validator(mode="after")
    def _votes_are_there(self) -> Self:
        if self.votes is not None:
            return self
        if self.label is None:
            raise ValueError(
                "`label` is missing: the column that holds the label, or `votes` for those of raters"
            )
        for key in ("targets", "ties", "vote_weights"):
            if getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(
                    f"`{key}: {getattr(self, key)}` needs `votes`, the columns of the raters' votes"
                )
        return self


class SoftTask(Task, ABC):
    """A task of labels that exclude each other, which can be trained on a distribution over them."""

    @abstractmethod
    def soft_loss(self, outputs: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of each cell, in nats: ``(cells, outputs)``, ``(cells, labels)`` -> ``(cells,)``."""

    @abstractmethod
    def label_probabilities(self, scores: Array) -> Array:
        """Activated outputs ``(cells, outputs)`` as the probabilities of all labels, ``(cells, labels)``."""
