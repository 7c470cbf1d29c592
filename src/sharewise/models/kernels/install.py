"""Putting the faster layers into a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from sharewise.models.kernels.dropout import FastDropout
from sharewise.models.kernels.norm import FastNorm
from sharewise.models.kernels.products import Copies, FastLinear

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_FASTER: dict[type[nn.Module], type[nn.Module]] = {
    nn.Dropout: FastDropout,
    nn.LayerNorm: FastNorm,
}


# Types of transformers' models that compute the same of packed tokens, given their positions.
_PACKABLE = frozenset({"bert", "camembert", "electra", "modernbert", "roberta", "xlm-roberta"})


def install(backbone: PreTrainedModel, *, native: bool) -> bool:
    """Let a backbone on the CPU compute with faster layers: products and norms under autocast, the others always.

    Layers become instances of a subclass of their own class: parameters, names and whatever hangs on to them stay.

    Args:
        backbone: a model of transformers.
        native: whether kernels in C are to be used.

    Returns:
        Whether it may be given packed texts.
    """
    from sharewise.models.kernels import attention, layer

    copies = Copies()
    for module in backbone.modules():
        layer.replace(module, copies, native=native)
    layer.mark_last(backbone)
    install_parts(backbone, copies, native=native)
    config = backbone.config
    if getattr(config, "_attn_implementation", None) != "sdpa":
        return False
    attention.register()
    config._attn_implementation = attention.NAME
    # Layers that read their neighbours alone would have to be told where these are.
    return config.model_type in _PACKABLE and "sliding_attention" not in (
        getattr(config, "layer_types", None) or ()
    )


def install_parts(backbone: nn.Module, copies: Copies | None = None, *, native: bool) -> None:
    """The same for a model of any make: its linear maps, norms and dropout only.

    Args:
        backbone: any model.
        copies: of the weights that products read.
        native: see ``install``.
    """
    copies = copies or Copies()
    for module in backbone.modules():
        # Not subclasses: they compute something else.
        if type(module) is nn.Linear:
            FastLinear.replace(module, copies)
        elif faster := _FASTER.get(type(module)):
            module.__class__ = faster
            if isinstance(module, FastDropout):
                module.native = native
