"""Soft parameter sharing: an encoder a task, tied by a penalty (Duong et al., 2015)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import ClassVar, final

import torch
from pydantic import Field
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.sharing.layers import task_heads
from sharewise.models.sharing.sharing import Penalised, Sharing, SharingOptions
from sharewise.tasks import Task


class SoftOptions(SharingOptions):
    """Keys of `sharing: soft`."""

    strength: float = Field(
        default=0.01,
        ge=0.0,
        allow_inf_nan=False,
        description="of the penalty on the distance between the encoders",
    )


@final
class SoftSharing(Sharing, Penalised):
    """Each task has an encoder of its own, kept near the others' (Duong et al., 2015, §4: an l2 tie of parameters).

    With an encoder of parameters theta_t for each task t, and x_t = pool(encoder_t(tokens)), ``(batch, width)``:

        y_t = W_t x_t + b_t                                                     (batch, outputs)
        loss = sum of the tasks' losses + strength * sum_t ||theta_t - mean_s theta_s||^2

    The paper ties two parsers to each other; for two tasks the penalty here is half the squared distance between
    them. All encoders start alike: before the first update it is hard sharing. It computes as much as `single` does.

    Args:
        encoder: becomes the first task's encoder; the others' start as copies.
        tasks: the tasks by name.
        seed: the run's seed.
        options: the method's keys.
    """

    name: ClassVar[str] = "soft"
    options: ClassVar[type[SharingOptions]] = SoftOptions
    one_pass: ClassVar[bool] = False

    def __init__(
        self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: SoftOptions
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        self.strength = options.strength
        self.others = nn.ModuleList(copy.deepcopy(encoder) for _ in self.tasks[1:])
        self.heads = task_heads(tasks, encoder.width, encoder, seed)

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        encoders = (self.encoder, *self.others)
        return {
            name: head(encoder.pooled(tokens))
            for name, head, encoder in zip(self.tasks, self.heads, encoders, strict=True)
        }

    def penalty(self) -> torch.Tensor:
        """See Penalised."""
        total = torch.zeros((), device=next(self.parameters()).device)
        for tied in zip(*(e.parameters() for e in (self.encoder, *self.others)), strict=True):
            stacked = torch.stack(tied)
            total = total + (stacked - stacked.mean(dim=0)).square().sum()
        return self.strength * total
