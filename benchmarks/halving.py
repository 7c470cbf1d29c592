"""What halving a sweep saves: one study with and without it, in turn, where models learn.

Two tasks of simulated dialogues, each alone, and together with nine settings of their weights, .1 : .9 to .9 : .1;
three seeds, 33 models. The encoder is that of ``arms_ranking.py``, two layers × 128 with random weights. Each study is
timed from files to verdicts, nothing cached. A setting that would do best over all seeds may be stopped for a bad first
one; so the setting that is chosen is printed too, with its score on validation.

    python benchmarks/halving.py [--rows 600] [--repetitions 2]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from arms_ranking import TASKS, untrained
from nine_criteria import machine
from study_speed import SEEDS, simulated, written

_WEIGHTS = [(tenths / 10, 1 - tenths / 10) for tenths in range(1, 10)]


def study_seconds(rows: int, *, halving: bool) -> tuple[float, int, str]:
    """Compare once; return seconds, models made, and the setting that was chosen with its score."""
    from sharewise import Study, compare

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        keys: dict[str, Any] = written(simulated(rows, validation=200, test=400, tasks=TASKS), root)
        study = Study(
            name="study",
            **keys,
            encoder={"name": untrained(root / "encoder"), "pooling": "cls"},
            training={
                "epochs": 6,
                "batch_rows": 32,
                "learning_rate": 1e-3,
                "max_length": 128,
                "precision": "bf16",
            },
            arms={"hard": {"sharing": "hard"}},
            sweep={"hard": {"weights": [dict(zip(TASKS, pair, strict=True)) for pair in _WEIGHTS]}},
            seeds=SEEDS,
            halving=halving,
        )
        started = time.perf_counter()
        results = compare(study, runs=root / "runs")
        seconds = time.perf_counter() - started
    made = len({run.hash for run in results.runs}) + sum(len(stopped.seeds) for stopped in results.stopped)
    chosen = next(
        f"{name} ({arm.swept.score:.4f})"
        for name, arm in results.arms.items()
        if arm.swept and arm.swept.chosen
    )
    return seconds, made, chosen


def main() -> None:
    """Measure both in turn; print a Markdown table and the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=600, help="training rows of each task")
    parser.add_argument("--repetitions", type=int, default=2)
    options = parser.parse_args()
    print(machine("torch", "transformers"), "\n")
    found: dict[bool, list[tuple[float, int, str]]] = {False: [], True: []}
    for _ in range(options.repetitions):
        for halving, each in found.items():
            each.append(study_seconds(options.rows, halving=halving))
            print(f"halving {halving}: {each[-1]}", file=sys.stderr, flush=True)
    print("| halving | models | seconds, median | chosen |\n|---|---|---|---|")
    for halving, each in found.items():
        seconds = statistics.median(seconds for seconds, *_ in each)
        print(f"| {'yes' if halving else 'no'} | {each[0][1]} | {seconds:.1f} | {each[0][2]} |")
    ratios = [
        with_it / without for (without, *_), (with_it, *_) in zip(found[False], found[True], strict=True)
    ]
    print(f"\nratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
