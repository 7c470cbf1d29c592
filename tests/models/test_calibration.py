"""Thresholds and calibration, applied to every kind of task in one way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sharewise.models.calibration import Calibration, calibrated, cuts, decided


def test_thresholds_as_they_are_told(tasks):
    assert cuts(tasks["spam"], None) == (0.5,)
    assert cuts(tasks["spam"], [0.3]) == (0.3,)
    assert cuts(tasks["tone.of-voice"], None) == ()
    assert cuts(tasks["train"], None) == ()


def test_output_names(tasks):
    assert {name: task.output_names for name, task in tasks.items()} == {
        "spam": ("1",),
        "tone.of-voice": ("a", "b", "c"),
        "train": ("train",),
    }


def test_without_calibration_outputs_are_activated_as_ever(tasks):
    outputs = torch.tensor([[0.3, -1.0, 2.0]])
    task = tasks["tone.of-voice"]
    np.testing.assert_array_equal(calibrated(task, outputs, None), task.activate(outputs).numpy())


def test_temperature_divides_logits(tasks):
    outputs = torch.tensor([[2.0], [-1.0]])
    cooled = calibrated(tasks["spam"], outputs, Calibration(temperature=2.0))
    np.testing.assert_allclose(cooled, torch.sigmoid(outputs / 2).numpy(), rtol=1e-6)


def test_isotonic_curves_are_read_and_distributions_sum_to_one(tasks):
    outputs = torch.tensor([[0.0], [4.0]])
    curve = Calibration(isotonic={"1": ((0.0, 0.5, 1.0), (0.1, 0.2, 0.9))})
    np.testing.assert_allclose(calibrated(tasks["spam"], outputs, curve)[0], [0.2], rtol=1e-6)
    three = Calibration(isotonic={"a": ((0.0, 1.0), (0.0, 0.5))})
    scores = calibrated(tasks["tone.of-voice"], torch.tensor([[1.0, 1.0, 1.0]]), three)
    np.testing.assert_allclose(scores, [[0.2, 0.4, 0.4]], rtol=1e-5)


def test_curves_must_rise():
    with pytest.raises(ValidationError, match="two rising lists of one length"):
        Calibration(isotonic={"1": ((0.0, 1.0), (0.9, 0.1))})


@given(st.floats(0.01, 0.99), st.lists(st.floats(0, 1, width=32), min_size=1))
def test_a_threshold_takes_the_place_of_one_half(tasks, threshold, probabilities):
    scores = np.array(probabilities, dtype=np.float32)[:, None]
    found = decided(tasks["spam"], scores, (threshold,))
    np.testing.assert_array_equal(found, scores[:, 0].astype(np.float64) > threshold)


def test_without_thresholds_the_task_decides(tasks):
    scores = np.array([[0.2, 0.5, 0.3]], dtype=np.float32)
    assert decided(tasks["tone.of-voice"], scores, None).tolist() == [1]
