"""Runs, and whether two of them are the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sharewise.train import Job, Observer, Outcome, Trainer
from sharewise.train.checkpoint import weights


@dataclass
class Run:
    """A run that has ended."""

    outcome: Outcome
    weights: dict[str, torch.Tensor]

    @property
    def history(self) -> list[dict[str, Any]]:
        """The lines of history without their times."""
        return timeless(self.outcome.history)


def train(
    job: Job, folder: Path, *, observer: Observer | None = None, checkpoint_seconds: float = 60.0
) -> Run:
    """Train a job to its end."""
    trainer = Trainer(job, folder, observer=observer, checkpoint_seconds=checkpoint_seconds)
    outcome = trainer.run()
    return Run(outcome, {name: value.clone() for name, value in weights(trainer.model).items()})


def timeless(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return lines of history without their times."""
    return [{key: value for key, value in line.items() if key != "seconds"} for line in history]


def assert_same(one: Run, other: Run) -> None:
    """Ask for the same history, weights and answers, bit for bit."""
    assert one.history == other.history
    assert one.outcome.best == other.outcome.best
    assert one.outcome.chosen == other.outcome.chosen
    assert one.outcome.updates_made == other.outcome.updates_made
    assert one.weights.keys() == other.weights.keys()
    different = [name for name, value in one.weights.items() if not torch.equal(value, other.weights[name])]
    assert not different
    assert one.outcome.scores.keys() == other.outcome.scores.keys()
    for split, scores in one.outcome.scores.items():
        for task, mine in scores.items():
            its = other.outcome.scores[split][task]
            np.testing.assert_array_equal(mine.rows, its.rows)
            np.testing.assert_array_equal(mine.scores, its.scores)
            assert mine.loss == its.loss


def assert_close(one: Run, other: Run, *, tolerance: float = 1e-5) -> None:
    """Ask for the same history, weights and answers but for rounding."""
    assert_close_values(one.history, other.history, tolerance)
    assert_close_values(
        {name: value.numpy() for name, value in one.weights.items()},
        {name: value.numpy() for name, value in other.weights.items()},
        tolerance,
    )
    for split, scores in one.outcome.scores.items():
        for task, mine in scores.items():
            its = other.outcome.scores[split][task]
            np.testing.assert_array_equal(mine.rows, its.rows)
            np.testing.assert_allclose(mine.scores, its.scores, atol=tolerance, rtol=tolerance)


def assert_close_values(one: Any, other: Any, tolerance: float, place: str = "") -> None:
    """Compare nested mappings and lists of numbers and arrays."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), place
        for key, value in one.items():
            assert_close_values(value, other[key], tolerance, f"{place}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), place
        for index, (mine, its) in enumerate(zip(one, other, strict=True)):
            assert_close_values(mine, its, tolerance, f"{place}[{index}]")
    elif isinstance(one, (float, np.ndarray)):
        np.testing.assert_allclose(one, other, atol=tolerance, rtol=tolerance, err_msg=place)
    else:
        assert one == other, place
