"""Multi-gate mixture of experts (Ma et al., 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, final

import torch
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.sharing.experts import Expert, ExpertOptions, Gate
from sharewise.models.sharing.layers import in_float32, task_heads
from sharewise.models.sharing.sharing import Sharing, SharingOptions
from sharewise.tasks import Task


@final
class MmoeSharing(Sharing):
    """All tasks share the experts; each mixes them by a gate of its own (Ma et al., 2018, eqs. 6 and 7).

    With x = pool(encoder(tokens)), ``(batch, width)``:

        f_k = gelu(A_k x + a_k)             (batch, hidden)     for k = 1 … experts
        g_t = softmax(G_t x + d_t)          (batch, experts)
        m_t = sum_k g_tk f_k                (batch, hidden)
        y_t = W_t m_t + b_t                 (batch, outputs)

    Args:
        encoder: the encoder that all tasks share.
        tasks: the tasks by name.
        seed: the run's seed.
        options: the method's keys.
    """

    name: ClassVar[str] = "mmoe"
    options: ClassVar[type[SharingOptions]] = ExpertOptions

    def __init__(
        self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: ExpertOptions
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        self.experts = nn.ModuleList(
            Expert(encoder.width, options.hidden, seed=seed, purpose=f"shared {number}")
            for number in range(options.experts)
        )
        self.gates = nn.ModuleList(
            Gate(encoder.width, options.experts, seed=seed, purpose=name) for name in self.tasks
        )
        self.heads = task_heads(tasks, options.hidden, encoder, seed)

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        pooled = self.encoder.pooled(tokens)
        with in_float32(pooled):
            found = [expert(pooled) for expert in self.experts]
            return {
                name: head(gate(pooled, found))
                for name, head, gate in zip(self.tasks, self.heads, self.gates, strict=True)
            }
