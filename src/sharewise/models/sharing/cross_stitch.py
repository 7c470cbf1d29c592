"""Cross-stitch units between the tasks' towers above one encoder (Misra et al., 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, final

import torch
from pydantic import Field
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.sharing.layers import Bottleneck, HiddenOptions, in_float32, task_heads
from sharewise.models.sharing.sharing import Sharing, SharingOptions
from sharewise.tasks import Task


class CrossStitchOptions(HiddenOptions):
    """Keys of `sharing: cross_stitch`."""

    towers: int = Field(default=2, ge=1, le=16, description="layers of each task's tower")
    stitch: float = Field(
        default=0.9,
        gt=0.0,
        le=1.0,
        description="share of a task's own tower at the start; the others' is the rest",
    )


class _Level(nn.Module):
    """A layer of every tower, and the units that mix their outputs."""

    def __init__(
        self, width: int, tasks: tuple[str, ...], options: CrossStitchOptions, *, seed: int, level: int
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            Bottleneck(width, options.hidden, seed=seed, purpose=f"tower {name} {level}") for name in tasks
        )
        own = options.stitch if len(tasks) > 1 else 1.0
        rest = (1.0 - own) / max(1, len(tasks) - 1)
        start = torch.full((len(tasks), len(tasks)), rest).fill_diagonal_(own)
        # A row a task, each a parameter of its own, so that an absent task's row rests.
        self.rows = nn.ParameterList(nn.Parameter(row.clone()) for row in start)

    def forward(self, features: list[torch.Tensor]) -> list[torch.Tensor]:
        """Map each task's features, ``(batch, width)``, to as many of that shape."""
        outputs = torch.stack([layer(z) for layer, z in zip(self.layers, features, strict=True)], dim=-1)
        return [outputs @ row for row in self.rows]


@final
class CrossStitchSharing(Sharing):
    """A tower of layers a task, mixed after each layer by learned weights (Misra et al., 2016, eq. 1).

    With z_t^0 = x = pool(encoder(tokens)), ``(batch, width)``, and for layers l = 1 … towers:

        h_t^l = z_t^(l-1) + V_t^l gelu(U_t^l z_t^(l-1) + a_t^l) + c_t^l     (batch, width)
        z_t^l = sum_s alpha_ts^l h_s^l                                      (batch, width)
        y_t   = W_t z_t^towers + b_t                                        (batch, outputs)

    The paper stitches whole networks, a copy of the backbone a task; here the encoder is common, and what is stitched
    are the towers above it. alpha_tt starts at `stitch`, the others share the rest equally, and V at zero: before the
    first update it is hard sharing.

    Args:
        encoder: the encoder that all tasks share.
        tasks: the tasks by name.
        seed: the run's seed.
        options: the method's keys.
    """

    name: ClassVar[str] = "cross_stitch"
    options: ClassVar[type[SharingOptions]] = CrossStitchOptions

    def __init__(
        self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: CrossStitchOptions
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        self.levels = nn.ModuleList(
            _Level(encoder.width, self.tasks, options, seed=seed, level=level)
            for level in range(options.towers)
        )
        self.heads = task_heads(tasks, encoder.width, encoder, seed)

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        pooled = self.encoder.pooled(tokens)
        with in_float32(pooled):
            features = [pooled for _ in self.tasks]
            for level in self.levels:
                features = level(features)
            return {name: head(z) for name, head, z in zip(self.tasks, self.heads, features, strict=True)}
