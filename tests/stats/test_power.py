import numpy as np
import pytest

from sharewise.stats.intervals import Difference
from sharewise.stats.jackknife import Influence
from sharewise.stats.power import (
    Noise,
    detectable_difference,
    equivalence_can_be_shown,
    largest_seed_sd,
    noise_after_single,
    observed_noise,
    population_seed_sd,
)


def of_rows(rows, seeds, seed_sd):
    """Noise of arms that are equal but for chance, on so many rows."""
    each = 0.9 / rows
    return Noise(0.1 * each, each / seeds, 2 * seed_sd**2 / seeds + each / seeds, rows - 1)


def test_the_detectable_difference_is_found_in_eighty_of_a_hundred_studies():
    noise, seeds, alpha = Noise(2e-5, 3e-5, 9e-5, 500), 5, 0.05 / 9
    found, studies = 0, 4_000
    truth = detectable_difference(noise, seeds, 9)
    random = np.random.default_rng(8)
    for _ in range(studies):
        arms = np.sqrt(noise.seeds / 2 * seeds) * random.normal(size=(2, seeds))
        variances = arms.var(axis=1, ddof=1) / seeds
        row_variance = (noise.arms + noise.interaction) * random.chisquare(500) / 500
        measured = Difference(
            difference=truth + np.sqrt(noise.arms) * random.normal() + arms[0].mean() - arms[1].mean(),
            row_variance=row_variance,
            interaction_variance=noise.interaction,
            seed_variance=variances.sum(),
            row_freedom=500,
            seed_freedom=variances.sum() ** 2 / np.sum(variances**2 / (seeds - 1)),
        )
        found += abs(measured.difference) > measured.half_width(alpha)
    assert found / studies == pytest.approx(0.8, abs=0.025)


@pytest.mark.parametrize(("seeds", "points"), [(3, 0.57), (5, 0.85), (10, 1.29)])
def test_equivalence_within_a_point_is_out_of_reach_above_these_seed_deviations(seeds, points):
    assert largest_seed_sd(0.01, seeds) * 100 == pytest.approx(points, abs=0.005)
    for factor, possible in ((0.99, True), (1.01, False)):
        noise = of_rows(10**9, seeds, factor * largest_seed_sd(0.01, seeds))
        assert equivalence_can_be_shown(noise, seeds, 0.01) is possible


def test_few_rows_put_equivalence_out_of_reach_too():
    few, many = (of_rows(n, 5, 0.001) for n in (500, 50_000))
    assert not equivalence_can_be_shown(few, 5, 0.01)
    assert equivalence_can_be_shown(many, 5, 0.01)
    assert not equivalence_can_be_shown(many, 1, 0.01)


def test_observed_variances_take_the_place_of_supposed_ones():
    single = Influence(scores=np.array([0.80, 0.82, 0.84]), mean_influence=np.zeros(500), interaction=1e-5)
    # Observed variance .0004 a model, of which 3 × .00001 comes from rows and seeds together.
    assert population_seed_sd(single) == pytest.approx(np.sqrt(0.0004 - 0.00003))
    noise = noise_after_single(single, seeds=5)
    assert noise.interaction == pytest.approx(2 * 0.00003 / 5)
    assert noise.arms == pytest.approx(0.1 * 2 * 0.00003)
    assert noise.seeds == pytest.approx(2 * 0.00037 / 5 + noise.interaction)
    assert noise.row_freedom == 499
    quiet = Influence(np.full(3, 0.8), np.zeros(500), 1e-5)
    assert population_seed_sd(quiet) == 0


def test_observed_noise_splits_the_rows_variance():
    noise = observed_noise(Difference(0.1, 0.003, 0.002, 0.004, 99.0, 8.0))
    assert noise == Noise(arms=pytest.approx(0.001), interaction=0.002, seeds=0.004, row_freedom=99.0)


def test_no_interval_no_detectable_difference():
    assert np.isnan(detectable_difference(Noise(1e-5, 1e-5, 1e-5, 99), seeds=1))
    assert np.isnan(detectable_difference(Noise(1e-5, 1e-5, float("nan"), 99), seeds=3))
    assert detectable_difference(Noise(0.0, 0.0, 0.0, 99), seeds=3) == pytest.approx(0, abs=1e-9)
