"""Checkpoints: everything from which a stopped run goes on bit for bit. No pickle anywhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

Tensors = dict[str, torch.Tensor]
_PREFIX = "step-"


@dataclass(frozen=True)
class Checkpoint:
    """What ``save_checkpoint`` wrote, read again; ``state`` holds ``step`` too."""

    model: Tensors
    optimizer: Tensors
    weighting: Tensors
    state: dict[str, Any]


def save_checkpoint(
    folder: Path,
    *,
    step: int,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    state: Mapping[str, Any],
    weighting: Mapping[str, torch.Tensor],
) -> None:
    """Write a checkpoint as a whole or not at all, then drop the older ones.

    Args:
        folder: the run's checkpoint folder.
        step: updates made so far.
        model: trained weights; saved by parameter name.
        optimizer: its state is saved by the parameters' names too.
        state: everything else, ready for JSON.
        weighting: tensors that the weighting of the losses remembers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{_PREFIX}{step:09d}"
    beside = folder / f".{written.name}"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    save_file(weights(model), beside / "model.safetensors")
    save_file(_optimizer_tensors(model, optimizer), beside / "optimizer.safetensors")
    save_file(dict(weighting), beside / "weighting.safetensors")
    (beside / "state.json").write_text(json.dumps(dict(state) | {"step": step}), encoding="utf-8")
    shutil.rmtree(written, ignore_errors=True)
    beside.rename(written)
    for pattern in (f"{_PREFIX}*", f".{_PREFIX}*"):
        for older in folder.glob(pattern):
            if older != written:
                shutil.rmtree(older, ignore_errors=True)


def readable_checkpoints(folder: Path) -> Iterator[Checkpoint]:
    """Read checkpoints, the newest first; damaged ones are left out."""
    for candidate in sorted(folder.glob(f"{_PREFIX}*"), reverse=True):
        try:
            checkpoint = Checkpoint(
                model=load_file(candidate / "model.safetensors"),
                optimizer=load_file(candidate / "optimizer.safetensors"),
                weighting=load_file(candidate / "weighting.safetensors"),
                state=json.loads((candidate / "state.json").read_text(encoding="utf-8")),
            )
        except (OSError, SafetensorError, ValueError):
            continue
        yield checkpoint


def restore_checkpoint(checkpoint: Checkpoint, *, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Put a checkpoint's tensors back into model and optimizer."""
    load_weights(model, checkpoint.model)
    _restore_optimizer(model, optimizer, checkpoint.optimizer)


def weights(model: nn.Module) -> Tensors:
    """Return the model's tensors, each once, contiguous."""
    seen: set[int] = set()
    tensors: Tensors = {}
    for name, value in model.state_dict().items():
        if value.data_ptr() not in seen or value.numel() == 0:
            tensors[name] = value.detach().contiguous()
            seen.add(value.data_ptr())
    return tensors


def load_weights(model: nn.Module, tensors: Tensors) -> None:
    """Put tensors saved by ``weights`` back; tied ones follow."""
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    absent = set(missing) & set(weights(model))
    if absent or unexpected:
        raise RuntimeError(
            f"checkpoint does not fit the model: missing {sorted(absent)}, unexpected {unexpected}"
        )


def _optimizer_tensors(model: nn.Module, optimizer: torch.optim.Optimizer) -> Tensors:
    names = {id(p): n for n, p in model.named_parameters()}
    return {
        f"{names[id(parameter)]}::{slot}": value.detach().contiguous()
        for parameter, slots in optimizer.state.items()
        for slot, value in slots.items()
    }


def _restore_optimizer(model: nn.Module, optimizer: torch.optim.Optimizer, tensors: Tensors) -> None:
    parameters = dict(model.named_parameters())
    optimizer.state.clear()
    for key, value in tensors.items():
        name, slot = key.rsplit("::", 1)
        parameter = parameters[name]
        # `step` is a counter that the fused optimizer keeps beside the parameter, in float32.
        optimizer.state[parameter][slot] = value.to(parameter.device)
