import numpy as np
import pytest
from scipy import stats

from sharewise.stats.groups import Groups
from sharewise.stats.intervals import Difference, difference
from sharewise.stats.jackknife import Influence, influence
from sharewise.stats.metrics import METRICS


def pinned_example():
    row = np.arange(60)
    targets = (row % 3 == 0).astype(int)

    def predictions(arm):
        noise = [
            ((7 * row + 13 * seed + 29 * arm) % 11 == 0) ^ ((row % 10 == 4) & (arm == 0))
            for seed in (1, 2, 3)
        ]
        return np.stack([targets ^ one for one in noise])

    groups = Groups.of(None, 60)
    arm, baseline = (influence(METRICS["accuracy"], targets, predictions(a), groups, 2) for a in (1, 0))
    return difference(arm, baseline)


def test_pinned_example():
    measured = pinned_example()
    assert measured.difference == pytest.approx(0.088889, abs=5e-7)
    assert measured.row_variance == pytest.approx(0.001875, abs=5e-7)
    assert measured.interaction_variance == pytest.approx(0.001003, abs=5e-7)
    assert measured.seed_variance == pytest.approx(0.000062, abs=5e-7)
    assert measured.seed_freedom == pytest.approx(4, abs=1e-9)
    assert measured.row_freedom == pytest.approx(33.87, abs=5e-3)
    assert measured.half_width(0.05) == pytest.approx(0.088008, abs=5e-7)
    assert measured.p() == pytest.approx(0.04787, abs=5e-6)


@pytest.mark.parametrize("alpha", [0.3, 0.05, 0.001, 1e-8])
def test_interval_and_p_agree(alpha):
    measured = pinned_example()
    distance = measured.half_width(alpha)
    moved = Difference(**{**vars(measured), "difference": -distance})
    assert moved.p() == pytest.approx(alpha, rel=1e-6)
    equivalent = Difference(**{**vars(measured), "difference": 0.01})
    assert equivalent.equivalence_p(0.01 + measured.half_width(2 * alpha)) == pytest.approx(alpha, rel=1e-6)


def test_without_interaction_and_seed_noise_it_is_a_t_interval_over_rows():
    measured = Difference(0.1, 0.01, 0.0, 0.0, 19.0, 4.0)
    assert measured.half_width(0.05) == pytest.approx(stats.t.isf(0.025, 19) * 0.1)
    assert measured.p() == pytest.approx(2 * stats.t.sf(1, 19))


def test_without_row_noise_it_is_welchs_interval_over_seeds():
    random = np.random.default_rng(0)
    first, second = random.normal(0.8, 0.01, 5), random.normal(0.79, 0.02, 4)
    nothing = np.zeros(50)
    measured = difference(Influence(first, nothing, 0.0), Influence(second, nothing, 0.0))
    welch = stats.ttest_ind(first, second, equal_var=False)
    assert measured.p() == pytest.approx(welch.pvalue)
    low, high = welch.confidence_interval(0.95)
    assert measured.half_width(0.05) == pytest.approx((high - low) / 2)


def test_extremes_of_p():
    assert Difference(0.0, 0.01, 0.0, 0.0, 19.0, 4.0).p() == 1
    assert Difference(0.1, 0.0, 0.0, 0.0, 19.0, 4.0).p() == 0
    assert Difference(0.1, 0.01, 0.0, 0.0, 19.0, 4.0).equivalence_p(0.1) == 1


def test_quantiles_beyond_all_bounds_do_no_harm():
    """With one degree of freedom the quantile that p's bisection starts from is over 1e154, and may be infinite."""
    without_seeds = Difference(0.1, 0.01, 0.0, 0.0, 1.0, 1.0)
    assert without_seeds.p() == pytest.approx(2 * stats.t.sf(1.0, 1))
    assert Difference(0.1, 0.0, 0.0, 0.01, 1.0, 0.5).p() == pytest.approx(2 * stats.t.sf(1.0, 0.5))
    assert Difference(0.1, 0.01, 0.01, 0.0, 1.0, 0.5).p() == pytest.approx(2 * stats.t.sf(1.0, 1))


def test_one_seed_gives_no_interval():
    one, two = Influence(np.array([0.8]), np.ones(9), float("nan")), Influence(np.ones(2), np.zeros(9), 0.0)
    measured = difference(one, two)
    assert measured.difference == pytest.approx(-0.2)
    assert np.isnan(measured.half_width(0.05))
    assert np.isnan(measured.p())
    assert np.isnan(measured.equivalence_p(0.5))


def test_equal_models_differ_in_nothing():
    same = Influence(np.full(3, 0.7), np.arange(9.0), 0.0)
    measured = difference(same, same)
    assert (measured.difference, measured.row_variance, measured.row_freedom) == (0, 0, 8)
    assert measured.seed_freedom == 4
    assert measured.p() == 1


def test_different_rows_are_refused():
    with pytest.raises(ValueError, match="same rows"):
        difference(Influence(np.ones(3), np.ones(8), 0.0), Influence(np.ones(3), np.ones(9), 0.0))
