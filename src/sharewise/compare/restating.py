"""Saved models that were made before a calibration or threshold was declared, or for an arm that decides otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sharewise.compare.describing import saved_metrics
from sharewise.compare.keeping import MODEL
from sharewise.compare.planning import plan_arms
from sharewise.compare.results import Results, RunRecord
from sharewise.compare.running import FinishedRun
from sharewise.compare.workspace import Workspace
from sharewise.models.manifest import Facts, SavedMetric
from sharewise.models.saved import restate_models
from sharewise.study import Study


def restate(root: Path, study: Study, workspace: Workspace, kept: Sequence[FinishedRun]) -> None:
    """Let every kept model say what the study declares now; nothing is trained for it.

    A run that several arms have in common, which decide otherwise, says what the first of them does.

    Args:
        root: the study's folder.
        study: whose runs they are, with what a search chose.
        workspace: with its data.
        kept: runs whose weights stay on disk.
    """
    arms = {arm.name: arm.resolved for arm in plan_arms(study)}
    for folder, run in {run.record.folder: run for run in reversed(kept)}.items():
        if not (root / folder / MODEL).is_dir():
            continue
        record, data = run.record, workspace.data(arms[run.record.arm])
        tasks = {name: data.tasks[name] for name in record.metrics}
        facts = Facts(
            study={},
            calibration=record.calibration,
            thresholds=record.thresholds,
            metrics=saved_metrics(tasks, data, run.scores),
        )
        restate_models(root / folder / MODEL, facts)


def restate_as(results: Results, runs: Sequence[RunRecord], folder: Path) -> None:
    """Let a copy of an arm's models decide as the arm does, where the originals speak for another.

    Args:
        results: of the study.
        runs: of the arm, whose models they are.
        folder: of the copy.
    """
    facts = Facts(
        study={},
        calibration={task: one for run in runs for task, one in run.calibration.items()},
        thresholds={task: one for run in runs for task, one in run.thresholds.items()},
        metrics={task: _metrics(results, run, task) for run in runs for task in run.metrics},
    )
    restate_models(folder, facts)


def _metrics(results: Results, run: RunRecord, task: str) -> dict[str, SavedMetric]:
    """A run's primary metrics; the interval of one model is not in the results."""
    record = results.tasks[task]
    return {
        split: SavedMetric(
            metric=record.metric, value=values[record.metric], interval=None, rows=record.rows[split]
        )
        for split, values in run.metrics[task].items()
        if record.metric in values
    }
