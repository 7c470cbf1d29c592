"""Adapters: small layers inside the shared encoder that belong to a task (Houlsby et al., 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, final

import torch
from pydantic import Field
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.errors import UserError
from sharewise.models.encoder import Encoder
from sharewise.models.sharing.layers import Bottleneck, task_heads
from sharewise.models.sharing.sharing import Sharing, SharingOptions
from sharewise.tasks import Task


class PerTaskOptions(SharingOptions):
    """The key of methods that change the encoder from inside."""

    per_task: bool = Field(
        default=True,
        description="whether each task has its own (and takes its own pass through the encoder), or all share one",
    )


class AdapterOptions(PerTaskOptions):
    """Keys of `sharing: adapters`."""

    bottleneck: int = Field(default=64, ge=1, le=8192, description="units between an adapter's two maps")
    freeze: bool = Field(
        default=False,
        description="whether the encoder itself stays as it is, and only adapters and heads are trained",
    )


@final
class AdapterSharing(Sharing):
    """A bottleneck after every layer of the encoder, one a task (Houlsby et al., 2019, §2; Stickland & Murray, 2019).

    With h^l the token states after the encoder's layer l, ``(batch, length, width)``, in task t's pass:

        h^l <- h^l + V_t^l gelu(U_t^l h^l + a_t^l) + c_t^l      (batch, length, width)
        x_t = pool(h^last)                                      (batch, width)
        y_t = W_t x_t + b_t                                     (batch, outputs)

    V starts at zero: before the first update it is hard sharing. With `freeze: false` all tasks train the encoder
    too, as Stickland & Murray do; with `freeze: true` nothing is shared but what the encoder brought along.

    Args:
        encoder: the encoder that all tasks share.
        tasks: the tasks by name.
        seed: the run's seed.
        options: the method's keys.

    Raises:
        UserError: where the encoder's layers can't be found.
    """

    name: ClassVar[str] = "adapters"
    options: ClassVar[type[SharingOptions]] = AdapterOptions
    one_pass: ClassVar[bool] = False

    def __init__(
        self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: AdapterOptions
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        if options.freeze:
            encoder.requires_grad_(False)
        layers = transformer_layers(encoder.backbone)
        owners = self.tasks if options.per_task else ("all",)
        # Of each owner, one for each layer.
        self.adapters = nn.ModuleList(
            Bottleneck(encoder.width, options.bottleneck, seed=seed, purpose=f"adapter {owner} {number}")
            for owner in owners
            for number in range(len(layers))
        )
        self._passes = len(owners)
        self.heads = task_heads(tasks, encoder.width, encoder, seed)
        self._active = 0
        for number, layer in enumerate(layers):
            # Of a bound method, a copy of the model gets its own; of a closure it would get this model's.
            layer.register_forward_hook(partial(self._adapt, number))

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        pooled = []
        for number in range(self._passes):
            self._active = number
            pooled.append(self.encoder.pooled(tokens))
        if len(pooled) < len(self.tasks):
            pooled = pooled * len(self.tasks)
        return {name: head(x) for name, head, x in zip(self.tasks, self.heads, pooled, strict=True)}

    def _adapt(self, number: int, layer: nn.Module, inputs: Any, output: Any) -> Any:
        """Put the active adapter behind a layer: a forward hook."""
        adapter = self.adapters[self._active * len(self.adapters) // self._passes + number]
        if isinstance(output, tuple):
            return (adapter(output[0]), *output[1:])
        return adapter(output)


def transformer_layers(backbone: nn.Module) -> nn.ModuleList:
    """Return an encoder's own list of layers: the first list of modules in it with as many as it says it has.

    Raises:
        UserError: where there is none.
    """
    number = getattr(backbone.config, "num_hidden_layers", None)
    for module in backbone.modules():
        if isinstance(module, nn.ModuleList) and len(module) == number:
            return module
    raise UserError(
        f"encoder: {type(backbone).__name__} has no list of {number} layers to put adapters into",
        expected="an encoder of the BERT, RoBERTa, ELECTRA, DeBERTa or ModernBERT family, or one from scratch",
        action="choose another sharing method for this encoder",
    )
