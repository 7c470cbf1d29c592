"""Which models learned nothing: no better than a constant answer on the scored split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sharewise.compare.results import RunRecord, TaskRecord
from sharewise.stats.metrics import METRICS


@dataclass(frozen=True)
class Unlearned:
    """The seeds of one arm whose model for one task is no better than a constant answer."""

    arm: str
    task: str
    seeds: tuple[int, ...]
    of: int
    """Seeds that the arm was run with."""
    failed: tuple[int, ...]
    """Those of them whose run counts as failed already, for a reason of its own."""


def unlearned(tasks: Mapping[str, TaskRecord], runs: Sequence[RunRecord], scored: str) -> list[Unlearned]:
    """Find the models that are no better than a constant answer.

    Args:
        tasks: with the constant answer's metrics on ``scored``.
        runs: all runs.
        scored: test or validation.
    """
    by_place: dict[tuple[str, str], list[RunRecord]] = {}
    for run in runs:
        for task in run.metrics:
            by_place.setdefault((run.arm, task), []).append(run)
    found = []
    for (arm, task), own in by_place.items():
        bad = [run for run in own if not _better(run.metrics[task].get(scored, {}), tasks[task])]
        if bad:
            seeds = tuple(run.seed for run in bad)
            failed = tuple(run.seed for run in bad if run.failed is not None)
            found.append(Unlearned(arm, task, seeds, len(own), failed))
    return found


def _better(metrics: Mapping[str, float], task: TaskRecord) -> bool:
    """Whether a model beats the constant answer; a correlation, which is undefined for that one, must be over 0.

    A metric that nothing can be said by (AUROC where only one label occurs) counts against no model.
    """
    metric = METRICS[task.metric]
    score, constant = metrics.get(metric.name), task.baselines["majority"].get(metric.name)
    if score is None:
        return constant is None and metric.needs != "values"
    constant = 0.0 if constant is None else constant
    return score > constant if metric.higher_is_better else score < constant
