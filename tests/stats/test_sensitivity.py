import numpy as np
import pytest

from sharewise.stats.sensitivity import count_metric, errors_of_quality, gradient, row_sensitivity


def test_mcc_of_two_classes_equals_its_closed_form():
    share, missed, false_alarms = 0.1, 0.14, 0.0238
    tp, fp = share * (1 - missed), (1 - share) * false_alarms
    a = tp + fp
    s, r = np.sqrt(share * (1 - share)), np.sqrt(a * (1 - a))
    k = (tp - share * a) / (s * r) * s * (1 - 2 * a) / (2 * r)
    of_tp, of_fp = (1 - share - k) / (s * r), (-share - k) / (s * r)
    disagreement = np.array([0.02, 0.13])
    expected = of_tp**2 * share * 0.13 + of_fp**2 * (1 - share) * 0.02
    measured = row_sensitivity("mcc", np.array([0.9, 0.1]), np.array([false_alarms, missed]), disagreement)
    assert measured == pytest.approx(expected, rel=1e-6)


def test_accuracy_reacts_by_one_row_a_row():
    shares, disagreement = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.05])
    measured = row_sensitivity("accuracy", shares, np.array([0.1, 0.1, 0.3]), disagreement)
    assert measured == pytest.approx(np.sum(shares * disagreement))


def test_ordered_levels_err_to_their_neighbours():
    shares = np.full(5, 0.2)
    # Moving a row by one level changes a kappa near 1 by about 1 / (2 · variance of the levels).
    measured = row_sensitivity("qwk", shares, np.full(5, 1e-4), np.full(5, 0.1))
    assert measured == pytest.approx(0.1 * (1 / (2 * 2)) ** 2, rel=0.1)


def test_metrics_of_scores_have_no_answer_before_training():
    with pytest.raises(ValueError, match="auroc"):
        row_sensitivity("auroc", np.array([0.9, 0.1]), np.array([0.1, 0.1]), np.array([0.1, 0.1]))


def test_errors_of_a_supposed_quality():
    shares = np.array([0.9, 0.1])
    missed_of_negatives, missed_of_positives = errors_of_quality(shares, 0.81)
    assert (missed_of_negatives, missed_of_positives) == pytest.approx((0.019, 0.171))
    tp, fp = 0.1 * (1 - missed_of_positives), 0.9 * missed_of_negatives
    assert tp + fp == pytest.approx(0.1)
    assert (tp - 0.1 * 0.1) / (0.1 * 0.9) == pytest.approx(0.81)


def test_mass_can_be_added_where_nothing_is():
    """Models that never name the second class: nothing can be taken from the cells of that answer."""
    constant = np.array([[0.9, 0.0], [0.1, 0.0]])
    slopes = gradient(count_metric("accuracy"), constant)
    assert slopes == pytest.approx(np.array([[0.1, -0.9], [-0.9, 0.1]]), abs=1e-6)
    assert np.isfinite(gradient(count_metric("mcc"), constant)).all()
