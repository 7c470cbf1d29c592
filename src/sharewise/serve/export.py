"""One ONNX file for all heads, checked against PyTorch before anybody gets it; and the same in 8-bit integers."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from pydantic import Field
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.errors import RunError, UserError
from sharewise.files import write_folder
from sharewise.models.calibration import calibrated, decided
from sharewise.models.manifest import file_digest
from sharewise.models.sharing import Sharing
from sharewise.options import Options
from sharewise.serve.engines import FLOAT, INT8, ONNX, Engine, OnnxEngine, TorchEngine
from sharewise.serve.scorer import Scorer
from sharewise.version import __version__

OPSET = 20
# Largest difference of an output in float32, in units of the outputs' spread; rounding stays far below.
TOLERANCE = 1e-3
# Of decisions that must stay the same in 8-bit integers.
AGREEMENT = 0.95
_NEAR = 0.1
_SHAPES = ((1, 1), (1, 2), (3, 11), (7, 40), (16, 25), (32, 64))


class OnnxFacts(Options):
    """onnx.json: what the exported files are, and how they compare with PyTorch."""

    schema_version: Literal[1] = Field(default=1, alias="schema", serialization_alias="schema")
    sharewise: str
    model: str = Field(
        description="digest of the model that was exported; another model doesn't use these files"
    )
    opset: int
    tasks: list[str]
    inputs: list[str]
    difference: float = Field(description="largest, in units of the outputs' spread, in float32")
    agreement: dict[str, float] = Field(
        description="task -> share of decisions on random tokens that int8 leaves as they are; empty without int8"
    )
    files: dict[str, str] = Field(description="SHA-256 of each file")


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What an export left.

    Attributes:
        folder: with ``model.onnx``, ``model.int8.onnx`` and ``onnx.json``.
        facts: what onnx.json says.
    """

    folder: Path
    facts: OnnxFacts

    @property
    def int8(self) -> bool:
        """Whether the 8-bit model was made, and was close enough to be kept."""
        return INT8 in self.facts.files


class _AllHeads(nn.Module):
    """The models' outputs as a tuple, in the order of the tasks."""

    def __init__(self, scorer: Scorer) -> None:
        super().__init__()
        self.parts = nn.ModuleList(model.sharing for model in scorer.models)
        self.own = [tuple(model.tasks) for model in scorer.models]

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, ...]:
        """Map int64 ``(batch, length)`` each to ``(batch, outputs)`` a task."""
        tokens = TokenBatch(input_ids, attention_mask.bool(), token_type_ids)
        outputs: dict[str, torch.Tensor] = {}
        for part, own in zip(self.parts, self.own, strict=True):
            found: Mapping[str, torch.Tensor] = part(tokens)
            outputs.update((task, found[task]) for task in own)
        return tuple(outputs.values())


def export_onnx(folder: Path, *, int8: bool = True) -> Exported:
    """Export a model into ``onnx/`` of its own folder, whole or not at all; an earlier export makes way.

    Args:
        folder: the model's folder.
        int8: also write the model with weights in 8-bit integers, activations quantised as they come; it is thrown
            away where too many decisions change.

    Raises:
        UserError: where the models of the folder read different tokens, or the model can't be exported.
        RunError: where what was exported differs from PyTorch.
    """
    scorer = Scorer.load(folder, engine="torch")
    if len(scorer.readers) > 1:
        raise UserError(f"{folder}: its models read different tokens, and one file has one set of inputs")
    encoders = [model.sharing.encoder for model in scorer.models if isinstance(model.sharing, Sharing)]
    if len(encoders) < len(scorer.models):
        raise UserError(
            f"{folder}: this model writes its answers, and only models with heads are exported",
            action="use it with PyTorch: `--engine torch`",
        )
    inputs = ["input_ids", "attention_mask"]
    if any(encoder.segments > 1 for encoder in encoders):
        inputs.append("token_type_ids")
    facts: list[OnnxFacts] = []

    def write(beside: Path) -> None:
        exact = beside / FLOAT
        _export(scorer, inputs, exact)
        engine = TorchEngine(scorer.models, device="cpu")
        difference = _difference(scorer, engine, OnnxEngine(exact, scorer.tasks), inputs)
        if not difference <= TOLERANCE:
            raise RunError(
                f"{folder}: the exported model differs from PyTorch by {difference:.2g} of the outputs' spread, "
                f"and {TOLERANCE:g} is allowed; it was thrown away"
            )
        agreement: dict[str, float] = {}
        if int8:
            agreement = _quantised(scorer, engine, exact, beside / INT8, inputs)
            if min(agreement.values()) < AGREEMENT:
                (beside / INT8).unlink()
        found = OnnxFacts(
            sharewise=__version__,
            model=scorer.digest,
            opset=OPSET,
            tasks=list(scorer.tasks),
            inputs=inputs,
            difference=difference,
            agreement=agreement,
            files={file.name: file_digest(file) for file in sorted(beside.glob("*.onnx"))},
        )
        text = json.dumps(found.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False)
        (beside / "onnx.json").write_text(text + "\n", encoding="utf-8")
        facts.append(found)

    write_folder(folder / ONNX, write, replace=True)
    return Exported(folder=folder / ONNX, facts=facts[0])


def _export(scorer: Scorer, inputs: list[str], file: Path) -> None:
    ids = torch.full((3, 7), 5)
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.zeros_like(ids)}
    with _silence():
        try:
            program = torch.onnx.export(
                _AllHeads(scorer).eval(),
                tuple(given[name] for name in inputs),
                dynamo=True,
                opset_version=OPSET,
                input_names=inputs,
                output_names=[f"output_{i}" for i in range(len(scorer.tasks))],
                dynamic_shapes=tuple({0: "batch", 1: "length"} for _ in inputs),
                verbose=False,
            )
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            raise UserError(
                f"the model can't be exported as ONNX ({type(error).__name__}: {reason})",
                action="use it with PyTorch, or take another encoder",
            ) from error
    if program is None:
        raise RunError("PyTorch exported nothing")
    program.save(str(file), external_data=False)
    # What the file is can be read from the file itself, wherever it goes.
    model = onnx.load(str(file))
    facts = {
        "sharewise": __version__,
        "model": scorer.digest,
        "opset": str(OPSET),
        "outputs": json.dumps(
            {f"output_{i}": task for i, task in enumerate(scorer.tasks)}, ensure_ascii=False
        ),
        "max_length": str(scorer.readers[0].max_length),
        "files": json.dumps({m.manifest.digest: m.manifest.files for m in scorer.models}, sort_keys=True),
    }
    onnx.helper.set_model_props(model, facts)
    onnx.checker.check_model(model)
    onnx.save(model, str(file))


def _difference(scorer: Scorer, exact: Engine, other: Engine, inputs: list[str]) -> float:
    """The largest difference of any output over batches of many shapes, in units of the outputs' spread."""
    worst = 0.0
    tasks = list(scorer.tasks)
    for tokens in _batches(scorer, inputs):
        expected, found = exact.forward(tokens, tasks), other.forward(tokens, tasks)
        for task in tasks:
            spread = max(1.0, float(expected[task].abs().max()))
            worst = max(worst, float((expected[task] - found[task]).abs().max()) / spread)
    return worst


def _quantised(
    scorer: Scorer, exact: Engine, source: Path, target: Path, inputs: list[str]
) -> dict[str, float]:
    """Write the 8-bit model; return the share of decisions that stay (of numbers: to a tenth of a deviation)."""
    with _silence():
        quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True)
    other = OnnxEngine(target, scorer.tasks)
    tasks = list(scorer.tasks)
    pairs = [(exact.forward(t, tasks), other.forward(t, tasks)) for t in _batches(scorer, inputs)]
    agreement = {}
    for name, task in scorer.tasks.items():
        outputs = [torch.cat([pair[side][name] for pair in pairs]) for side in (0, 1)]
        sides = [calibrated(task, block, scorer.calibration.get(name)) for block in outputs]
        before, after = (decided(task, block, scorer.thresholds.get(name)) for block in sides)
        # Heads of numbers work in training standard deviations.
        near = ((outputs[0] - outputs[1]).abs().amax(dim=1) <= _NEAR).numpy()
        same = before == after if task.labels else near
        agreement[name] = round(float(np.mean(same)), 4)
    return agreement


def _batches(scorer: Scorer, inputs: list[str]) -> Iterator[TokenBatch]:
    """Random tokens in batches of many shapes, ragged where there is room."""
    reader = scorer.readers[0]
    draw = np.random.default_rng(0)
    vocabulary = np.array(sorted(set(reader.tokenizer.get_vocab().values())))
    for rows, longest in _SHAPES:
        length = min(longest, reader.max_length)
        ids = torch.from_numpy(draw.choice(vocabulary, (rows, length)).astype(np.int64))
        lengths = draw.integers(1, length + 1, rows)
        lengths[0] = length
        mask = torch.from_numpy(np.arange(length) < lengths[:, None])
        types = torch.zeros_like(ids) if "token_type_ids" in inputs else None
        if types is not None:
            types[:, length // 2 :] = 1
        yield TokenBatch(ids, mask, types)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the exporters' remarks on what they do inside from the user's terminal."""
    noisy = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir", "root", "")]
    levels = [logger.level for logger in noisy]
    for logger in noisy:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(noisy, levels, strict=True):
            logger.setLevel(level)
