"""What TorchJD's modules remember, as tensors and JSON: parameters, buffers, plain attributes, their optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

Tensors = dict[str, torch.Tensor]
# Attributes that every module has, which say nothing of what it has learnt.
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_KINDS = ("tensor", "array", "tuple", "list", "dtype", "device", "optimizer")


def pack(module: nn.Module, optimizer: torch.optim.Optimizer | None) -> tuple[Tensors, dict[str, Any]]:
    """Return all that a module and its optimizer remember: tensors by key, and values ready for JSON.

    Args:
        module: with its submodules; attributes that are neither numbers, texts, arrays nor lists of these (a solver's
            problem, say) are left out.
        optimizer: of its parameters, if it has one.
    """
    tensors: Tensors = {}
    values: dict[str, Any] = {}
    for name, part in module.named_modules():
        content = {k: v for k, v in vars(part).items() if k not in _OF_EVERY_MODULE}
        content |= dict(part.named_parameters(recurse=False)) | part._buffers
        for key, value in content.items():
            place = f"{name}:{key}"
            encoded = _encode(value, place, tensors)
            if encoded is not NotImplemented:
                values[place] = encoded
    if optimizer is not None:
        values["optimizer"] = _encode(optimizer, "optimizer", tensors)
    return tensors, values


def unpack(
    module: nn.Module,
    optimizer: torch.optim.Optimizer | None,
    tensors: Mapping[str, torch.Tensor],
    values: Mapping[str, Any],
) -> None:
    """Put back what ``pack`` returned, into a module and an optimizer that were made alike."""
    for name, part in module.named_modules():
        for key in [k for k in values if k.rpartition(":")[0] == name and ":" in k]:
            _set(part, key.rpartition(":")[2], values[key], tensors)
        # Nash-MTL's problem is made at its first step and can't be saved; this is not its first.
        if getattr(part, "step", None) and hasattr(part, "_init_optim_problem"):
            part._init_optim_problem()
    if optimizer is not None:
        optimizer.load_state_dict(_decode(values["optimizer"]["optimizer"], tensors))


def _set(part: nn.Module, key: str, encoded: Any, tensors: Mapping[str, torch.Tensor]) -> None:
    current = getattr(part, key)
    if isinstance(current, nn.Parameter):
        with torch.no_grad():
            current.copy_(_decode(encoded, tensors))
    elif isinstance(encoded, Mapping) and "optimizer" in encoded:
        # FAMO makes its own when it first needs it.
        own = torch.optim.Adam(list(part.parameters(recurse=False)))
        own.load_state_dict(_decode(encoded["optimizer"], tensors))
        setattr(part, key, own)
    else:
        setattr(part, key, _decode(encoded, tensors))


def _encode(value: Any, place: str, tensors: Tensors) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, torch.Tensor):
        tensors[place] = value.detach().clone().contiguous()
        return {"tensor": place}
    if isinstance(value, np.ndarray):
        tensors[place] = torch.from_numpy(value.copy())
        return {"array": place}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if isinstance(value, torch.device):
        return {"device": str(value)}
    if isinstance(value, torch.optim.Optimizer):
        return {"optimizer": _encode(value.state_dict(), place, tensors)}
    if isinstance(value, Mapping):
        pairs = [[key, _encode(entry, f"{place}.{key}", tensors)] for key, entry in value.items()]
        return {"mapping": pairs} if all(v is not NotImplemented for _, v in pairs) else NotImplemented
    if isinstance(value, (list, tuple)):
        entries = [_encode(entry, f"{place}.{i}", tensors) for i, entry in enumerate(value)]
        if any(entry is NotImplemented for entry in entries):
            return NotImplemented
        return {"tuple" if isinstance(value, tuple) else "list": entries}
    return NotImplemented


def _decode(encoded: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    if not isinstance(encoded, Mapping):
        return encoded
    ((kind, content),) = encoded.items()
    if kind == "tensor":
        return tensors[content].clone()
    if kind == "array":
        return tensors[content].numpy().copy()
    if kind == "dtype":
        return getattr(torch, content)
    if kind == "device":
        return torch.device(content)
    if kind == "mapping":
        return {key: _decode(entry, tensors) for key, entry in content}
    entries = [_decode(entry, tensors) for entry in content]
    return tuple(entries) if kind == "tuple" else entries
