"""An encoder a group: tasks share all with their group and nothing with the others (Standley et al., 2020)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import ClassVar, final

import torch
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.sharing.groups import GroupsOptions, members
from sharewise.models.sharing.layers import task_heads
from sharewise.models.sharing.sharing import Sharing, SharingOptions
from sharewise.tasks import Task


class GroupEncodersOptions(GroupsOptions):
    """Keys of `sharing: group_encoders`."""


@final
class GroupEncodersSharing(Sharing):
    """A network a group of tasks, as task grouping has them (Standley et al., 2020, §3; Fifty et al., 2021, §3).

    With g the group of task t, and an encoder of its own for each group:

        x_g = pool(encoder_g(tokens))               (batch, width)
        y_t = W_t x_g + b_t                         (batch, outputs)

    The papers train the networks one by one; here they are trained side by side on the same batches, and meet in
    nothing but the length to which the gradient is cut. All encoders start alike.
    Then before the first update it is hard sharing; with one group it stays that.

    Args:
        encoder: becomes the first group's encoder; the others' start as copies.
        tasks: the tasks by name.
        seed: the run's seed.
        options: the method's keys, groups filled in.
    """

    name: ClassVar[str] = "group_encoders"
    options: ClassVar[type[SharingOptions]] = GroupEncodersOptions
    one_pass: ClassVar[bool] = False

    def __init__(
        self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: GroupEncodersOptions
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        groups = list(members(options, tasks).values())
        self.group_of = [next(i for i, group in enumerate(groups) if task in group) for task in self.tasks]
        self.others = nn.ModuleList(copy.deepcopy(encoder) for _ in groups[1:])
        self.heads = task_heads(tasks, encoder.width, encoder, seed)

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        pooled = [e.pooled(tokens) for e in (self.encoder, *self.others)]
        return {
            name: head(pooled[group])
            for name, head, group in zip(self.tasks, self.heads, self.group_of, strict=True)
        }
