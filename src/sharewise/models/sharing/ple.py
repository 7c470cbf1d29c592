"""Customized gate control and progressive layered extraction (Tang et al., 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, final

import torch
from pydantic import Field
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.sharing.experts import Expert, ExpertOptions, Gate
from sharewise.models.sharing.layers import in_float32, task_heads
from sharewise.models.sharing.sharing import Sharing, SharingOptions
from sharewise.tasks import Task


class PleOptions(ExpertOptions):
    """Keys of `sharing: ple`."""

    task_experts: int = Field(default=2, ge=1, le=64, description="experts of each task's own")
    levels: int = Field(default=1, ge=1, le=8, description="levels of extraction; 1 is CGC, more are PLE")


class _Level(nn.Module):
    """One level: experts of each task and of all, a gate a task, and one for all where another level follows."""

    def __init__(
        self, inputs: int, tasks: tuple[str, ...], options: PleOptions, *, level: int, seed: int, last: bool
    ) -> None:
        super().__init__()

        def experts(owner: str, number: int) -> nn.ModuleList:
            return nn.ModuleList(
                Expert(inputs, options.hidden, seed=seed, purpose=f"level {level} {owner} {i}")
                for i in range(number)
            )

        self.shared = experts("shared", options.experts)
        own = options.task_experts
        self.own = nn.ModuleList(expert for name in tasks for expert in experts(f"of {name}", own))
        self.number = own
        self.gates = nn.ModuleList(
            Gate(inputs, own + options.experts, seed=seed, purpose=f"level {level} {name}") for name in tasks
        )
        every = len(tasks) * own + options.experts
        self.common = None if last else Gate(inputs, every, seed=seed, purpose=f"level {level}, all")

    def forward(
        self, features: list[torch.Tensor], common: torch.Tensor
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Map each task's features and the common ones, ``(batch, inputs)``, to ``(batch, hidden)`` each."""
        shared = [expert(common) for expert in self.shared]
        own = [expert(features[i // self.number]) for i, expert in enumerate(self.own)]
        mixed = [
            gate(z, [*own[i * self.number : (i + 1) * self.number], *shared])
            for i, (gate, z) in enumerate(zip(self.gates, features, strict=True))
        ]
        if self.common is None:
            return mixed, common
        return mixed, self.common(common, [*own, *shared])


@final
class PleSharing(Sharing):
    """Tasks share some experts and have some of their own; several such levels (Tang et al., 2020, eqs. 1 to 7).

    With z_t^0 = z^0 = x = pool(encoder(tokens)), ``(batch, width)``, and for levels l = 1 … levels:

        F_t = [gelu(A_tk z_t^(l-1) + a_tk)]             task_experts of (batch, hidden)
        F   = [gelu(A_k z^(l-1) + a_k)]                 experts of (batch, hidden)
        z_t^l = softmax(G_t z_t^(l-1)) · [F_t, F]       (batch, hidden)
        z^l   = softmax(G z^(l-1)) · [F_1 … F_T, F]     (batch, hidden)     not in the last level
        y_t = W_t z_t^levels + b_t                      (batch, outputs)

    Args:
        encoder: the encoder that all tasks share.
        tasks: the tasks by name.
        seed: the run's seed.
        options: the method's keys.
    """

    name: ClassVar[str] = "ple"
    options: ClassVar[type[SharingOptions]] = PleOptions

    def __init__(
        self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: PleOptions
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        self.levels = nn.ModuleList(
            _Level(
                options.hidden if level else encoder.width,
                self.tasks,
                options,
                level=level,
                seed=seed,
                last=level == options.levels - 1,
            )
            for level in range(options.levels)
        )
        self.heads = task_heads(tasks, options.hidden, encoder, seed)

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        pooled = self.encoder.pooled(tokens)
        with in_float32(pooled):
            features, common = [pooled for _ in self.tasks], pooled
            for level in self.levels:
                features, common = level(features, common)
            return {name: head(z) for name, head, z in zip(self.tasks, self.heads, features, strict=True)}
