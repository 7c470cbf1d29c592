"""What is applied to a model's outputs after training: calibrated probabilities and decision thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from scipy.special import expit, softmax

from sharewise.options import Options
from sharewise.tasks import Array, Task

Threshold = Annotated[float, Field(gt=0.0, lt=1.0)]


class Calibration(Options):
    """How one task's outputs become believable probabilities.

    Logits are divided by the temperature (Guo et al., 2017); then each probability is read off the isotonic curve
    (Zadrozny and Elkan, 2002), where there is one; distributions over several labels are normalised again, and of
    ordered labels no level is more probable than a lower one.
    """

    temperature: float = Field(default=1.0, gt=0.0, allow_inf_nan=False, description="divides the logits")
    isotonic: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = Field(
        default_factory=dict,
        description="output -> (probabilities as given, probabilities as found), both rising; linear between",
    )

    @model_validator(mode="after")
    def _curves_rise(self) -> Self:
        for output, (given, found) in self.isotonic.items():
            rising = all(list(axis) == sorted(axis) for axis in (given, found))
            if len(given) != len(found) or not given or not rising:
                raise ValueError(
                    f"the isotonic curve of output {output!r} isn't two rising lists of one length"
                )
        return self


def calibrated(task: Task, outputs: torch.Tensor, calibration: Calibration | None) -> Array:
    """Turn head outputs ``(rows, outputs)`` into probabilities or values of the same shape, float32."""
    if calibration is None:
        return task.activate(outputs).numpy()
    return _corrected(task, task.activate(outputs.double()).numpy(), calibration)


def recalibrated(task: Task, scores: Array, calibration: Calibration | None) -> Array:
    """Calibrate scores ``(rows, outputs)`` that were activated already; equal to `calibrated`, but for rounding.

    A probability that float32 holds as 1 is taken for the last one below it.
    """
    return scores if calibration is None else _corrected(task, scores, calibration)


def _corrected(task: Task, scores: Array, calibration: Calibration) -> Array:
    """Of ordered labels the logits are those of reaching each level, so that their order stays."""
    corrected = scores.astype(np.float64)
    if calibration.temperature != 1.0:
        logits = logits_of(task, scores) / calibration.temperature
        corrected = softmax(logits, axis=1) if task.exclusive else expit(logits)
    for column, name in enumerate(task.output_names):
        if name in calibration.isotonic:
            corrected[:, column] = np.interp(corrected[:, column], *calibration.isotonic[name])
    if calibration.isotonic and task.exclusive:
        corrected /= np.maximum(corrected.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    if calibration.isotonic and task.cumulative:
        corrected = np.minimum.accumulate(corrected, axis=1)
    return corrected.astype(np.float32)


def logits_of(task: Task, scores: Array) -> Array:
    """Logits ``(rows, outputs)`` of these probabilities; of labels that exclude each other up to a constant a row."""
    below_one = 1.0 - (2.0**-53 if scores.dtype == np.float64 else 2.0**-25)
    sure = np.clip(scores.astype(np.float64), np.finfo(np.float32).tiny, below_one)
    return np.log(sure) if task.exclusive else np.log(sure / (1.0 - sure))


def cuts(task: Task, thresholds: Sequence[float] | None) -> tuple[float, ...]:
    """The threshold of each output: as given, or .5; none where a task compares its outputs with one another."""
    if thresholds:
        return tuple(thresholds)
    low, high = (task.decide(np.full((1, task.outputs), p)) for p in (0.4, 0.6))
    return (0.5,) * task.outputs if task.labels and not np.array_equal(low, high) else ()


def decided(task: Task, scores: Array, thresholds: Sequence[float] | None) -> Array:
    """Turn scores ``(rows, outputs)`` into the task's predictions, a threshold an output in place of .5."""
    return task.decide(bent(scores, thresholds))


def bent(scores: Array, thresholds: Sequence[float] | None) -> Array:
    """Bend probabilities ``(rows, outputs)``, in two straight pieces, until each threshold lies at .5.

    That is where every kind decides that decides output by output. The order of an output's probabilities stays.
    """
    if not thresholds:
        return scores
    cut = np.asarray(thresholds, dtype=np.float64)
    wide = scores.astype(np.float64)
    return np.asarray(np.where(wide <= cut, 0.5 * (wide / cut), 0.5 + 0.5 * (wide - cut) / (1.0 - cut)))
