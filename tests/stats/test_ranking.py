import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from sharewise.stats import METRICS, auroc, average_precision, binary_score_metrics
from sharewise.stats.ranking import placements


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=60))
def test_score_metrics_equal_scikit_learn_with_ties(rows):
    targets, levels = np.array(rows).T
    scores = levels / 8
    if len(set(targets)) == 1:
        return
    expected = {
        "auroc": reference.roc_auc_score(targets, scores),
        "average_precision": reference.average_precision_score(targets, scores),
        "brier": reference.brier_score_loss(targets, scores),
    }
    assert binary_score_metrics(targets, scores) == pytest.approx(expected)
    for name, value in expected.items():
        assert METRICS[name].point(targets, scores) == pytest.approx(value)
    placed = placements(targets, scores)
    assert [placed[targets == 1].mean(), placed[targets == 0].mean()] == pytest.approx(
        [expected["auroc"]] * 2
    )


def test_one_class_only():
    scores = np.array([0.1, 0.4, 0.9])
    for target, precision in ((0, 0.0), (1, 1.0)):
        targets = np.full(3, target)
        assert np.isnan(auroc(targets, scores))
        assert average_precision(targets, scores) == precision


def test_no_rows_give_nan():
    measured = binary_score_metrics(np.zeros(0, dtype=int), np.zeros(0))
    assert all(np.isnan(value) for value in measured.values())


def test_placements_by_hand():
    targets, scores = np.array([1, 1, 0, 0]), np.array([0.9, 0.5, 0.5, 0.1])
    assert placements(targets, scores) == pytest.approx([1.0, 0.75, 0.75, 1.0])
