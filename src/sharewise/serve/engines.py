"""What computes a batch: PyTorch, or onnxruntime where it is faster."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, final

import numpy as np
import torch

from sharewise.data.tokens import TokenBatch
from sharewise.errors import UserError
from sharewise.models.manifest import damaged, file_digest
from sharewise.models.model import Model
from sharewise.models.saved import LoadedModel
from sharewise.models.sharing import Sharing
from sharewise.models.text2text.model import Text2Text
from sharewise.serve.bfloat16 import (
    has_bfloat16,
    in_bfloat16,
    packs,
    quick_text,
    quickened,
    writes_quickly,
)
from sharewise.serve.integers import bears_integers, in_integers

EngineName = Literal["auto", "torch", "torch-bf16", "torch-int8", "onnx", "onnx-int8"]
TorchName = Literal["torch", "torch-bf16", "torch-int8"]
# Folder of an export in a model's folder, and its files.
ONNX, FLOAT, INT8 = "onnx", "model.onnx", "model.int8.onnx"
_FILES = {"onnx": FLOAT, "onnx-int8": INT8}
# What engines are compared on: one text, and a batch of many.
_TRIALS = ((1, 24), (32, 48))
_REPETITIONS = 3
# How far bfloat16 may be from float32, in units of the outputs' spread: its numbers have 8 bits, 3 digits.
_BFLOAT16_TOLERANCE = 0.05
# And 8-bit integers, of which validation has shown more.
_INTEGER_TOLERANCE = 0.2


class Engine(ABC):
    """Tokens in, one output block a task out.

    Attributes:
        name: how it is called.
        packs: whether it takes pads out of a batch, so that they cost nothing.
    """

    name: str
    packs: bool = False

    @abstractmethod
    def forward(self, tokens: TokenBatch, tasks: Sequence[str]) -> Mapping[str, torch.Tensor]:
        """Map a batch to outputs of shape ``(batch, task.outputs)``, float32, on the CPU, of at least these tasks."""


@final
class TorchEngine(Engine):
    """The models in PyTorch, in float32 as they were loaded, or their encoders in bfloat16 or 8-bit integers.

    Args:
        models: models that read the same tokens.
        device: where to compute; a GPU where there is one if None.
        name: what it computes in. In bfloat16 models that write their answers stay in float32 where kernels in C can't
            score them.

    Raises:
        UserError: where 8-bit integers are asked for that these models, or this machine, can't compute in.
    """

    def __init__(
        self, models: Sequence[LoadedModel], device: str | None = None, *, name: TorchName = "torch"
    ) -> None:
        self.name = name
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        made = [_made(name, model.sharing, self.device) for model in models]
        self.packs = all(map(packs, made))
        self.models = [
            (frozenset(model.tasks), sharing.to(self.device))
            for model, sharing in zip(models, made, strict=True)
        ]

    @torch.inference_mode()
    def forward(self, tokens: TokenBatch, tasks: Sequence[str]) -> Mapping[str, torch.Tensor]:
        """See Engine."""
        there = tokens.to(self.device)
        outputs: dict[str, torch.Tensor] = {}
        # What isn't in bfloat16 itself (a method's own layers in the encoder) is cast as in training.
        for own, sharing in self.models:
            if own.intersection(tasks):
                reduced = self.name != "torch" and (not isinstance(sharing, Text2Text) or sharing.quick)
                with torch.autocast(self.device.type, torch.bfloat16, enabled=reduced, cache_enabled=False):
                    # A model may have heads that it doesn't serve, as where weights were selected task by task.
                    outputs.update({task: block for task, block in sharing(there).items() if task in own})
        return {task: block.float().cpu() for task, block in outputs.items()}


def _made(name: TorchName, model: Model, device: torch.device) -> Model:
    if name == "torch":
        return model
    if name == "torch-bf16":
        return _reduced(model, device)
    found = in_integers(model, device)
    if found is None:
        raise UserError(
            "the engine torch-int8 can't compute this model here",
            expected="heads on an encoder of BERT's family, a CPU with VNNI, and a C compiler",
            action="take the engine `auto`",
        )
    return found


def _reduced(model: Model, device: torch.device) -> Model:
    if isinstance(model, Text2Text):
        return quick_text(model, device) or model
    return (quickened(model, device) or in_bfloat16(model, device)) if isinstance(model, Sharing) else model


def _can_be_reduced(model: Model, device: torch.device) -> bool:
    return isinstance(model, Sharing) or (isinstance(model, Text2Text) and writes_quickly(model, device))


@final
class OnnxEngine(Engine):
    """An exported model in onnxruntime, on as many cores as PyTorch would take.

    Args:
        file: the exported file.
        tasks: the tasks in the order of its outputs.
        name: how it is called.
    """

    def __init__(self, file: Path, tasks: Iterable[str], name: str = "onnx") -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        self.name = name
        self.tasks = list(tasks)
        self.session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self.inputs = [entry.name for entry in self.session.get_inputs()]
        self.outputs = [f"output_{i}" for i in range(len(self.tasks))]

    def forward(self, tokens: TokenBatch, tasks: Sequence[str]) -> Mapping[str, torch.Tensor]:
        """See Engine."""
        ids = tokens.input_ids.numpy()
        types = np.zeros_like(ids) if tokens.token_type_ids is None else tokens.token_type_ids.numpy()
        mask = tokens.attention_mask.numpy().astype(np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        blocks = self.session.run(self.outputs, {name: given[name] for name in self.inputs})
        return {task: torch.from_numpy(block) for task, block in zip(self.tasks, blocks, strict=True)}


def open_engine(
    wanted: EngineName, models: Sequence[LoadedModel], *, folder: Path | None, digest: str
) -> Engine:
    """Open the engine that was asked for, or of ``auto`` the fastest one here.

    ``auto`` compares PyTorch in float32, PyTorch in bfloat16 where the hardware multiplies it, and the float32 export
    where there is one: their answers are the same but for rounding. PyTorch in 8-bit integers is among them where
    these were tried on the model's validation split, and moved no task by more than half a point (`bears_integers`).

    Args:
        wanted: auto, torch, torch-bf16, torch-int8, onnx or onnx-int8.
        models: models that read the same tokens.
        folder: the model's folder, in which an export may lie; None for none.
        digest: of all models of the folder.

    Raises:
        UserError: where an export is asked for and isn't there, is of another model, or was changed.
    """
    if wanted == "torch" or wanted == "torch-bf16" or wanted == "torch-int8":
        return TorchEngine(models, name=wanted)
    if wanted == "auto":
        return _fastest(models, folder, digest)
    if folder is None:
        raise UserError(f"the engine {wanted} needs a model's folder")
    if find_spec("onnxruntime") is None:
        raise UserError("the package onnxruntime is missing", action='pip install "sharewise[onnx]"')
    return _opened(wanted, folder, digest)


def _fastest(models: Sequence[LoadedModel], folder: Path | None, digest: str) -> Engine:
    plain = TorchEngine(models)
    candidates: list[Engine] = [plain]
    if has_bfloat16(plain.device) and any(_can_be_reduced(model.sharing, plain.device) for model in models):
        candidates += _close_enough(models, plain, "torch-bf16", _BFLOAT16_TOLERANCE)
    if all(bears_integers(model.manifest) for model in models):
        # They were tried, but perhaps on another machine.
        candidates += _close_enough(models, plain, "torch-int8", _INTEGER_TOLERANCE)
    exported = folder is not None and (folder / ONNX / FLOAT).is_file()
    if (
        folder is not None
        and exported
        and plain.device.type == "cpu"
        and find_spec("onnxruntime") is not None
    ):
        candidates.append(_opened("onnx", folder, digest))
    if len(candidates) == 1:
        return plain
    return min(candidates, key=lambda engine: _seconds(engine, models))


def _close_enough(
    models: Sequence[LoadedModel], exact: TorchEngine, name: TorchName, tolerance: float
) -> list[Engine]:
    """The engine of this name, unless an encoder or this machine doesn't bear it: then nothing."""
    tasks = [task for model in models for task in model.tasks]
    try:
        reduced = TorchEngine(models, name=name)
        for rows, length in _TRIALS:
            tokens = _trial(rows, length, models)
            expected, found = exact.forward(tokens, tasks), reduced.forward(tokens, tasks)
            for task, block in expected.items():
                spread = max(1.0, float(block.abs().max()))
                if not float((block - found[task]).abs().max()) <= tolerance * spread:
                    return []
    except (UserError, RuntimeError, TypeError, AttributeError, NotImplementedError):
        # Code of encoders from the hub may want float32 weights.
        return []
    return [reduced]


def _opened(name: str, folder: Path, digest: str) -> OnnxEngine:
    file = folder / ONNX / _FILES[name]
    again = f"sharewise export {folder} --onnx"
    try:
        facts = json.loads((folder / ONNX / "onnx.json").read_bytes())
        expected, model, tasks = facts["files"].get(file.name), facts["model"], facts["tasks"]
    except FileNotFoundError:
        raise UserError(f"{folder}: the model is not exported", action=again) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(folder / ONNX / "onnx.json", f"{type(error).__name__}: {error}") from None
    if model != digest:
        raise UserError(f"{folder / ONNX}: this is the export of another model", action=again)
    if expected is None:
        raise UserError(f"{file}: the model is not exported in this form", action=again)
    if not file.is_file() or file_digest(file) != expected:
        raise UserError(f"{file}: the file is missing, or not the one that was exported", action=again)
    return OnnxEngine(file, tasks, name)


def _trial(rows: int, length: int, models: Sequence[LoadedModel]) -> TokenBatch:
    """Tokens that differ from row to row, without pads."""
    length = min(length, models[0].max_length)
    vocabulary = len(models[0].tokenizer)
    ids = torch.arange(rows * length).reshape(rows, length) * 7919 % vocabulary
    return TokenBatch(ids, torch.ones((rows, length), dtype=torch.bool), None)


def _seconds(engine: Engine, models: Sequence[LoadedModel]) -> float:
    """Geometric mean of the times of a lone text and of a batch, up to a power: only the order counts.

    In a sum the lone text, which all engines compute about as fast, would decide by chance.
    """
    tasks = [task for model in models for task in model.tasks]
    total = 1.0
    for rows, length in _TRIALS:
        tokens = _trial(rows, length, models)
        engine.forward(tokens, tasks)
        taken = []
        for _ in range(_REPETITIONS):
            started = time.perf_counter()
            engine.forward(tokens, tasks)
            taken.append(time.perf_counter() - started)
        total *= min(taken)
    return total
