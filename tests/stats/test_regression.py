import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from sharewise.stats import METRICS, regression_metrics


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=50))
def test_regression_metrics_equal_scipy_with_ties(rows):
    targets, values = np.array(rows, dtype=float).T
    if np.ptp(targets) == 0 or np.ptp(values) == 0:
        expected = {"pearson": float("nan"), "spearman": float("nan")}
    else:
        expected = {
            "pearson": scipy.stats.pearsonr(targets, values).statistic,
            "spearman": scipy.stats.spearmanr(targets, values).statistic,
        }
    expected["mae"] = np.abs(targets - values).mean()
    assert regression_metrics(targets, values) == pytest.approx(expected, nan_ok=True)
    for name, value in expected.items():
        assert METRICS[name].point(targets, values) == pytest.approx(value, nan_ok=True)


def test_no_rows_give_nan():
    measured = regression_metrics(np.zeros(0), np.zeros(0))
    assert all(np.isnan(value) for value in measured.values())


def test_lower_is_better_for_errors_only():
    assert {name for name, metric in METRICS.items() if not metric.higher_is_better} == {"brier", "mae"}
