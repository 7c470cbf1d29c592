"""Whether models are as good as HF Trainer's: AMCD English on MiniLM, same recipe, seeds and selection on both sides.

Three epochs of batches of 32 at 5e-5, bfloat16; the epoch with the best MCC on validation is kept; the difference of
MCC on the test split comes with the interval over rows and seeds that Sharewise's verdicts have (docs/statistics.md).
Each run is a process of its own and its answers are kept, so that the script may be stopped and run again.

    python benchmarks/training_quality.py --amcd DIR --answers DIR [--seeds 10]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rivals import Work, hf_trainer, sharewise_job
from training_speed import minilm

SIDES = ("sharewise", "hf")


def split(folder: Path, name: str) -> pl.DataFrame:
    """Read one split of AMCD English."""
    frame = pl.read_csv(folder / f"EN_{name}.tsv", separator="\t", quote_char=None)
    return frame.select(pl.col("sentence").alias("text"), pl.col("is_counterfactual").alias("label"))


def answers_of_sharewise(work: Work, validation: pl.DataFrame, test: pl.DataFrame) -> Any:
    """Train with Sharewise; return the label it answers to each test row."""
    from sharewise.train import Trainer

    with tempfile.TemporaryDirectory() as folder:
        job = sharewise_job(work, Path(folder), validation=validation, test=test)
        scores = Trainer(job, Path(folder) / "run").run().scores["test"]["task0"]
    return (scores.scores[np.argsort(scores.rows), 0] > 0.5).astype(np.int64)


def answers_of_hf(work: Work, validation: pl.DataFrame, test: pl.DataFrame) -> Any:
    """Train with HF Trainer, tuned; return the label it answers to each test row."""
    from sklearn.metrics import matthews_corrcoef

    def mcc(found: Any) -> dict[str, float]:
        return {"mcc": float(matthews_corrcoef(found.label_ids, found.predictions.argmax(-1)))}

    with tempfile.TemporaryDirectory() as folder:
        keeping = {"save_strategy": "epoch", "eval_strategy": "epoch", "load_best_model_at_end": True}
        keeping |= {"metric_for_best_model": "mcc", "save_total_limit": 1, "per_device_eval_batch_size": 64}
        trainer = hf_trainer(
            work, "hf tuned", folder, others=keeping, validation=validation, compute_metrics=mcc
        )
        trainer.train()
        # Grouped by length it would answer the rows in another order, and not say in which.
        trainer.args.train_sampling_strategy = "random"
        found = trainer.predict(trainer.tokenised(test))
    if not np.array_equal(found.label_ids, test["label"].to_numpy()):
        raise RuntimeError("HF Trainer answered the rows in another order")
    return found.predictions.argmax(-1)


def judge(answers: Path, truth: Any, seeds: list[int]) -> None:
    """Print both sides' scores and the difference with its interval."""
    from sharewise.stats import METRICS
    from sharewise.stats.groups import Groups
    from sharewise.stats.intervals import difference
    from sharewise.stats.jackknife import influence

    metric = METRICS["mcc"]
    by_side = {}
    for side in SIDES:
        outputs = np.stack([np.load(answers / f"{side}-{seed}.npy") for seed in seeds])
        scores = [metric.point(truth, o, 2) for o in outputs]
        print(
            f"{side}: MCC {100 * np.mean(scores):.2f} ± {100 * np.std(scores, ddof=1):.2f}, {len(seeds)} seeds"
        )
        by_side[side] = influence(metric, truth, outputs, Groups.of(None, len(truth)), classes=2)
    found = difference(by_side["sharewise"], by_side["hf"])
    half = found.half_width(0.05)
    low, high = (100 * (found.difference + sign * half) for sign in (-1, 1))
    print(f"difference {100 * found.difference:.2f} points, 95 % interval {low:.2f} to {high:.2f}")


def main() -> None:
    """Train what hasn't been, then judge."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--amcd", type=Path, required=True, help="folder with AMCD's EN_*.tsv")
    parser.add_argument("--answers", type=Path, required=True, help="folder that keeps each run's answers")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.answers.mkdir(parents=True, exist_ok=True)
    test = split(options.amcd, "test")
    if options.one:
        side, seed = options.one[0], int(options.one[1])
        work = replace(Work(frame=split(options.amcd, "train"), encoder=minilm(), epochs=3), seed=seed)
        answer = answers_of_sharewise if side == "sharewise" else answers_of_hf
        np.save(options.answers / f"{side}-{seed}.npy", answer(work, split(options.amcd, "valid"), test))
        return
    seeds = list(range(1, options.seeds + 1))
    for seed in seeds:
        for side in SIDES:
            if not (options.answers / f"{side}-{seed}.npy").exists():
                command = [sys.executable, __file__, *sys.argv[1:], "--one", side, str(seed)]
                subprocess.run(command, check=True, capture_output=True)
    judge(options.answers, test["label"].to_numpy(), seeds)


if __name__ == "__main__":
    main()
