"""What a study can show, as soon as its single-task baseline is trained and before the arms are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sharewise.audit.power import Baseline, powers
from sharewise.audit.schema import Power
from sharewise.compare.finding import FEWEST_SEEDS
from sharewise.compare.judging import margin_of, outputs_of
from sharewise.compare.planning import RunSpec, plan_arms, plan_runs
from sharewise.compare.running import FinishedRun, find_run
from sharewise.compare.swept import StoppedRecord
from sharewise.compare.watching import StudyObserver
from sharewise.compare.workspace import Workspace
from sharewise.data.table import StudyData
from sharewise.stats.arrays import Array, Floats
from sharewise.stats.groups import Groups
from sharewise.stats.jackknife import influence
from sharewise.stats.metrics import METRICS, CountMetric
from sharewise.study import SINGLE, Study
from sharewise.tasks import Task
from sharewise.train import Observer


def foresee(study: Study, workspace: Workspace, root: Path) -> list[Power]:
    """What the test split can show of each task whose baseline learned something; nothing where a run is missing."""
    data = workspace.base
    trained = baselines(study, workspace, root)
    if not trained:
        return []
    found = powers(
        data,
        seeds=len(study.seeds),
        comparisons=len(study.tasks) * sum(arm.baseline is not None for arm in plan_arms(study)),
        margins={name: margin_of(study, task) for name, task in data.tasks.items()},
        trained=trained,
    )
    return [power for power in found if power.trained]


def baselines(study: Study, workspace: Workspace, root: Path) -> dict[str, Baseline]:
    """What the trained baseline of each task that learned something showed; nothing where a run is missing."""
    data = workspace.base
    specs = [spec for spec in plan_runs(study) if spec.arm == SINGLE]
    if "test" not in data.tables or len(study.seeds) < FEWEST_SEEDS:
        return {}
    finished: list[FinishedRun] = []
    for spec in specs:
        run = find_run(spec, workspace, root)
        if run is None:
            return {}
        finished.append(run)
    found = {name: _baseline(task, data, finished) for name, task in data.tasks.items()}
    return {name: baseline for name, baseline in found.items() if baseline is not None}


def _baseline(task: Task, data: StudyData, runs: Sequence[FinishedRun]) -> Baseline | None:
    """What the models of one task showed; None where there are too few, or their metric is not defined."""
    table = data.tables["test"]
    present = table.present(task.name)
    targets, outputs = task.truth(table.targets[task.name][present]), outputs_of(task, runs, "test")
    if len(outputs) < FEWEST_SEEDS:
        return None
    groups = Groups.of(table.groups[present] if table.grouped else None, len(targets))
    metric = METRICS[task.metric]
    found = influence(metric, targets, outputs, groups, len(task.labels) or None)
    # Constant answers have no noise, and say nothing of models that learn.
    if not np.isfinite(found.mean_influence).all() or not found.mean_influence.any():
        return None
    by_class = isinstance(metric, CountMetric) and not task.several_labels
    return Baseline(found, _errors(targets, outputs) if by_class else None)


def _errors(targets: Array, outputs: Array) -> Floats:
    """Share of each class's rows that the models got wrong, of the classes that there are."""
    wrong = np.mean(outputs != targets, axis=0)
    counts = np.bincount(targets)
    errors: Floats = np.bincount(targets, weights=wrong)[counts > 0] / counts[counts > 0]
    return errors


class Foreseeing:
    """A study's observer that also says what the study can show, once the baseline is trained.

    It says so where there is an arm left to train, for which that may be a reason to stop.
    """

    def __init__(self, inner: StudyObserver, workspace: Workspace, root: Path) -> None:
        self.inner = inner
        self._workspace, self._root = workspace, root
        self._awaited = {s.label for s in plan_runs(workspace.study) if s.arm == SINGLE}
        self._told = False

    def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> Observer:
        """See StudyObserver."""
        if cached:
            self._awaited.discard(spec.label)
        else:
            self._tell()
        return _Ending(self.inner.on_run(spec, number=number, total=total, cached=cached), self, spec.label)

    def on_stopped(self, stopped: Sequence[StoppedRecord], *, total: int) -> None:
        """See StudyObserver."""
        self.inner.on_stopped(stopped, total=total)

    def on_baseline(self, powers: Sequence[Power]) -> None:
        """See StudyObserver."""
        self.inner.on_baseline(powers)

    def ended(self, label: str) -> None:
        """A run is on disk."""
        if label in self._awaited:
            self._awaited.remove(label)
            self._tell()

    def _tell(self) -> None:
        if self._told or self._awaited:
            return
        self._told = True
        found = foresee(self._workspace.study, self._workspace, self._root)
        if found:
            self.on_baseline(found)


class _Ending:
    """A run's observer that says when the run is on disk."""

    def __init__(self, inner: Observer, study: Foreseeing, label: str) -> None:
        self.inner, self.study, self.label = inner, study, label

    def on_start(self, *, done: int, total: int) -> None:
        self.inner.on_start(done=done, total=total)

    def on_step(self, *, step: int, total: int) -> None:
        self.inner.on_step(step=step, total=total)

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        self.inner.on_evaluation(record)

    def on_note(self, note: str) -> None:
        self.inner.on_note(note)

    def on_end(self) -> None:
        self.inner.on_end()
        self.study.ended(self.label)
