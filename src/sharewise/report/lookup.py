"""What the sections read out of the results: values by task and arm, runs by seed, the median seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sharewise.compare.results import EpochRecord, Results, RunRecord

_FORM = (
    "loss",
    "accuracy",
    "macro_f1",
    "micro_f1",
    "macro_precision",
    "micro_precision",
    "macro_recall",
    "micro_recall",
    "mae",
    "pearson",
    "spearman",
)


def summary(results: Results, arm: str, task: str, metric: str) -> tuple[float, float] | None:
    """Mean and standard deviation over seeds on the scored split, or None where the arm has no such metric."""
    return results.arms[arm].summary.get(task, {}).get(results.scored, {}).get(metric)


def mean(results: Results, arm: str, task: str, metric: str) -> float | None:
    """The mean over seeds alone."""
    found = summary(results, arm, task, metric)
    return None if found is None else found[0]


def form_metrics(results: Results, tasks: Sequence[str]) -> list[str]:
    """The metrics that every table of scores shows, in their order, as far as some arm has them of these tasks."""
    present = _metrics_of(results, tasks)
    return [m for m in _FORM if m in present]


def further_metrics(results: Results, tasks: Sequence[str]) -> list[str]:
    """Every other metric that some arm has of these tasks, in the order of the results."""
    return [m for m in _metrics_of(results, tasks) if m not in _FORM]


def _metrics_of(results: Results, tasks: Sequence[str]) -> list[str]:
    found = (arm.summary.get(t, {}).get(results.scored, {}) for t in tasks for arm in results.arms.values())
    return list(dict.fromkeys(metric for of_arm in found for metric in of_arm))


def seeds_of(results: Results, arm: str) -> list[int]:
    """The seeds that the arm was run with, in the order of the study."""
    present = {run.seed for run in results.runs if run.arm == arm}
    return [s for s in results.seeds if s in present] + sorted(present - set(results.seeds))


def runs_of(results: Results, arm: str, seed: int) -> list[RunRecord]:
    """The runs of one arm and seed: one, or one a task in the order of the tasks."""
    order = {task: i for i, task in enumerate(results.tasks)}
    runs = [run for run in results.runs if run.arm == arm and run.seed == seed]
    return sorted(runs, key=lambda run: order.get(run.task, len(order)))


def selected(run: RunRecord) -> EpochRecord | None:
    """The evaluation whose weights were kept."""
    return next((line for line in run.history if line.step == run.best_step), None)


def median_seed(results: Results, arm: str) -> int | None:
    """The seed with the median validation score (the lower of two), over all runs of a seed; None without runs.

    Seeds with a failed run count only where no other is left.
    """
    scores: list[tuple[bool, float, int]] = []
    for seed in seeds_of(results, arm):
        runs = runs_of(results, arm, seed)
        lines = [selected(run) for run in runs]
        values = [line.score for line in lines if line is not None and line.score is not None]
        score = sum(values) / len(values) if values else -math.inf
        scores.append((any(run.failed for run in runs), score, seed))
    sound = [s for s in scores if not s[0]] or scores
    return sorted(sound)[(len(sound) - 1) // 2][2] if sound else None
