"""How long the verdicts of a large study take, and how much memory: no model is trained, the answers are simulated.

A large family: nine binary tasks × six arms (one the baseline) × five seeds on 50,000 rows, answers in memory as they
are read from the runs. Each metric is measured in a process of its own: seconds of the judging (from answers to
verdicts, with the detectable differences) and of what the report tells beside it (confusions, scores by label,
disagreeing rows, McNemar's tests), and the highest memory of the whole process, answers and libraries included.

    python benchmarks/statistics_at_size.py
    python benchmarks/statistics_at_size.py --rows 5000 --metrics mcc auroc
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from typing import Any

METRICS = ("mcc", "macro_f1", "auroc", "average_precision", "brier", "qwk", "pearson", "spearman", "mae")
LEVELS = 5
"""Of an ordered task."""


def measure(metric: str, *, rows: int, tasks: int, arms: int, seeds: int, per_group: int) -> dict[str, Any]:
    """Simulate a study and judge it; return seconds and memory."""
    import numpy as np

    from sharewise.compare.statistics import Comparison, judge_family
    from sharewise.stats.metrics import METRICS as KNOWN

    random = np.random.default_rng(1)
    groups = None if per_group == 1 else np.arange(rows) // per_group
    family, kept = [], []
    for task in range(tasks):
        targets, answers = _answers(KNOWN[metric].needs, metric, rows, arms, seeds, random)
        kept.append((targets, answers))
        family += [
            Comparison(
                task=f"task {task}",
                arm=f"arm {arm}",
                metric=metric,
                targets=targets,
                outputs=answers[arm],
                baseline_outputs=answers[0],
                groups=groups,
                margin=0.01,
                classes=LEVELS if metric == "qwk" else 2 if KNOWN[metric].needs == "classes" else None,
            )
            for arm in range(1, arms)
        ]
    watch = _Watch()
    verdicts = judge_family(family)
    judging = watch.read()
    told = _details(kept) if metric == "mcc" else None
    return {
        "metric": metric,
        "comparisons": len(verdicts),
        "judging": judging,
        "details": told,
        # Kilobytes on Linux.
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def _answers(needs: str, metric: str, rows: int, arms: int, seeds: int, random: Any) -> tuple[Any, list[Any]]:
    """Targets and, for each arm, its models' answers `(seeds, rows)`: nine in ten rows are easy for all of them."""
    import numpy as np

    if needs == "values":
        targets = random.normal(size=rows)
        return targets, [
            (targets + random.normal(scale=0.5, size=(seeds, rows))).astype(np.float32) for _ in range(arms)
        ]
    levels = LEVELS if metric == "qwk" else 2
    targets = random.integers(0, levels, rows) if levels > 2 else (random.random(rows) < 0.1).astype(np.int64)
    hard = random.random(rows) < 0.1
    found = []
    for _ in range(arms):
        wrong = hard & (random.random((seeds, rows)) < 0.4)
        if needs == "scores":
            certain = np.where(wrong, 1 - targets, targets)
            found.append((0.6 * certain + 0.4 * random.random((seeds, rows))).astype(np.float32))
        else:
            found.append(np.where(wrong, (targets + 1) % levels, targets))
    return targets, found


class _Watch:
    """Seconds by the clock, and of the processor: on a busy machine the latter are nearer to the truth."""

    def __init__(self) -> None:
        self.clock, self.processor = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Since it was made: (clock, processor)."""
        return time.perf_counter() - self.clock, time.process_time() - self.processor


def _details(kept: list[tuple[Any, list[Any]]]) -> tuple[float, float]:
    """Describe the same answers as the report does; return the seconds."""
    import numpy as np
    import polars as pl

    from sharewise.compare.detailing import task_detail
    from sharewise.compare.results import RunRecord
    from sharewise.compare.running import FinishedRun
    from sharewise.data.table import Table
    from sharewise.tasks import BinaryOptions
    from sharewise.train import TaskScores

    task = BinaryOptions(data="simulated", label="it").build("it", pl.Series([0, 1]))
    clock = processor = 0.0
    for targets, answers in kept:
        rows = len(targets)
        texts = pl.DataFrame(
            {"text": ["a text"] * rows, "pair": [None] * rows}, schema_overrides={"pair": pl.String}
        )
        block = targets.astype(np.float32)[:, None]
        numbers = np.arange(rows)
        table = Table(
            split="test",
            texts=texts,
            targets={"it": block},
            groups=numbers,
            sources=np.zeros(rows, dtype=np.int32),
            rows=numbers,
            datasets=("simulated",),
            grouped=False,
        )
        runs = {}
        for arm, by_seed in enumerate(answers):
            runs[f"arm {arm}"] = [
                FinishedRun(
                    record=RunRecord.model_construct(seed=seed, metrics={"it": {}}, failed=None),
                    scores={
                        "test": {
                            "it": TaskScores(
                                rows=numbers, targets=block, scores=one.astype(np.float32)[:, None], loss=0.0
                            )
                        }
                    },
                    versions={},
                    machine={},
                )
                for seed, one in enumerate(by_seed)
            ]
        baselines = {arm: None if arm == "arm 0" else "arm 0" for arm in runs}
        watch = _Watch()
        task_detail(task, table, runs, baselines, scored="test", shown=10)
        clock, processor = clock + watch.read()[0], processor + watch.read()[1]
    return clock, processor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--tasks", type=int, default=9)
    parser.add_argument("--arms", type=int, default=6, help="with the baseline")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--per-group", type=int, default=1, help="rows that belong together")
    parser.add_argument("--metrics", nargs="+", default=METRICS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    size = {name: getattr(options, name) for name in ("rows", "tasks", "arms", "seeds", "per_group")}
    if options.one:
        print(json.dumps(measure(options.one, **size)))
        return
    print(
        f"{options.rows:,} rows × {options.tasks} tasks × {options.arms} arms × {options.seeds} seeds, "
        f"{options.per_group} row(s) a group; {len(os.sched_getaffinity(0))} cores, "
        f"Python {platform.python_version()}, numpy {version('numpy')}, scipy {version('scipy')}"
    )
    print("| metric | judging, s (processor) | the report's details | memory, GiB |\n|---|---|---|---|")
    for metric in options.metrics:
        again = [sys.executable, __file__, "--one", metric]
        for name, value in size.items():
            again += [f"--{name.replace('_', '-')}", str(value)]
        done = subprocess.run(again, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        details = "" if found["details"] is None else _told(found["details"])
        print(f"| {metric} | {_told(found['judging'])} | {details} | {found['memory']:.2f} |", flush=True)


def _told(seconds: list[float]) -> str:
    return f"{seconds[0]:.1f} ({seconds[1]:.1f})"


if __name__ == "__main__":
    main()
