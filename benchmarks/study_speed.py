"""A whole study beside the same runs one after another with HF Trainer, tuned.

The study has the shape of a published comparison: two tasks, each alone, both together, and six settings of their
weights, three seeds: 27 models. Sharewise's time is that of ``compare`` from files to verdicts, nothing cached. HF
Trainer trains as many models on the same rows in one process, one after another, and answers the same validation and
test rows with each; its shared models have one head for both tasks, which costs it no more.

    python benchmarks/study_speed.py [--rows 320]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from nine_criteria import machine
from rivals import LEARNING_RATE, Work, hf_trainer
from training_speed import minilm

TASKS = {"consistency": "consistency_majority", "no_hallucination": "no_hallucination_majority"}
WEIGHTS = ((0.2, 0.8), (0.3, 0.7), (0.4, 0.6), (0.5, 0.5), (0.7, 0.3), (1.0, 1.0))
SEEDS = (1, 2, 3)


def simulated(
    rows: int, *, validation: int = 64, test: int = 128, tasks: dict[str, str] = TASKS
) -> dict[str, dict[str, pl.DataFrame]]:
    """Return each task's own simulated dialogues, by split; tasks are named with their label columns."""
    from sharewise.data.corpus.dialogues import simulate

    found = {}
    for number, (task, label) in enumerate(tasks.items(), start=1):
        sizes = {"train": rows, "validation": validation, "test": test}
        whole = simulate("en", list(sizes.values()), number, "published")
        text = (pl.col("human_question") + " " + pl.col("bot_response")).alias("text")
        whole = whole.select(text, pl.col(label).alias("label"))
        found[task], start = {}, 0
        for split, size in sizes.items():
            found[task][split] = whole.slice(start, size)
            start += size
    return found


def written(data: Mapping[str, Mapping[str, pl.DataFrame]], folder: Path) -> dict[str, Any]:
    """Write each task's rows to files of its own; return a study's `data` and `tasks`."""
    for task, splits in data.items():
        for split, frame in splits.items():
            frame.write_csv(folder / f"{task}-{split}.csv")
    return {
        "data": {
            task: {split: str(folder / f"{task}-{split}.csv") for split in splits} | {"text": "text"}
            for task, splits in data.items()
        },
        "tasks": {task: {"data": task, "kind": "binary", "label": "label"} for task in data},
    }


def sharewise_seconds(data: dict[str, dict[str, pl.DataFrame]], folder: Path) -> float:
    """Compare all arms, from files to verdicts."""
    from sharewise import Study, compare

    study = Study(
        name="study",
        **written(data, folder),
        encoder={"name": minilm(), "pooling": "cls"},
        training={"epochs": 1, "batch_rows": 32, "learning_rate": LEARNING_RATE, "max_length": 128},
        arms={"hard": {"sharing": "hard"}},
        sweep={"hard": {"weights": [dict(zip(TASKS, pair, strict=True)) for pair in WEIGHTS]}},
        seeds=SEEDS,
    )
    started = time.perf_counter()
    results = compare(study, runs=folder / "runs")
    seconds = time.perf_counter() - started
    print(f"Sharewise: {len({run.hash for run in results.runs})} runs, {seconds:.1f} s", flush=True)
    return seconds


def hf_seconds(data: dict[str, dict[str, pl.DataFrame]]) -> float:
    """Train as many models with HF Trainer."""
    import datasets  # noqa: F401
    import transformers  # noqa: F401

    both = {
        split: pl.concat([splits[split] for splits in data.values()])
        for split in ("train", "validation", "test")
    }
    started, models = time.perf_counter(), 0
    for seed in SEEDS:
        for frames in [*data.values(), both, *(both for _ in WEIGHTS)]:
            with tempfile.TemporaryDirectory() as folder:
                work = Work(frame=frames["train"], encoder=minilm(), seed=seed)
                others = {"per_device_eval_batch_size": 64}
                trainer = hf_trainer(work, "hf tuned", folder, others=others)
                trainer.train()
                for split in ("validation", "test"):
                    trainer.predict(trainer.tokenised(frames[split]))
            models += 1
    seconds = time.perf_counter() - started
    print(f"HF Trainer: {models} models, {seconds:.1f} s", flush=True)
    return seconds


def main() -> None:
    """Measure both; print the ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=320, help="training rows of each task")
    options = parser.parse_args()
    print(machine("torch", "transformers", "accelerate"))
    data = simulated(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        mine = sharewise_seconds(data, Path(folder))
    its = hf_seconds(data)
    print(f"ratio: {mine / its:.2f}")


if __name__ == "__main__":
    main()
