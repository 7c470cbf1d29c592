"""Training speed beside HF Trainer as a user would tune it: same model, rows, epochs, batch size and machine.

Repetitions alternate (Sharewise, HF, Sharewise, HF, …), each in a process of its own, because machines drift. Only
updates are timed: no loading, no evaluation, no saving. HF Trainer runs with rows grouped by length, bfloat16 and the
fused AdamW.

    python benchmarks/training_speed.py --data DIR --encoder DIR --repetitions 5
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROW_BATCH, LEARNING_RATE, MAX_LENGTH = 32, 5e-5, 128


class Stopwatch:
    """Times from the first update to the last, evaluations left out."""

    def __init__(self) -> None:
        self.started = self.ended = 0.0

    def on_start(self, *, done: int, total: int) -> None:
        """Start."""
        self.started = time.perf_counter()

    def on_step(self, *, step: int, total: int) -> None:
        """Stop, until the next update does so again."""
        self.ended = time.perf_counter()

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        """Pass over."""

    def on_note(self, note: str) -> None:
        """Pass over."""

    def on_end(self) -> None:
        """Pass over."""


def sharewise_seconds(data: Path, encoder: str, rows: int) -> tuple[int, float]:
    """Train one epoch with Sharewise; return rows and seconds."""
    from sharewise.compare.planning import plan_runs
    from sharewise.compare.workspace import Workspace
    from sharewise.study import Study
    from sharewise.train import Trainer

    with tempfile.TemporaryDirectory() as folder:
        train = Path(folder) / "train.tsv"
        train.write_text("".join(_lines(data)[: rows + 1]), encoding="utf-8")
        study = Study(
            name="speed",
            data={
                "amcd": {"train": str(train), "validation": str(data / "EN_valid.tsv"), "text": "sentence"}
            },
            tasks={"counterfactual": {"data": "amcd", "kind": "binary", "label": "is_counterfactual"}},
            encoder=encoder,
            training={
                "epochs": 1,
                "batch_rows": ROW_BATCH,
                "learning_rate": LEARNING_RATE,
                "max_length": MAX_LENGTH,
                "precision": "bf16",
            },
            seeds=(1,),
        )
        job = Workspace(study, Path(folder) / "cache").job(plan_runs(study)[0])
        watch = Stopwatch()
        Trainer(job, Path(folder) / "run", observer=watch).run()
        return len(job.data.train), watch.ended - watch.started


def hf_seconds(data: Path, encoder: str, rows: int) -> tuple[int, float]:
    """Train one epoch with HF Trainer; return rows and seconds."""
    import datasets
    import polars as pl
    import transformers

    frame = pl.read_csv(data / "EN_train.tsv", separator="\t").head(rows)
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder)
    encoded = tokenizer(frame["sentence"].to_list(), truncation=True, max_length=MAX_LENGTH)
    dataset = datasets.Dataset.from_dict(dict(encoded) | {"labels": frame["is_counterfactual"].to_list()})
    model = transformers.AutoModelForSequenceClassification.from_pretrained(encoder, num_labels=2)

    class Watch(transformers.TrainerCallback):
        started = ended = 0.0

        def on_train_begin(self, *arguments: Any, **keywords: Any) -> None:
            self.started = time.perf_counter()

        def on_step_end(self, *arguments: Any, **keywords: Any) -> None:
            self.ended = time.perf_counter()

    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        transformers.Trainer(
            model=model,
            args=transformers.TrainingArguments(
                output_dir=folder,
                num_train_epochs=1,
                per_device_train_batch_size=ROW_BATCH,
                learning_rate=LEARNING_RATE,
                warmup_steps=0.1,
                bf16=True,
                train_sampling_strategy="group_by_length",
                optim="adamw_torch_fused",
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                use_cpu=True,
                seed=1,
            ),
            train_dataset=dataset,
            data_collator=transformers.DataCollatorWithPadding(tokenizer),
            callbacks=[watch],
        ).train()
    return len(frame), watch.ended - watch.started


def _lines(data: Path) -> list[str]:
    return (data / "EN_train.tsv").read_text(encoding="utf-8").splitlines(keepends=True)


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with AMCD's EN_train.tsv and EN_valid.tsv"
    )
    parser.add_argument("--encoder", required=True, help="hub id or local folder")
    parser.add_argument("--rows", type=int, default=4018)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--one", choices=["sharewise", "hf"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure = sharewise_seconds if options.one == "sharewise" else hf_seconds
        rows, seconds = measure(options.data, options.encoder, options.rows)
        print(json.dumps({"rows": rows, "seconds": seconds}))
        return
    speeds: dict[str, list[float]] = {"sharewise": [], "hf": []}
    for repetition in range(options.repetitions):
        for name, found in speeds.items():
            command = [sys.executable, __file__, *sys.argv[1:], "--one", name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            answer = json.loads(done.stdout.strip().splitlines()[-1])
            found.append(answer["rows"] / answer["seconds"])
        pair = f"{speeds['sharewise'][-1]:.0f} and {speeds['hf'][-1]:.0f} rows/s"
        print(f"pair {repetition + 1}: {pair}", file=sys.stderr, flush=True)
    ratios = [a / b for a, b in zip(speeds["sharewise"], speeds["hf"], strict=True)]
    libraries = ", ".join(f"{p} {version(p)}" for p in ("torch", "transformers", "accelerate"))
    print(
        f"{platform.machine()}, Python {platform.python_version()}, {libraries}; {options.repetitions} pairs\n"
    )
    print("| what | rows/s, median | range |\n|---|---|---|")
    for name, found in speeds.items():
        print(f"| {name} | {statistics.median(found):.0f} | {min(found):.0f} to {max(found):.0f} |")
    print(
        f"| ratio, pair by pair | {statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} |"
    )


if __name__ == "__main__":
    main()
