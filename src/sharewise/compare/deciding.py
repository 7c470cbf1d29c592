"""Calibration and thresholds of finished runs: fitted on their validation answers, applied to all of them.

Both follow from what a run leaves, so declaring them trains nothing anew; and a run's numbers, its saved model and the
verdicts say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sharewise.compare.results import RunRecord
from sharewise.compare.storage import Scores
from sharewise.models.calibration import Calibration, recalibrated
from sharewise.models.fitting import fit_calibration, fit_thresholds
from sharewise.tasks import Task
from sharewise.train import TaskScores
from sharewise.train.scoring import defined, joint_metrics, metrics_of


@dataclass(frozen=True)
class Fitted:
    """What was fitted for a model's tasks, by task; tasks without are left out."""

    calibration: dict[str, Calibration] = field(default_factory=dict)
    thresholds: dict[str, tuple[float, ...]] = field(default_factory=dict)


def fit_on_validation(tasks: Mapping[str, Task], answers: Mapping[str, TaskScores]) -> Fitted:
    """Fit what the tasks' keys say.

    Args:
        tasks: by name.
        answers: of the selected weights to the validation split, by task; no other split's are to be given.
    """
    fitted = Fitted()
    for name, found in answers.items():
        task = tasks[name]
        calibration = fit_calibration(task, found.scores, found.targets)
        if calibration is not None:
            fitted.calibration[name] = calibration
        thresholds = fit_thresholds(task, recalibrated(task, found.scores, calibration), found.targets)
        if thresholds:
            fitted.thresholds[name] = thresholds
    return fitted


def as_fitted(
    tasks: Mapping[str, Task], scores: Mapping[str, Mapping[str, TaskScores]], fitted: Fitted
) -> Scores:
    """Return the answers with calibrated scores, and the thresholds that decide."""
    return {
        split: {
            name: replace(
                found,
                scores=recalibrated(tasks[name], found.scores, fitted.calibration.get(name)),
                thresholds=fitted.thresholds.get(name, ()),
            )
            for name, found in by_task.items()
        }
        for split, by_task in scores.items()
    }


def with_decisions(record: RunRecord, scores: Scores, tasks: Mapping[str, Task], fitted: Fitted) -> RunRecord:
    """Return a run's record with the metrics of its answers as they are fitted.

    Args:
        record: of the run, with metrics of plain answers.
        scores: as fitted.
        tasks: by name.
        fitted: on validation.
    """
    concerned = {*fitted.calibration, *fitted.thresholds}
    if not concerned:
        return record
    metrics = {task: {split: dict(of) for split, of in own.items()} for task, own in record.metrics.items()}
    for split, by_task in scores.items():
        own = {name: found for name, found in by_task.items() if name in concerned}
        for name, found in metrics_of(tasks, own).items():
            metrics[name][split] |= defined(found, leave="loss")
    return record.model_copy(
        update={
            "metrics": metrics,
            "joint": {split: joint_metrics(tasks, by_task) for split, by_task in scores.items()},
            "calibration": fitted.calibration,
            "thresholds": fitted.thresholds,
        }
    )
