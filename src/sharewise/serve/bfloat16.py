"""A model in bfloat16: half the memory traffic, and the matrix units of processors that have some."""

from __future__ import annotations

import copy
from typing import Any, TypeVar, final

import torch
from torch import nn
from transformers import PreTrainedModel

from sharewise.models.encoder import Encoder
from sharewise.models.kernels import install_parts, native
from sharewise.models.kernels.layer import FastLayer
from sharewise.models.sharing import Sharing
from sharewise.models.text2text.model import Text2Text
from sharewise.models.text2text.quick import can_be_quick

Kind = TypeVar("Kind", bound=nn.Module)


def has_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 itself; elsewhere it is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # AMX comes with AVX-512's own.
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def quickened(sharing: Sharing, device: torch.device) -> Sharing | None:
    """Copy a model so that it computes as in training, packed and with kernels in C; its weights stay the same tensors.

    Args:
        sharing: the model, in evaluation mode; under autocast the copy's products are bfloat16.
        device: where the copy is to compute.

    Returns:
        None where kernels in C can't be used, an encoder has no layers for them, or texts can't be packed.
    """
    if device.type != "cpu" or native.kernels() is None:
        return None
    made = _beside(sharing)
    for encoder in _encoders(made):
        encoder.quicken(native=True)
        if not any(isinstance(module, FastLayer) for module in encoder.modules()):
            return None
    return made.eval() if packs(made) else None


def writes_quickly(model: Text2Text, device: torch.device) -> bool:
    """Whether kernels in C can score the labels of a model that writes its answers."""
    return device.type == "cpu" and can_be_quick(model.backbone)


def quick_text(model: Text2Text, device: torch.device) -> Text2Text | None:
    """Copy a model that writes its answers so that kernels in C score its labels; its weights stay the same tensors.

    Args:
        model: in evaluation mode; under autocast the copy's products are bfloat16.
        device: where the copy is to compute.

    Returns:
        None where they can't.
    """
    if not writes_quickly(model, device):
        return None
    made = _beside(model)
    install_parts(made.backbone, native=True)
    made.quick = True
    return made.eval()


def packs(model: nn.Module) -> bool:
    """Whether pads are taken out of what a model is given."""
    if isinstance(model, Text2Text):
        return model.quick
    encoders = _encoders(model)
    return bool(encoders) and all(encoder.packs for encoder in encoders)


def _beside(model: Kind) -> Kind:
    """A copy that has its weights in common with the model."""
    kept: dict[int, Any] = {id(weight): weight for weight in (*model.parameters(), *model.buffers())}
    return copy.deepcopy(model, kept)


def _encoders(model: nn.Module) -> list[Encoder]:
    return [module for module in model.modules() if isinstance(module, Encoder)]


def in_bfloat16(sharing: Sharing, device: torch.device) -> Sharing:
    """Copy a model, its encoder in bfloat16; heads and whatever else stands above the encoder stay in float32.

    Args:
        sharing: the model, in evaluation mode.
        device: where the copy is to compute.
    """
    made = copy.deepcopy(sharing)
    # Some methods have an encoder a task.
    backbones: list[nn.Module] = [module for module in made.modules() if isinstance(module, PreTrainedModel)]
    for backbone in backbones:
        backbone.to(torch.bfloat16)
        if device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
            _pack(backbone)
    return made.to(device).eval()


def _pack(module: nn.Module) -> None:
    for name, child in module.named_children():
        if type(child) is nn.Linear:
            setattr(module, name, _PackedLinear(child))
        else:
            _pack(child)


@final
class _PackedLinear(nn.Module):
    """A linear map whose weights lie as the processor's matrix unit reads them; else each call would lay them anew.

    Args:
        linear: the map, in bfloat16.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach())
        self.bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map ``(…, inputs)`` to ``(…, outputs)`` in bfloat16."""
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            features.to(torch.bfloat16), self.weight, self.bias, "none", [], ""
        )
        return found
