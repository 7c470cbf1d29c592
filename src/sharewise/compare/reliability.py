"""How far each arm's probabilities can be believed, before and after what was fitted on validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sharewise.compare.detail import spread_of
from sharewise.compare.fitted import FittedRecord, ReliabilityRecord
from sharewise.compare.running import FinishedRun
from sharewise.stats.calibration import brier, expected_calibration_error, reliability
from sharewise.tasks import Array, CalibrationOptions, Task, ThresholdOptions
from sharewise.train import TaskScores


def fitted_records(
    tasks: Mapping[str, Mapping[str, Task]], runs: Mapping[str, Sequence[FinishedRun]], scored: str
) -> dict[str, dict[str, FittedRecord]]:
    """Describe every task and arm that declares a calibration or a threshold; failed runs are left out.

    Args:
        tasks: arm -> task -> as the arm decides on it.
        runs: of every arm.
        scored: name of the split.
    """
    found: dict[str, dict[str, FittedRecord]] = {}
    for arm, of_arm in runs.items():
        for name, task in tasks[arm].items():
            keys = task.options
            method = keys.calibration if isinstance(keys, CalibrationOptions) else None
            if method is None and not (isinstance(keys, ThresholdOptions) and keys.threshold is not None):
                continue
            own = [r for r in of_arm if name in r.record.metrics and r.record.failed is None]
            if own:
                found.setdefault(name, {})[arm] = _record(task, own, scored, method)
    # In the study's order of tasks, whichever arm declares one first.
    return {name: found[name] for name in next(iter(tasks.values()), {}) if name in found}


def _record(task: Task, runs: Sequence[FinishedRun], scored: str, method: str | None) -> FittedRecord:
    fitted = [run.record for run in runs]
    temperatures = [r.calibration[task.name].temperature for r in fitted if task.name in r.calibration]
    thresholds = [r.thresholds[task.name] for r in fitted if task.name in r.thresholds]
    return FittedRecord(
        method=method,
        temperature=spread_of(temperatures) if method == "temperature" and temperatures else None,
        thresholds={
            output: spread_of(of_output)
            for output, of_output in zip(task.output_names, zip(*thresholds, strict=True), strict=True)
        }
        if thresholds
        else {},
        before=_reliability(task, [run.plain[scored][task.name] for run in runs]),
        after=_reliability(task, [run.scores[scored][task.name] for run in runs]) if method else None,
    )


def _reliability(task: Task, answers: Sequence[TaskScores]) -> ReliabilityRecord:
    confidence, events = zip(*(_confidence(task, one) for one in answers), strict=True)
    curve = reliability(np.concatenate(confidence), np.concatenate(events))
    return ReliabilityRecord(
        calibration_error=spread_of([calibration_error(task, a.targets, a.scores) for a in answers]),
        brier=spread_of([_brier(task, a.targets, a.scores.astype(np.float64)) for a in answers]),
        curve=list(
            zip(*(side.tolist() for side in (curve.confidence, curve.frequency, curve.rows)), strict=True)
        ),
    )


def calibration_error(task: Task, targets: Array, scores: Array) -> float:
    """Of the most probable label where labels exclude each other, else of all outputs together."""
    wide = scores.astype(np.float64)
    if task.exclusive:
        return expected_calibration_error(task.truth(targets), wide)
    return expected_calibration_error(task.events(targets).astype(np.int64).ravel(), wide.ravel())


def _confidence(task: Task, answers: TaskScores) -> tuple[Array, Array]:
    """Probabilities, and whether they came true: of the most probable label, or of all outputs; ``(cells,)`` each."""
    scores, events = answers.scores.astype(np.float64), task.events(answers.targets)
    if task.exclusive:
        top = scores.argmax(axis=1)[:, None]
        scores, events = np.take_along_axis(scores, top, axis=1), np.take_along_axis(events, top, axis=1)
    return scores.ravel(), events.ravel()


def _brier(task: Task, targets: Array, scores: Array) -> float:
    if task.exclusive:
        return brier(task.truth(targets), scores)
    return brier(task.events(targets).astype(np.int64).ravel(), scores.ravel())
