import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from simulated_studies import Classes, Design

from sharewise.compare.finding import Measurer
from sharewise.stats.groups import Groups
from sharewise.stats.jackknife import influence
from sharewise.stats.metrics import METRICS
from sharewise.stats.power import detectable_difference
from sharewise.stats.sensitivity import errors_of_quality, row_sensitivity
from sharewise.stats.supposed import StudySize, SupposedModels

SHARES, ERRORS = np.array([0.9, 0.1]), np.array([0.0238, 0.14])
MODELS = SupposedModels("mcc", SHARES, ERRORS)
SIZE = StudySize(rows=934, seeds=5, seed_sd=0.01)


@pytest.mark.parametrize("metric", ["mcc", "accuracy", "macro_f1", "balanced_accuracy"])
def test_an_arm_as_good_as_the_baseline_has_the_noise_of_the_closed_form(metric):
    shares, errors = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.5])
    size = StudySize(rows=700, seeds=4, seed_sd=0.02, groups=100, design_effect=1.7)
    found = SupposedModels(metric, shares, errors).noise(0.0, size)
    of_seeds = 1.7 * row_sensitivity(metric, shares, errors, errors * (1 - errors)) / 700
    assert found.interaction == pytest.approx(of_seeds / 4, rel=1e-6)
    assert found.arms == pytest.approx(0.1 * of_seeds, rel=1e-6)
    assert found.seeds == pytest.approx(2 * 0.02**2 / 4 + of_seeds / 4, rel=1e-6)
    assert found.arm_share == pytest.approx(0.5)
    assert found.row_freedom == 99


@pytest.mark.parametrize(
    ("rows", "seeds", "points"),
    [
        (200, 3, (18, 39, 76)),
        (200, 5, (12, 17, 23)),
        (934, 5, (5.7, 8.5, 11)),
        (934, 10, (4.1, 5.5, 6.6)),
        (5_000, 3, (5.0, 11, 21)),
        (50_000, 5, (2.2, 3.4, 4.7)),
        (50_000, 10, (1.4, 2.0, 2.4)),
    ],
)
def test_published_table_of_arms_of_one_quality(rows, seeds, points):
    noise = MODELS.noise(0.0, StudySize(rows=rows, seeds=seeds, seed_sd=0.01))
    for comparisons, expected in zip((1, 9, 54), points, strict=True):
        measured = 100 * detectable_difference(noise, seeds, comparisons)
        assert measured == pytest.approx(expected, rel=0.04)


def test_dependent_rows_need_larger_differences():
    alike = StudySize(rows=934, seeds=5, seed_sd=0.01, groups=93, design_effect=3)
    assert MODELS.detectable(alike, 1).gain > 1.2 * MODELS.detectable(SIZE, 1).gain


@pytest.mark.parametrize("effect", [-0.12, 0.08])
def test_a_shifted_arm_has_the_noise_of_simulated_studies(effect):
    population = Classes("mcc", tuple(SHARES), tuple(ERRORS))
    random, seen = np.random.default_rng(1), []
    for _ in range(150):
        (comparison,) = population.study(Design(rows=934, seeds=5, effect=effect), random)
        finding = Measurer()(comparison)
        measured = finding.difference
        share = finding.arm.seed_variance / measured.seed_variance
        seen.append((measured.row_variance, measured.interaction_variance, measured.seed_variance, share))
    rows, interaction, seeds, share = np.mean(seen, axis=0)
    low, high = sorted((0.0, 3 * np.sign(effect)))
    qualities = np.linspace(low, high, 3_001)
    quality = min(qualities, key=lambda q: abs(MODELS.value(q) - MODELS.value() - effect))
    noise = MODELS.noise(quality, SIZE)
    assert noise.arms + noise.interaction == pytest.approx(rows, rel=0.06)
    assert noise.interaction == pytest.approx(interaction, rel=0.06)
    assert noise.seeds == pytest.approx(seeds, rel=0.12)
    assert noise.arm_share == pytest.approx(share, abs=0.04)


def test_a_loss_must_be_larger_than_a_gain_and_the_symmetric_difference_lies_between():
    between = detectable_difference(MODELS.noise(0.0, SIZE), 5, 9)
    found = MODELS.detectable(SIZE, 9)
    assert found.gain < between < found.loss
    assert (100 * found.gain, 100 * found.loss) == pytest.approx((8.2, 9.6), abs=0.15)


def test_what_even_a_perfect_or_a_guessing_arm_would_not_show():
    found = MODELS.detectable(StudySize(rows=200, seeds=3, seed_sd=0.01), 9)
    assert found.gain is None
    assert 0.3 < found.loss < MODELS.value()
    assert MODELS.detectable(StudySize(rows=200, seeds=3, seed_sd=0.01), 54).loss is None
    # A baseline that guesses has nothing to lose.
    shares = np.array([0.5, 0.5])
    guessing = SupposedModels("mcc", shares, errors_of_quality(shares, 0.0))
    assert guessing.detectable(SIZE, 1).loss is None
    assert guessing.detectable(SIZE, 1).gain is not None


def test_trained_models_show_how_much_seeds_disagree():
    (comparison,) = Classes("mcc", tuple(SHARES), tuple(ERRORS), disagreement=0.25).study(
        Design(rows=60_000, seeds=12), np.random.default_rng(2)
    )
    outputs, targets = comparison.baseline_outputs, comparison.targets
    single = influence(METRICS["mcc"], targets, outputs, Groups.of(None, len(targets)), 2)
    trained = MODELS.as_trained(single, len(targets))
    assert trained.disagreement == pytest.approx(0.25, abs=0.02)
    assert trained.detectable(SIZE, 9).loss < MODELS.detectable(SIZE, 9).loss


def test_perfect_models_leave_no_noise_but_that_of_seeds():
    perfect = SupposedModels("mcc", SHARES, np.zeros(2))
    noise = perfect.noise(0.0, SIZE)
    assert noise.interaction == pytest.approx(0, abs=1e-6)
    assert perfect.detectable(SIZE, 1).gain is None
