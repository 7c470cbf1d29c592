"""The optimizer of a model."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.autograd.graph import increment_version

from sharewise.models.kernels.native import kernels
from sharewise.train.computing import resolve_kernels
from sharewise.train.native_adamw import NativeAdamW
from sharewise.train.options import TrainingOptions


def build_optimizer(model: nn.Module, options: TrainingOptions) -> torch.optim.Optimizer:
    """Return what `training.optimizer` names.

    AdamW (Loshchilov and Hutter, 2019) is fused where the device has it, and on a CPU with kernels in C takes one pass
    over memory. Adafactor (Shazeer and Stern, 2018) scales its steps by the size of each weight, as T5 was trained.
    """
    groups = parameter_groups(model, options.weight_decay)
    if options.optimizer == "adafactor":
        return torch.optim.Adafactor(groups, lr=options.learning_rate)
    device = next(model.parameters()).device
    native = kernels() if resolve_kernels(options.kernels, device) == "compiled" else None
    if native is not None and _is_plain(model):
        return NativeAdamW(groups, lr=options.learning_rate, native=native, modules=model.modules())
    optimizer = torch.optim.AdamW(groups, lr=options.learning_rate, fused=device.type in ("cpu", "cuda"))
    # The fused step changes parameters without a trace, by which copies of them would know that they are old.
    optimizer.register_step_post_hook(_leave_a_trace)
    return optimizer


def clipped_step(optimizer: torch.optim.Optimizer, model: nn.Module, longest: float) -> None:
    """Make a step with gradients cut to this length."""
    if isinstance(optimizer, NativeAdamW):
        optimizer.clipped_step(longest)
        return
    nn.utils.clip_grad_norm_(model.parameters(), longest)
    optimizer.step()


def _is_plain(model: nn.Module) -> bool:
    """Whether all weights lie as the kernels read them."""
    return all(p.dtype == torch.float32 and p.is_contiguous() for p in model.parameters() if p.requires_grad)


def _leave_a_trace(optimizer: torch.optim.Optimizer, arguments: Any, keywords: Any) -> None:
    increment_version([p for group in optimizer.param_groups for p in group["params"] if p.grad is not None])


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Split parameters for AdamW: matrices decay; embeddings, norms and biases don't.

    An embedding row that no text uses then gets no update at all, which is what makes training on a compacted
    vocabulary exact.
    """
    embeddings = {id(p) for m in model.modules() if isinstance(m, nn.Embedding) for p in m.parameters()}
    trained = [p for p in model.parameters() if p.requires_grad]
    decayed = [p for p in trained if p.ndim > 1 and id(p) not in embeddings]
    kept = [p for p in trained if p.ndim <= 1 or id(p) in embeddings]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": kept, "weight_decay": 0.0}]
