"""LoRA: low-rank changes to a frozen encoder's matrices, a set a task, through peft (Hu et al., 2022)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import ClassVar, final

import torch
from pydantic import Field
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder, derived_seed
from sharewise.models.sharing.adapters import PerTaskOptions, transformer_layers
from sharewise.models.sharing.layers import task_heads
from sharewise.models.sharing.sharing import Sharing, SharingOptions
from sharewise.tasks import Task


class LoraOptions(PerTaskOptions):
    """Keys of `sharing: lora`."""

    rank: int = Field(default=8, ge=1, le=1024, description="rank of the change to each matrix")
    alpha: int = Field(default=16, ge=1, le=4096, description="the change counts alpha / rank times")


@final
class LoraSharing(Sharing):
    """The encoder is frozen; each task adds a low-rank change to its matrices (Hu et al., 2022, eq. 3).

    For every matrix M of the encoder's layers, ``(out, in)``, in task t's pass:

        M h <- M h + (alpha / rank) B_t A_t h           A_t (rank, in), B_t (out, rank)
        x_t = pool(h^last)                              (batch, width)
        y_t = W_t x_t + b_t                             (batch, outputs)

    B starts at zero: before the first update it is hard sharing.

    Args:
        encoder: the encoder that all tasks share; frozen.
        tasks: the tasks by name.
        seed: the run's seed.
        options: the method's keys.

    Raises:
        UserError: where the encoder's layers can't be found.
    """

    name: ClassVar[str] = "lora"
    options: ClassVar[type[SharingOptions]] = LoraOptions
    packages: ClassVar[Mapping[str, str]] = {"peft": "lora"}
    one_pass: ClassVar[bool] = False

    def __init__(
        self, encoder: Encoder, tasks: Mapping[str, Task], *, seed: int, options: LoraOptions
    ) -> None:
        from peft import LoraConfig, inject_adapter_in_model
        from peft.tuners.lora import LoraLayer

        super().__init__()
        self.encoder = encoder
        self.tasks = tuple(tasks)
        self.heads = task_heads(tasks, encoder.width, encoder, seed)
        encoder.requires_grad_(False)
        layers = {id(layer) for layer in transformer_layers(encoder.backbone)}
        owners = self.tasks if options.per_task else ("all",)
        inside = [
            f"{prefix}.{name}"
            for prefix, layer in encoder.backbone.named_modules()
            if id(layer) in layers
            for name, module in layer.named_modules()
            if isinstance(module, nn.Linear)
        ]
        config = LoraConfig(
            r=options.rank, lora_alpha=options.alpha, lora_dropout=encoder.dropout, target_modules=inside
        )
        self._names = [f"set{number}" for number in range(len(owners))]
        with torch.random.fork_rng(devices=[]):
            for owner, name in zip(owners, self._names, strict=True):
                torch.default_generator.manual_seed(derived_seed(seed, f"lora {owner}"))
                with warnings.catch_warnings():
                    # peft warns of a second set in one model, which is what is wanted here.
                    warnings.filterwarnings("ignore", "Already found a `peft_config`", UserWarning)
                    inject_adapter_in_model(config, encoder.backbone, name)
        self._changed = [module for module in encoder.backbone.modules() if isinstance(module, LoraLayer)]
        self._activate(0)

    def forward(self, tokens: TokenBatch) -> dict[str, torch.Tensor]:
        """See Sharing."""
        pooled = []
        for number in range(len(self._names)):
            self._activate(number)
            pooled.append(self.encoder.pooled(tokens))
        if len(pooled) < len(self.tasks):
            pooled = pooled * len(self.tasks)
        return {name: head(x) for name, head, x in zip(self.tasks, self.heads, pooled, strict=True)}

    def _activate(self, number: int) -> None:
        for layer in self._changed:
            layer.set_adapter(self._names[number])
        # peft freezes the sets that aren't active; all of them are trained.
        for name, parameter in self.encoder.named_parameters():
            if ".lora_" in name:
                parameter.requires_grad_(True)
