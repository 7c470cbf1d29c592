"""Label-wise attention: each task pools the token states by its own attention (Mullenbach et al., 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, final

import torch
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.sharing.layers import in_float32, task_heads
from sharewise.models.sharing.sharing import Sharing, SharingOptions
from sharewise.tasks import Task


@final
class LabelwiseSharing(Sharing):
    """Each task chooses which tokens it reads (Mullenbach et al., 2018, eqs. 2 and 3).

    With H = encoder(tokens), ``(batch, length, width)``, and over the tokens that are no pads:

        a_t = softmax(H q_t)            (batch, length)
        v_t = sum_i a_ti h_i            (batch, width)
        y_t = W_t v_t + b_t             (batch, outputs)

    The queries q_t start at zero: before the first update every task reads the mean of the token states, which is
    hard sharing with `pooling: mean`.

    Args:
        encoder: the encoder that all tasks share; its `pooling` isn't used.
        tasks: the tasks by name.
        seed: the run's seed.
        options: none.
    """

    name: ClassVar[str] = "labelwise"

    def __init__(
        self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: SharingOptions | None = None
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        self.queries = nn.ParameterList(nn.Parameter(torch.zeros(encoder.width)) for _ in self.tasks)
        self.heads = task_heads(tasks, encoder.width, encoder, seed)

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        states = self.encoder(tokens)
        with in_float32(states):
            hidden = states.float()
            # A query a task that can rest when its task is absent from a step.
            scores = torch.stack([hidden @ query for query in self.queries], dim=1)
            scores = scores.masked_fill(~tokens.attention_mask.unsqueeze(1), -torch.inf)
            pooled = torch.softmax(scores, dim=-1) @ hidden
            return {
                name: head(pooled[:, i])
                for i, (name, head) in enumerate(zip(self.tasks, self.heads, strict=True))
            }
