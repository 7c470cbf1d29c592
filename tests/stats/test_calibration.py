import numpy as np
import pytest
import sklearn.metrics as reference

from sharewise.stats import brier, expected_calibration_error


def test_brier_of_several_classes_equals_scikit_learn():
    random = np.random.default_rng(1)
    targets, scores = random.integers(0, 4, 50), random.dirichlet(np.ones(4), 50)
    assert brier(targets, scores) == pytest.approx(
        reference.brier_score_loss(targets, scores, labels=range(4))
    )


def test_calibration_error_of_positive_probabilities():
    targets = np.array([0, 0, 1, 0, 1, 1])
    scores = np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9])
    # Two bins of three rows: frequency 1/3 against .1, and 2/3 against .9.
    assert expected_calibration_error(targets, scores, bins=5) == pytest.approx(0.7 / 3)


def test_calibration_error_of_the_highest_class():
    targets = np.array([0, 1, 2, 2])
    scores = np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.3, 0.3, 0.4]])
    # Highest .7 on three rows of which two are right, .4 on one right row.
    assert expected_calibration_error(targets, scores, bins=10) == pytest.approx((3 * 0.7 - 2 + 0.6) / 4)


def test_edges_fall_into_bins():
    targets, scores = np.array([0, 1]), np.array([0.0, 1.0])
    assert expected_calibration_error(targets, scores) == 0
    assert np.isnan(expected_calibration_error(np.zeros(0, int), np.zeros(0)))
    assert np.isnan(brier(np.zeros(0, int), np.zeros(0)))
