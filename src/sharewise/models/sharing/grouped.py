"""Grouped sharing: one encoder, a projection a group of tasks, a head a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, final

import torch
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.sharing.groups import GroupsOptions, members
from sharewise.models.sharing.layers import Bottleneck, HiddenOptions, in_float32, task_heads
from sharewise.models.sharing.sharing import Sharing, SharingOptions
from sharewise.tasks import Task


class GroupedOptions(GroupsOptions, HiddenOptions):
    """Keys of `sharing: grouped`."""


@final
class GroupedSharing(Sharing):
    """Tasks of one group share a projection that no other group trains (after Standley et al., 2020).

    With x = pool(encoder(tokens)), ``(batch, width)``, and g the group of task t:

        p_g = x + V_g gelu(U_g x + a_g) + c_g       (batch, width)
        y_t = W_t p_g + b_t                         (batch, outputs)

    V_g starts at zero: before the first update it is hard sharing.

    Args:
        encoder: the encoder that all tasks share.
        tasks: the tasks by name.
        seed: the run's seed.
        options: the method's keys, groups filled in.
    """

    name: ClassVar[str] = "grouped"
    options: ClassVar[type[SharingOptions]] = GroupedOptions

    def __init__(
        self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: GroupedOptions
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        groups = list(members(options, tasks).values())
        self.group_of = [next(i for i, group in enumerate(groups) if task in group) for task in self.tasks]
        self.projections = nn.ModuleList(
            Bottleneck(encoder.width, options.hidden, seed=seed, purpose=f"group {sorted(group)}")
            for group in groups
        )
        self.heads = task_heads(tasks, encoder.width, encoder, seed)

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        pooled = self.encoder.pooled(tokens)
        with in_float32(pooled):
            projected = [projection(pooled) for projection in self.projections]
            return {
                name: head(projected[group])
                for name, head, group in zip(self.tasks, self.heads, self.group_of, strict=True)
            }
