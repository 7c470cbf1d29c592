"""What training is measured beside: HF Trainer under several settings, and the processor's own peak."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

LEARNING_RATE = 5e-5


@dataclass(frozen=True, kw_only=True)
class Work:
    """Texts with one binary label, and how they are trained on.

    Attributes:
        frame: columns ``text`` and ``label``.
        encoder: folder of the pretrained model.
        rows: of a batch.
        epochs: passes over the frame.
        seed: of order, head and dropout.
        max_length: tokens of a text at most.
        pooling: of Sharewise; the first token's state, which HF's heads read too, unless it is ``mean``.
    """

    frame: pl.DataFrame
    encoder: str
    rows: int = 32
    epochs: int = 1
    seed: int = 1
    max_length: int = 128
    pooling: str = "cls"


@dataclass(frozen=True)
class Timing:
    """Rows and real tokens that were trained on after the first update, and the seconds that took."""

    rows: int
    tokens: int
    seconds: float


class Stopwatch:
    """Times from the end of the first update to the end of the last; an observer of Sharewise's.

    Attributes:
        clock: gives seconds; the processor's own, over all threads, where other work goes on beside.
    """

    clock: Callable[[], float] = time.perf_counter

    def __init__(self) -> None:
        self.times: list[float] = []

    def tick(self) -> None:
        """Note that an update has ended."""
        self.times.append(type(self).clock())

    @property
    def seconds(self) -> float:
        """Seconds between the first update's end and the last's."""
        return self.times[-1] - self.times[0]

    def on_start(self, **_: Any) -> None:
        """Pass over."""

    def on_step(self, **_: Any) -> None:
        """An update was made."""
        self.tick()

    def on_evaluation(self, record: Any) -> None:
        """Pass over."""

    def on_note(self, note: str) -> None:
        """Pass over."""

    def on_end(self) -> None:
        """Pass over."""


# Settings of HF Trainer: as a user would tune it, as it comes, and everything padded in float32.
HF: dict[str, dict[str, Any]] = {
    "hf tuned": {"bf16": True, "train_sampling_strategy": "group_by_length", "optim": "adamw_torch_fused"},
    "hf default": {},
    "hf padded": {"padded": 256},
}


def hf_trainer(
    work: Work,
    name: str,
    folder: str,
    *,
    steps: int = -1,
    callback: Any = None,
    validation: pl.DataFrame | None = None,
    compute_metrics: Any = None,
    others: Mapping[str, Any] | None = None,
) -> Any:
    """Return a trainer of transformers for this work under one of the settings in ``HF``.

    Args:
        work: what to train.
        name: of the settings.
        folder: for whatever it saves.
        steps: at most; all if -1.
        callback: is told of steps.
        validation: evaluated where ``others`` asks for it.
        compute_metrics: of an evaluation.
        others: more of ``transformers.TrainingArguments``.
    """
    import datasets
    import transformers

    transformers.logging.set_verbosity_error()
    datasets.disable_progress_bars()
    settings = {"save_strategy": "no"} | HF[name] | dict(others or {})
    padded = settings.pop("padded", None)
    tokenizer = transformers.AutoTokenizer.from_pretrained(work.encoder)

    def tokenised(frame: pl.DataFrame) -> Any:
        encoded = tokenizer(frame["text"].to_list(), truncation=True, max_length=work.max_length)
        return datasets.Dataset.from_dict(dict(encoded) | {"labels": frame["label"].to_list()})

    transformers.set_seed(work.seed)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(work.encoder, num_labels=2)
    trainer = transformers.Trainer(
        model=model,
        args=transformers.TrainingArguments(
            output_dir=folder,
            num_train_epochs=work.epochs,
            max_steps=steps,
            per_device_train_batch_size=work.rows,
            learning_rate=LEARNING_RATE,
            warmup_steps=0.1,
            weight_decay=0.01,
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
            seed=work.seed,
            **settings,
        ),
        train_dataset=tokenised(work.frame),
        eval_dataset=None if validation is None else tokenised(validation),
        compute_metrics=compute_metrics,
        data_collator=transformers.DataCollatorWithPadding(
            tokenizer, **({"padding": "max_length", "max_length": padded} if padded else {})
        ),
        callbacks=[callback] if callback else None,
    )
    trainer.tokenised = tokenised
    return trainer


def time_hf(work: Work, name: str, *, steps: int = -1) -> Timing:
    """Train with HF Trainer; time its updates."""
    import transformers

    watch = Stopwatch()

    class Watch(transformers.TrainerCallback):
        def on_step_end(self, *arguments: Any, **keywords: Any) -> None:
            watch.tick()

    with tempfile.TemporaryDirectory() as folder:
        trainer = hf_trainer(work, name, folder, steps=steps, callback=Watch())
        lengths = np.array([len(ids) for ids in trainer.train_dataset["input_ids"]])
        trainer.train()
    return _timing(watch, work, lengths)


def time_sharewise(work: Work, *, heads: int = 1, kernels: str = "auto") -> Timing:
    """Train with Sharewise; time its updates. Of several heads all have the same label."""
    from sharewise.train import Trainer

    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        job = sharewise_job(
            work, Path(folder), heads=heads, training={"kernels": kernels, "evaluate_every": 1_000_000}
        )
        trainer = Trainer(job, Path(folder) / "run", observer=watch)
        trainer.run()
        return _timing(watch, work, job.stores["train"].lengths)


def sharewise_job(
    work: Work, folder: Path, *, heads: int = 1, training: Any = None, **splits: pl.DataFrame
) -> Any:
    """Return the same work as a job of Sharewise's, validated on a few training rows unless splits are given."""
    from sharewise.compare.planning import plan_runs
    from sharewise.compare.workspace import Workspace
    from sharewise.study import Study

    names = [f"task{number}" for number in range(heads)]
    files = {"train": work.frame, "validation": work.frame.head(64)} | splits
    for split, frame in files.items():
        frame.with_columns(pl.col("label").alias(n) for n in names).write_csv(folder / f"{split}.csv")
    study = Study(
        name="speed",
        data={"rows": {split: str(folder / f"{split}.csv") for split in files} | {"text": "text"}},
        tasks={n: {"data": "rows", "kind": "binary", "label": n} for n in names},
        encoder={"name": work.encoder, "pooling": work.pooling},
        training={
            "epochs": work.epochs,
            "batch_rows": work.rows,
            "learning_rate": LEARNING_RATE,
            "max_length": work.max_length,
            "precision": "bf16",
            "stop": "never",
        }
        | (training or {}),
        arms={"hard": {"sharing": "hard"}},
        seeds=(work.seed,),
    )
    specs = plan_runs(study)
    return Workspace(study, folder / "cache").job(specs[0] if heads == 1 else specs[-1])


def peak(precision: str = "bf16", size: int = 2048, seconds: float = 1.0) -> float:
    """Return the processor's rate of matrix products, in operations a second."""
    import torch

    matrix = torch.randn(size, size).to(torch.bfloat16 if precision == "bf16" else torch.float32)
    matrix @ matrix
    products, clock = 0, Stopwatch.clock
    started = clock()
    while clock() - started < seconds:
        matrix @ matrix
        products += 1
    return 2 * size**3 * products / (clock() - started)


def operations(encoder: str, *, first_only: bool) -> int:
    """Return the operations of matrix products that training takes a token, attention's own left out.

    Args:
        encoder: folder of the model.
        first_only: whether of the last layer keys and values alone are computed of every token.
    """
    import transformers

    layers = transformers.AutoModel.from_pretrained(encoder).encoder.layer
    named = [(number, n, p) for number, layer in enumerate(layers) for n, p in layer.named_parameters()]
    matrices = (
        p.numel()
        for number, name, p in named
        if p.ndim == 2
        and (not first_only or number < len(layers) - 1 or ".key." in name or ".value." in name)
    )
    return 6 * sum(matrices)


def _timing(watch: Stopwatch, work: Work, lengths: Any) -> Timing:
    """Count what was trained on after the first update; tokens as the mean row has them."""
    rows = (len(watch.times) - 1) * work.rows
    return Timing(rows=rows, tokens=round(rows * float(lengths.mean())), seconds=watch.seconds)
