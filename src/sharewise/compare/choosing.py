"""The setting of each sweep that is taken: the one with the best scores on validation."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sharewise.compare.planning import PlannedArm
from sharewise.compare.results import RunRecord, TaskRecord
from sharewise.compare.swept import SweptRecord
from sharewise.stats.metrics import METRICS
from sharewise.study import Study
from sharewise.tasks import Task


def choose(
    study: Study, runs: Sequence[RunRecord], tasks: Mapping[str, TaskRecord]
) -> dict[str, SweptRecord]:
    """Score the settings of all sweeps on validation and choose one a sweep; none where no setting has a score.

    Returns:
        Name of the setting -> its record.
    """
    settings = {name: setting for name, setting in study.settings.items() if name not in study.stopped}
    scores = {name: validation_score([r for r in runs if r.arm == name], tasks) for name in settings}
    chosen = set()
    for swept in study.sweep:
        own = [(scores[n], n) for n, setting in settings.items() if setting.arm == swept]
        known = [(score, name) for score, name in own if score is not None]
        if known:
            chosen.add(max(known, key=lambda pair: pair[0])[1])
    undominated: set[str] = set()
    for swept in study.sweep:
        names = [name for name, setting in settings.items() if setting.arm == swept]
        points = {n: list(task_scores([r for r in runs if r.arm == n], tasks).values()) for n in names}
        undominated |= front(points)
    return {
        name: SweptRecord(
            arm=setting.arm,
            values=setting.values,
            added=setting.added,
            score=scores[name],
            chosen=name in chosen,
            front=name in undominated,
        )
        for name, setting in settings.items()
    }


def front(points: Mapping[str, Sequence[float | None]]) -> set[str]:
    """Names of the points that no other dominates, higher being better; one without all its values is on no front.

    One point dominates another that is at least as good on every task and better on one.
    """
    whole = {
        name: [v for v in values if v is not None] for name, values in points.items() if None not in values
    }
    return {
        name
        for name, own in whole.items()
        if not any(
            all(a >= b for a, b in zip(its, own, strict=True)) and its != own for its in whole.values()
        )
    }


class Judged(Protocol):
    """What choosing must know of a task."""

    @property
    def metric(self) -> str:
        """The primary metric."""

    @property
    def higher_is_better(self) -> bool:
        """Whether more of it is better."""


@dataclass(frozen=True)
class Primary:
    """What decides a task."""

    metric: str
    higher_is_better: bool


def primaries(tasks: Mapping[str, Task]) -> dict[str, Judged]:
    """Return what choosing must know of these tasks."""
    return {name: Primary(task.metric, METRICS[task.metric].higher_is_better) for name, task in tasks.items()}


def validation_score(runs: Sequence[RunRecord], tasks: Mapping[str, Judged]) -> float | None:
    """Mean over tasks of their scores on validation; None where one is missing.

    A setting with a failed run has none: what is left of it would be compared with fewer seeds.
    """
    scores = list(task_scores(runs, tasks).values())
    known = [score for score in scores if score is not None]
    if not runs or any(run.failed for run in runs) or not known or len(known) < len(scores):
        return None
    return statistics.fmean(known)


def task_scores(runs: Sequence[RunRecord], tasks: Mapping[str, Judged]) -> dict[str, float | None]:
    """Mean over seeds of each task's primary metric on validation, of errors the negative; None where one lacks."""
    found: dict[str, float | None] = {}
    for name, task in tasks.items():
        values = [run.metrics[name]["validation"].get(task.metric) for run in runs if name in run.metrics]
        known = [value for value in values if value is not None]
        whole = bool(known) and len(known) == len(values)
        found[name] = statistics.fmean(known) * (1 if task.higher_is_better else -1) if whole else None
    return found


def about_sweeps(
    swept: Mapping[str, SweptRecord],
    arms: Sequence[PlannedArm],
    runs: Sequence[RunRecord],
    tasks: Mapping[str, TaskRecord],
) -> list[str]:
    """Warn where no setting could be chosen, or the chosen one stands beside a worse baseline than there is."""
    baselines = {arm.name: arm.baseline for arm in arms}
    found = []
    for name in dict.fromkeys(record.arm for record in swept.values()):
        settings = [setting for setting, record in swept.items() if record.arm == name]
        best = next((setting for setting in settings if swept[setting].chosen), None)
        if best is None:
            found.append(
                f"{name}: no setting of its sweep could be chosen, for each lacks a score on validation"
            )
            continue
        against = dict.fromkeys(b for setting in settings if (b := baselines[setting]))
        scored = {b: validation_score([r for r in runs if r.arm == b], tasks) for b in against}
        known = {b: score for b, score in scored.items() if score is not None}
        own, top = baselines[best], max(known, key=known.__getitem__, default=None)
        if own in known and top is not None and known[top] > known[own]:
            found.append(
                f"{name}: the setting chosen on validation, {best}, is compared with {own}; {top} scores higher there "
                f"({known[top]:.4f} against {known[own]:.4f}), so a gain may be smaller over a tuned baseline"
            )
    return found
