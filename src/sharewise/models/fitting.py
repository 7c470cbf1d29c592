"""Fitting calibration and thresholds of one task, as its keys say, on the answers to its validation rows."""

from __future__ import annotations

import numpy as np

from sharewise.models.calibration import Calibration, logits_of
from sharewise.stats.metrics import METRICS
from sharewise.stats.recalibration import best_temperature, best_threshold, best_thresholds, isotonic_curve
from sharewise.tasks import Array, CalibrationOptions, Task, ThresholdOptions

# What a threshold is tuned for where no threshold moves the primary metric, or one at an end is the best.
_OTHERWISE = "mcc"
_ENDLESS = ("precision", "recall", "macro_precision", "macro_recall")
# Of one of several labels; macro-F1 is their mean.
_OF_A_LABEL = "f1"
_PLAIN = 0.5


def fit_calibration(task: Task, scores: Array, targets: Array) -> Calibration | None:
    """Fit what the task's `calibration` says; None where it says nothing, or a run failed and left no numbers.

    Args:
        task: the task.
        scores: activated outputs on validation, ``(cells, outputs)``.
        targets: of the same cells, ``(cells, target_width)``.
    """
    wanted = task.options.calibration if isinstance(task.options, CalibrationOptions) else None
    if wanted is None or not _numbers(scores):
        return None
    events = task.events(targets).astype(np.int64)
    if wanted == "temperature":
        logits = logits_of(task, scores)
        return Calibration(temperature=best_temperature(logits, events, exclusive=task.exclusive))
    curves = {}
    for column, name in enumerate(task.output_names):
        given, found = isotonic_curve(scores[:, column].astype(np.float64), events[:, column])
        curves[name] = (tuple(given.tolist()), tuple(found.tolist()))
    return Calibration(isotonic=curves)


def fit_thresholds(task: Task, scores: Array, targets: Array) -> tuple[float, ...]:
    """Return the threshold of each output as the task's `threshold` says; empty where it says nothing.

    Tuned is each label's own: of a binary task for its primary metric (for MCC where no threshold moves that, or one
    at an end is the best, as of recall), of several labels for the label's F1; of ordered labels that of each step, one
    beside the others, for the primary metric. Where rows of one class, equal probabilities or a failed run leave
    nothing to choose, it is .5.

    Args:
        task: the task.
        scores: calibrated probabilities on validation, ``(cells, outputs)``.
        targets: of the same cells, ``(cells, target_width)``.
    """
    keys = task.options
    asked = keys.thresholds_for(task.name, task.decided_labels) if isinstance(keys, ThresholdOptions) else ()
    start = tuple(_PLAIN if one == "tuned" else one for one in asked)
    free = [step for step, one in enumerate(asked) if one == "tuned"]
    if not free or not _numbers(scores):
        return start
    if task.cumulative:
        return best_thresholds(scores, task.truth(targets), _moved(task.metric), start, free)
    metric = _OF_A_LABEL if task.several_labels else _moved(task.metric)
    events = task.events(targets).astype(np.int64)
    found = {i: best_threshold(scores[:, i], events[:, i], metric) for i in free}
    return tuple(own if (best := found.get(i)) is None else best for i, own in enumerate(start))


def _numbers(scores: Array) -> bool:
    return bool(len(scores)) and bool(np.isfinite(scores).all())


def _moved(metric: str) -> str:
    moves = METRICS[metric].needs != "scores" and metric not in _ENDLESS
    return metric if moves else _OTHERWISE
