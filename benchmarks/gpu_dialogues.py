"""Nine criteria of 400,572 simulated dialogues on one GPU, in one call: builds the data, checks the model, measures.

The workload is that of a published dialogue-quality model: 400,572 training and 50,047 validation rows, three epochs of
batches of 64, a model of roberta-base's shape (random weights), nine binary heads, validation after each epoch. Texts
are packed without a pad and attended to by variable-length attention; the model is compiled; token ids lie on the GPU,
each epoch's order comes from pinned memory, and no step waits for a number. Beside it HF Trainer trains some steps
with every text padded to 256, from which its whole run is projected.

    python benchmarks/gpu_dialogues.py build FOLDER     # where Sharewise is installed: writes the token cache
    python benchmarks/gpu_dialogues.py measure FOLDER   # needs torch, transformers, accelerate and numpy alone
    python benchmarks/gpu_dialogues.py FOLDER           # both, the first where FOLDER holds no cache yet

Attention's own dropout is left out: kernels for texts of different lengths have none. Hidden dropout is as published.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import nn
from torch.nn import functional

ROWS = {"train": 400_572, "validation": 50_047}
EPOCHS, BATCH, RATE, WARMUP, CLIP = 3, 64, 2e-5, 0.1, 1.0
LONGEST, PADDED, VOCABULARY = 256, 256, 32_000
# Packed tokens are rounded up to a multiple of this, so that few numbers of them occur.
_MULTIPLE = 256
_PARTS = ("ids", "offsets", "targets")


def build(folder: Path, rows: dict[str, int], vocabulary: int = VOCABULARY) -> None:
    """Simulate the dialogues, train a tokenizer on them, and write their tokens and labels."""
    from sharewise.data.corpus.criteria import CRITERIA
    from sharewise.data.corpus.dialogues import simulate
    from sharewise.data.tokens import tokenize
    from sharewise.models.tokenizers import train_tokenizer, wrap

    frame = simulate("ko", list(rows.values()), 1, "published")
    texts = frame.select(frame["human_question"].alias("text"), frame["bot_response"].alias("pair"))
    tokenizer = wrap(train_tokenizer(texts.head(min(len(texts), 50_000)), vocabulary))
    start = 0
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in rows.items():
        store = tokenize(texts.slice(start, count), tokenizer, max_length=LONGEST)
        labels = frame.slice(start, count).select(f"{c}_majority" for c in CRITERIA).to_numpy()
        for part, values in zip(_PARTS, (store.ids, store.offsets, labels.astype(np.int8)), strict=True):
            np.save(folder / f"{split}-{part}.npy", values)
        start += count
    facts = {"vocabulary": len(tokenizer), "pad": int(tokenizer.pad_token_id), "criteria": list(CRITERIA)}
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


@dataclass(frozen=True)
class Split:
    """One split: token ids and labels on the device, offsets beside them and on the CPU."""

    ids: torch.Tensor
    targets: torch.Tensor
    offsets: Any
    starts: torch.Tensor

    @classmethod
    def read(cls, folder: Path, name: str, device: torch.device) -> Split:
        """Read what ``build`` wrote."""
        ids, offsets, targets = (np.load(folder / f"{name}-{part}.npy") for part in _PARTS)
        on = {"device": device}
        return cls(
            torch.as_tensor(ids, **on),
            torch.as_tensor(targets, **on),
            offsets,
            torch.as_tensor(offsets, **on),
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True)
class Batch:
    """Packed texts: ``(total,)`` ids and positions, where each text starts, and the labels of all but the filler."""

    ids: torch.Tensor
    positions: torch.Tensor
    starts: torch.Tensor
    longest: int
    targets: torch.Tensor


def batches(split: Split, order: Any, size: int, pad: int) -> Iterator[Batch]:
    """Pack batch after batch; whatever the device has to wait for is known on the CPU.

    Args:
        split: to pack.
        order: rows, in the order in which they come.
        size: rows of a batch.
        pad: id of the tokens that fill a batch up; they form a last text of their own.
    """
    device = split.ids.device
    rows = torch.as_tensor(order)
    if device.type == "cuda":
        rows = rows.pin_memory().to(device, non_blocking=True)
    lengths = np.diff(split.offsets)[order]
    for first in range(0, len(order), size):
        mine, long = rows[first : first + size], lengths[first : first + size]
        real = int(long.sum())
        # At least one token of filler, so that there always is a last text.
        total = (real // _MULTIPLE + 1) * _MULTIPLE
        ends = np.concatenate([[0], np.cumsum(long), [total]]).astype(np.int32)
        starts = torch.from_numpy(ends)
        if device.type == "cuda":
            starts = starts.pin_memory().to(device, non_blocking=True)
        text = torch.repeat_interleave(
            torch.arange(len(ends) - 1, device=device), (starts[1:] - starts[:-1]).long(), output_size=total
        )
        positions = torch.arange(total, device=device) - starts[text]
        begins = torch.cat([split.starts[mine], split.starts.new_zeros(1)])
        real_token = torch.arange(total, device=device) < real
        ids = torch.where(real_token, split.ids[(begins[text] + positions) * real_token], pad)
        longest = _up(max(int(long.max()), total - real), 64)
        yield Batch(ids.long(), positions.clamp(max=LONGEST - 1), starts, longest, split.targets[mine])


class Packed(nn.Module):
    """A RoBERTa of transformers on packed texts, and a linear head a criterion."""

    def __init__(self, backbone: Any, heads: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = nn.Linear(backbone.config.hidden_size, heads)

    def forward(
        self, ids: torch.Tensor, positions: torch.Tensor, starts: torch.Tensor, longest: int
    ) -> torch.Tensor:
        """Map packed texts to ``(texts, heads)``, read off each text's first token; the filler's are among them."""
        states = self.states(ids, positions, starts, longest)
        return self.heads(states[starts[:-1].long()].float())

    def states(
        self, ids: torch.Tensor, positions: torch.Tensor, starts: torch.Tensor, longest: int
    ) -> torch.Tensor:
        """Map packed texts to their tokens' states, ``(total, width)``."""
        model, config = self.backbone, self.backbone.config
        table = model.embeddings
        first = (
            0 if table.position_embeddings.padding_idx is None else table.position_embeddings.padding_idx + 1
        )
        x = table.word_embeddings(ids) + table.position_embeddings(positions + first)
        x = self._drop(table.LayerNorm(x + table.token_type_embeddings.weight[0]))
        shape = (len(ids), config.num_attention_heads, -1)
        for layer in model.encoder.layer:
            attention = layer.attention.self
            q, k, v = (part(x).view(shape) for part in (attention.query, attention.key, attention.value))
            found = attend(q, k, v, starts, longest).reshape(len(ids), -1)
            x = layer.attention.output.LayerNorm(x + self._drop(layer.attention.output.dense(found)))
            inner = functional.gelu(layer.intermediate.dense(x))
            x = layer.output.LayerNorm(x + self._drop(layer.output.dense(inner)))
        return x

    def _drop(self, x: torch.Tensor) -> torch.Tensor:
        return functional.dropout(x, self.backbone.config.hidden_dropout_prob, self.training)


def attend(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, starts: torch.Tensor, longest: int
) -> torch.Tensor:
    """Let each text's tokens, ``(total, heads, size)``, attend to those of the same text."""
    if q.device.type == "cuda":
        from torch.nn.attention.varlen import varlen_attn

        q, k, v = (x.to(torch.bfloat16) for x in (q, k, v))
        return varlen_attn(q, k, v, starts, starts, longest, longest)
    ends = starts.tolist()
    texts = [slice(a, b) for a, b in itertools.pairwise(ends)]
    each = (
        functional.scaled_dot_product_attention(*(x[t].transpose(0, 1)[None] for x in (q, k, v)))[0]
        for t in texts
    )
    return torch.cat([x.transpose(0, 1) for x in each])


def check(model: Packed, split: Split, pad: int) -> float:
    """Compare packed states with transformers' own on padded texts; return the largest relative error.

    Raises:
        SystemExit: where they differ by more than bfloat16 rounds.
    """
    model.eval()
    order = np.arange(min(8, len(split)))
    batch = next(batches(split, order, len(order), pad))
    lengths = np.diff(split.offsets)[order]
    ids = torch.full((len(order), int(lengths.max())), pad, device=split.ids.device)
    mask = torch.zeros_like(ids)
    for row, (start, length) in enumerate(zip(split.offsets, lengths, strict=False)):
        ids[row, :length] = split.ids[int(start) : int(start) + int(length)].long()
        mask[row, :length] = 1
    positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids) + pad + 1
    with torch.no_grad(), _autocast(ids.device):
        mine = model.states(batch.ids, batch.positions, batch.starts, batch.longest)[
            : int(lengths.sum())
        ].float()
        theirs = model.backbone(input_ids=ids, attention_mask=mask, position_ids=positions).last_hidden_state
    theirs = theirs[mask.bool()].float()
    error = float((mine - theirs).norm() / theirs.norm())
    if not error < (0.03 if ids.device.type == "cuda" else 1e-4):
        raise SystemExit(f"packed texts give other states than padded ones: they differ by {error:.2%}")
    return error


@dataclass
class Settings:
    """Size of a run."""

    epochs: int = EPOCHS
    batch: int = BATCH
    rate: float = RATE
    layers: int = 12
    width: int = 768
    heads: int = 12
    rival_steps: int = 100
    compiled: bool = True


def measure(folder: Path, settings: Settings) -> dict[str, Any]:
    """Check the model, train and validate it, and time all of it; return what was found."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    splits = {name: Split.read(folder, name, device) for name in ROWS}
    torch.manual_seed(1)
    pad = facts["pad"]
    config = transformers.RobertaConfig(
        vocab_size=facts["vocabulary"],
        hidden_size=settings.width,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        intermediate_size=4 * settings.width,
        max_position_embeddings=LONGEST + pad + 1,
        type_vocab_size=1,
        pad_token_id=pad,
    )
    backbone = transformers.RobertaModel(config, add_pooling_layer=False)
    model = Packed(backbone, len(facts["criteria"])).to(device)
    error = check(model, splits["validation"], pad)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=settings.rate, weight_decay=0.01, fused=True)
    forward: Callable[..., torch.Tensor] = model
    if settings.compiled and device.type == "cuda":
        forward = torch.compile(model, dynamic=True)
    steps = math.ceil(len(splits["train"]) / settings.batch)
    total = steps * settings.epochs
    history: list[dict[str, Any]] = []
    peak = _peak(device)
    _warm(forward, splits["train"], settings.batch, pad)
    began, step, training, seen = _now(device), 0, 0.0, 0
    for epoch in range(settings.epochs):
        model.train()
        started, losses = _now(device), torch.zeros((), device=device)
        order = np.random.default_rng([1, epoch]).permutation(len(splits["train"]))
        seen += int(np.diff(splits["train"].offsets).sum())
        for batch in batches(splits["train"], order, settings.batch, pad):
            for group in optimizer.param_groups:
                group["lr"] = settings.rate * _slope(step, total)
            with _autocast(device):
                outputs = forward(batch.ids, batch.positions, batch.starts, batch.longest)[:-1]
            loss = functional.binary_cross_entropy_with_logits(outputs, batch.targets.float())
            loss.backward()
            nn.utils.clip_grad_norm_(trained, CLIP, foreach=True)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses += loss.detach()
            step += 1
        training += _now(device) - started
        scores = _validate(model, forward, splits["validation"], pad, device)
        history.append({"epoch": epoch + 1, "train_loss": float(losses) / steps, **scores})
    seconds = _now(device) - began
    products = sum(p.numel() for n, p in backbone.encoder.named_parameters() if p.ndim == 2)
    found = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "rows": {name: len(split) for name, split in splits.items()},
        "mean_tokens": float(np.diff(splits["train"].offsets).mean()),
        "difference_to_transformers": error,
        "seconds": seconds,
        "seconds_of_training": training,
        "bf16_peak": peak,
        "share_of_peak": 6 * products * seen / training / peak,
        "history": history,
    }
    if settings.rival_steps:
        found["hf_padded"] = _rival(config, splits["train"], facts, settings)
        found["faster_by"] = found["hf_padded"]["projected_seconds"] / training
    return found


@torch.no_grad()
def _validate(
    model: Packed, forward: Callable[..., torch.Tensor], split: Split, pad: int, device: torch.device
) -> dict[str, Any]:
    """Score a split, longest texts first; numbers leave the device once, at the end."""
    model.eval()
    order = np.argsort(-np.diff(split.offsets), kind="stable")
    kinds = split.targets.shape[1]
    counts, loss = torch.zeros(4, kinds, device=device), torch.zeros((), device=device)
    for batch in batches(split, order, 512, pad):
        with _autocast(device):
            outputs = forward(batch.ids, batch.positions, batch.starts, batch.longest)[:-1]
        truth, said = batch.targets.bool(), outputs > 0
        loss += functional.binary_cross_entropy_with_logits(outputs, batch.targets.float()) * len(truth)
        counts += torch.stack([(truth & said), (truth & ~said), (~truth & said), (~truth & ~said)]).sum(dim=1)
    hit, missed, wrong, right = counts.cpu().numpy()
    with np.errstate(invalid="ignore"):
        f1 = 2 * hit / (2 * hit + missed + wrong)
        other = 2 * right / (2 * right + missed + wrong)
    return {
        "validation_loss": float(loss) / len(split),
        "accuracy": ((hit + right) / counts.cpu().numpy().sum(axis=0)).tolist(),
        "macro_f1": ((f1 + other) / 2).tolist(),
    }


def _warm(forward: Callable[..., torch.Tensor], split: Split, size: int, pad: int) -> None:
    """Compile, which is no part of what is measured; nothing is learned."""
    for batch in batches(split, np.arange(min(2 * size, len(split))), size, pad):
        with _autocast(batch.ids.device):
            outputs = forward(batch.ids, batch.positions, batch.starts, batch.longest)
        outputs.sum().mul(0.0).backward()


def _rival(config: Any, split: Split, facts: dict[str, Any], settings: Settings) -> dict[str, float]:
    """Train a few steps with HF Trainer, every text padded; project its whole run."""
    model = transformers.AutoModelForSequenceClassification.from_config(
        type(config)(
            **config.to_dict()
            | {
                "num_labels": len(facts["criteria"]),
                "problem_type": "multi_label_classification",
                "max_position_embeddings": PADDED + facts["pad"] + 1,
            }
        )
    )
    ids, targets = split.ids.cpu().numpy(), split.targets.float().cpu()

    class Rows(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return min(len(split), settings.batch * (settings.rival_steps + 1))

        def __getitem__(self, row: int) -> dict[str, torch.Tensor]:
            mine = torch.from_numpy(ids[split.offsets[row] : split.offsets[row + 1]][:PADDED]).long()
            padded = functional.pad(mine, (0, PADDED - len(mine)), value=facts["pad"])
            return {
                "input_ids": padded,
                "attention_mask": (padded != facts["pad"]).long(),
                "labels": targets[row],
            }

    times: list[float] = []
    device = split.ids.device

    class Watch(transformers.TrainerCallback):
        def on_step_end(self, *arguments: Any, **keywords: Any) -> None:
            times.append(_now(device) if not times or len(times) == settings.rival_steps else 0.0)

    with tempfile.TemporaryDirectory() as folder:
        transformers.Trainer(
            model=model,
            args=transformers.TrainingArguments(
                output_dir=folder,
                max_steps=settings.rival_steps + 1,
                per_device_train_batch_size=settings.batch,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                use_cpu=device.type == "cpu",
            ),
            train_dataset=Rows(),
            callbacks=[Watch()],
        ).train()
    each = (times[-1] - times[0]) / (len(times) - 1)
    steps = math.ceil(len(split) / settings.batch) * settings.epochs
    return {"seconds_a_step": each, "projected_seconds": each * steps}


def _peak(device: torch.device) -> float:
    """Return the rate of bfloat16 matrix products, in operations a second."""
    size, times = (8192, 20) if device.type == "cuda" else (512, 5)
    matrix = torch.randn(size, size, device=device, dtype=torch.bfloat16)
    matrix @ matrix
    started = _now(device)
    for _ in range(times):
        matrix @ matrix
    return 2 * size**3 * times / (_now(device) - started)


def _slope(step: int, total: int) -> float:
    rising = round(total * WARMUP)
    return (step + 1) / rising if step < rising else (total - step) / max(1, total - rising)


def _autocast(device: torch.device) -> torch.autocast:
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def _up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


def main(arguments: list[str] | None = None) -> None:
    """Build, or measure, or both."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    wanted = arguments.pop(0) if arguments and arguments[0] in ("build", "measure") else "both"
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of the token cache")
    parser.add_argument("--rows", type=int, nargs=2, default=list(ROWS.values()), help="training, validation")
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--rival-steps", type=int, default=100, help="0 leaves HF Trainer out")
    parser.add_argument("--no-compile", action="store_true")
    options = parser.parse_args(arguments)
    there = (options.folder / "facts.json").is_file()
    if wanted == "measure" and not there:
        parser.error(f"{options.folder} holds no token cache; `build` writes it where Sharewise is installed")
    if wanted == "build" or not there:
        build(options.folder, dict(zip(ROWS, options.rows, strict=True)), options.vocabulary)
    if wanted != "build":
        settings = Settings(
            epochs=options.epochs,
            layers=options.layers,
            width=options.width,
            heads=options.heads,
            rival_steps=options.rival_steps,
            compiled=not options.no_compile,
        )
        print(json.dumps(measure(options.folder, settings), indent=1))


if __name__ == "__main__":
    main()
