"""Interaction: the tasks' representations attend to each other before their heads."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import ClassVar, Literal, final

import torch
from pydantic import Field
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.sharing.groups import GroupsOptions, members
from sharewise.models.sharing.layers import Affine, HiddenOptions, in_float32, task_heads
from sharewise.models.sharing.sharing import Sharing, SharingOptions
from sharewise.tasks import Task


class InteractionOptions(GroupsOptions, HiddenOptions):
    """Keys of `sharing: interaction`."""

    scope: Literal["all", "groups", "pairs"] = Field(
        default="all",
        description="which tasks an interaction layer joins: all tasks, those of a group, or every two tasks",
    )


class _Block(nn.Module):
    """One interaction layer over some tasks' representations."""

    def __init__(self, width: int, hidden: int, *, seed: int, purpose: str) -> None:
        super().__init__()
        self.query, self.key, self.value = (
            Affine(hidden, hidden, seed=seed, purpose=f"{purpose} {part}")
            for part in ("query", "key", "value")
        )
        self.back = Affine(hidden, width, seed=seed, purpose=f"{purpose} back", zero=True)

    def forward(self, representations: torch.Tensor) -> torch.Tensor:
        """Map ``(batch, tasks, hidden)`` to what is added to each task's features, ``(batch, tasks, width)``."""
        query, key, value = (layer(representations) for layer in (self.query, self.key, self.value))
        weights = torch.softmax(query @ key.transpose(1, 2) / math.sqrt(query.shape[-1]), dim=-1)
        changes: torch.Tensor = self.back(weights @ value)
        return changes


@final
class InteractionSharing(Sharing):
    """Attention between task representations (Vaswani et al., 2017, eq. 1, over tasks in place of positions).

    With x = pool(encoder(tokens)), ``(batch, width)``, and for each interaction layer, over tasks S:

        u_t = tanh(W_t x + a_t)                         (batch, hidden)         what task t sees in the text
        U   = [u_t for t in S]                          (batch, |S|, hidden)
        A   = softmax(U Q (U K)^T / sqrt(hidden))       (batch, |S|, |S|)       task t attends to task s
        C   = A U V                                     (batch, |S|, hidden)
        r_t = x + mean over t's layers of (O c_t + o)   (batch, width)
        y_t = H_t r_t + b_t                             (batch, outputs)

    `scope: all` has one layer over all tasks, `groups` one for each group, `pairs` one for every two tasks; a task
    that no layer joins with another keeps r_t = x. O starts at zero: before the first update it is hard sharing.

    Args:
        encoder: the encoder that all tasks share.
        tasks: the tasks by name.
        seed: the run's seed.
        options: the method's keys, groups filled in.
    """

    name: ClassVar[str] = "interaction"
    options: ClassVar[type[SharingOptions]] = InteractionOptions

    def __init__(
        self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: InteractionOptions
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        self.scopes = [scope for scope in _scopes(options, self.tasks) if len(scope) > 1]
        self.layers_of = {task: sum(task in scope for scope in self.scopes) for task in self.tasks}
        self.representations = nn.ModuleList(
            Affine(encoder.width, options.hidden, seed=seed, purpose=f"representation {name}")
            for name in self.tasks
        )
        self.blocks = nn.ModuleList(
            _Block(encoder.width, options.hidden, seed=seed, purpose=f"interaction {sorted(scope)}")
            for scope in self.scopes
        )
        self.heads = task_heads(tasks, encoder.width, encoder, seed)

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        pooled = self.encoder.pooled(tokens)
        with in_float32(pooled):
            seen = {
                t: torch.tanh(layer(pooled))
                for t, layer in zip(self.tasks, self.representations, strict=True)
            }
            features = dict.fromkeys(self.tasks, pooled)
            for scope, block in zip(self.scopes, self.blocks, strict=True):
                changes = block(torch.stack([seen[task] for task in scope], dim=1))
                for position, task in enumerate(scope):
                    features[task] = features[task] + changes[:, position] / self.layers_of[task]
            return {name: head(features[name]) for name, head in zip(self.tasks, self.heads, strict=True)}


def _scopes(options: InteractionOptions, tasks: tuple[str, ...]) -> list[tuple[str, ...]]:
    if options.scope == "groups":
        return list(members(options, tasks).values())
    return [tasks] if options.scope == "all" else list(itertools.combinations(tasks, 2))
