"""The verdicts keep their promise in a few simulated studies; `benchmarks/verdict_calibration.py` makes many."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import verdict_calibration as calibration
from simulated_studies import Classes, Design, Scores, Values

from sharewise.compare.finding import Measurer
from sharewise.stats.metrics import METRICS

POPULATIONS = [
    calibration.BINARY,
    Classes("macro_f1", (0.5, 0.3, 0.2), (0.1, 0.2, 0.3)),
    Classes("qwk", (0.1, 0.4, 0.3, 0.2), (0.3, 0.3, 0.3, 0.3)),
    Scores("auroc", 0.2, 1.8),
    Scores("average_precision", 0.2, 1.8),
    Scores("brier", 0.2, 1.8),
    Values("pearson", 0.8),
    Values("spearman", 0.8),
    Values("mae", 0.8),
]


@pytest.mark.parametrize("population", POPULATIONS, ids=lambda p: p.metric)
@pytest.mark.parametrize("group_size", [1, 4])
def test_the_simulated_truth_is_true(population, group_size):
    design = Design(rows=100_000, seeds=2, seed_sd=0.0, effect=0.04, group_size=group_size)
    (comparison,) = population.study(design, np.random.default_rng(0))
    metric = METRICS[population.metric]
    arm, baseline = (
        np.mean([metric.point(comparison.targets, o, comparison.classes) for o in outputs])
        for outputs in (comparison.outputs, comparison.baseline_outputs)
    )
    difference = arm - baseline if metric.higher_is_better else baseline - arm
    assert baseline == pytest.approx(population.value(0), abs=0.015)
    assert difference == pytest.approx(0.04, abs=0.005)


def test_seeds_deviate_as_designed():
    design = Design(rows=20_000, seeds=200, seed_sd=0.02)
    (comparison,) = calibration.BINARY.study(design, np.random.default_rng(1))
    finding = Measurer()(comparison)
    own = (finding.arm.seed_variance - finding.arm.interaction) * 200
    assert np.sqrt(own) == pytest.approx(0.02, rel=0.15)


@pytest.mark.parametrize(
    ("population", "design"),
    [
        (calibration.BINARY, Design(rows=400, seeds=5, seed_sd=0.02)),
        (Scores("auroc", 0.3, 1.8), Design(rows=400, seeds=3, seed_sd=0.0, group_size=4)),
    ],
    ids=["mcc", "auroc"],
)
def test_intervals_cover_the_truth(population, design):
    cell = calibration.Cell("", population, design)
    covered = calibration.ask(calibration.cover, cell, 300, [2])[:, 0]
    assert 0.93 <= covered.mean() <= 0.997


def test_an_interval_over_rows_alone_would_not_cover():
    """The check above can fail: seeds matter in that study."""
    cell = calibration.Cell("", calibration.BINARY, Design(rows=5_000, seeds=3, seed_sd=0.02))
    random, covered = np.random.default_rng(3), []
    for _ in range(60):
        (comparison,) = cell.population.study(cell.design, random)
        measured = Measurer()(comparison).difference
        rows_only = replace(measured, seed_variance=0.0, interaction_variance=0.0)
        covered.append(abs(measured.difference) <= rows_only.half_width(0.05))
    assert np.mean(covered) < 0.8


def test_families_without_a_difference_stay_silent():
    design = Design(rows=200, seeds=3, arms=calibration.ARMS)
    found = calibration.ask(
        calibration.find_falsely, calibration.Cell("", calibration.BINARY, design), 15, [4]
    )
    assert set(found[:, 1]) == {54}
    assert found[:, 0].mean() <= 0.1


def test_the_report_has_its_three_tables():
    text = calibration.table(["a", "b"], [["1", "2"]])
    assert text == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    found = np.array([[1.0, 0.1]] * 3 + [[0.0, 0.1]] + [[np.nan, np.nan]])
    assert calibration.percentage(found) == ["75.0 ± 23.6", "4"]
    assert len(calibration.coverage_cells()) > 40
    cell = calibration.power_cells()[0]
    assert cell.design.effect == pytest.approx(0.056, abs=0.003)
    assert calibration.line(cell, found) == ["binary", "mcc", "934", "none", "5", "1"]


@pytest.mark.parametrize("place", [4, 5], ids=["gain", "loss"])
def test_detectable_differences_are_found_four_times_in_five(place):
    cell = calibration.power_cells()[place]
    assert cell.comparisons == 54
    assert (cell.design.effect > 0) == (place == 4)
    found = calibration.ask(calibration.find, cell, 300, [5])[:, 0]
    assert 0.73 <= found.mean() <= 0.88
