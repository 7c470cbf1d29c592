"""Hard parameter sharing: one encoder, a head a task (Caruana, 1997)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, final

import torch
from pydantic import Field
from torch import nn
from torch.nn import functional

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.sharing.layers import Affine, in_float32, task_heads
from sharewise.models.sharing.sharing import Sharing, SharingOptions
from sharewise.tasks import Task


class HardOptions(SharingOptions):
    """Keys of `sharing: hard`."""

    head: Literal["linear", "mlp"] = Field(
        default="linear",
        description="a task's head; mlp: a layer of the encoder's width before the linear map",
    )


@final
class HardSharing(Sharing):
    """Every task reads the same pooled vector; with one task and a linear head this is the single-task model.

    With x = pool(encoder(tokens)), ``(batch, width)``:

        linear:  y_t = W_t x + b_t                          (batch, outputs)
        mlp:     y_t = W_t tanh(U_t x + a_t) + b_t          (batch, width) -> (batch, outputs)

    x is dropped out before W_t, and before U_t. The second head is BERT's and RoBERTa's (Liu et al., 2019).

    Args:
        encoder: the encoder that all tasks share.
        tasks: the tasks by name; each gets a head.
        seed: the run's seed, from which the heads' weights come.
        options: the method's keys.
    """

    name: ClassVar[str] = "hard"
    options: ClassVar[type[SharingOptions]] = HardOptions

    def __init__(
        self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: HardOptions | None = None
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        self.heads = task_heads(tasks, encoder.width, encoder, seed)
        mlp = options is not None and options.head == "mlp"
        self.dropout = nn.Dropout(encoder.dropout)
        self.layers = nn.ModuleList(
            Affine(encoder.width, encoder.width, seed=seed, purpose=f"head layer {name}")
            for name in (self.tasks if mlp else ())
        )

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        pooled = self.encoder.pooled(tokens)
        if not self.layers:
            return {name: head(pooled) for name, head in zip(self.tasks, self.heads, strict=True)}
        with in_float32(pooled):
            return {
                name: head(functional.tanh(layer(self.dropout(pooled))))
                for name, head, layer in zip(self.tasks, self.heads, self.layers, strict=True)
            }
