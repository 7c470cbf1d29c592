import numpy as np
import pytest

from sharewise.stats.groups import Groups
from sharewise.stats.jackknife import influence
from sharewise.stats.metrics import METRICS

ROWS = 240


def outputs_for(metric, random):
    """Targets and one model's outputs, with ties, of the shape that the metric reads."""
    if metric.needs == "classes":
        targets = random.integers(0, 4 if metric.name in ("qwk", "macro_f1", "mcc") else 2, ROWS)
        return targets, np.where(random.random(ROWS) < 0.7, targets, random.permutation(targets))
    if metric.needs == "scores":
        targets = random.integers(0, 2, ROWS)
        return targets, np.clip(np.round(0.3 * targets + random.random(ROWS), 1), 0, 1)
    targets = np.round(random.normal(size=ROWS), 1)
    return targets, np.round(targets + random.normal(size=ROWS), 1)


def left_out_one_by_one(metric, targets, output, groups, classes=None):
    return np.array(
        [
            metric.point(targets[groups.of_row != group], output[groups.of_row != group], classes)
            for group in range(groups.number)
        ]
    )


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("grouped", [False, True])
def test_left_out_metrics_equal_plain_evaluation(name, grouped):
    random = np.random.default_rng(3)
    metric = METRICS[name]
    targets, output = outputs_for(metric, random)
    groups = Groups.of(random.integers(0, 50, ROWS) if grouped else None, ROWS)
    expected = left_out_one_by_one(metric, targets, output, groups, 4)
    assert np.ptp(expected) > 0
    assert metric.left_out(targets, output, groups, 4) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", ["average_precision", "spearman"])
@pytest.mark.parametrize("distinct", [2, 7, 100_000], ids=["two values", "ties", "no ties"])
def test_metrics_in_order_equal_plain_evaluation_over_blocks_of_many_rows(name, distinct):
    random = np.random.default_rng(distinct)
    rows = 3_000
    quality = random.normal(size=rows)
    targets = (quality > 1).astype(int) if name == "average_precision" else np.round(quality * 3)
    output = np.floor((quality + random.normal(size=rows)) * distinct / 8) / distinct
    groups = Groups.of(np.arange(rows) // 3, rows).blocks(40)
    expected = left_out_one_by_one(METRICS[name], targets, output, groups)
    assert np.ptp(expected) > 0
    assert METRICS[name].left_out(targets, output, groups) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ["average_precision", "spearman"])
def test_a_group_that_holds_all_that_matters(name):
    """Without it there is no positive row, one constant side, or no row at all."""
    targets, output = np.array([1, 0, 0, 0, 0]), np.array([0.5, 0.1, 0.2, 0.2, 0.4])
    for names in ([0, 1, 1, 2, 2], [0, 0, 0, 0, 0], [0, 1, 1, 1, 1]):
        groups = Groups.of(np.array(names), 5)
        expected = left_out_one_by_one(METRICS[name], targets, output, groups)
        assert METRICS[name].left_out(targets, output, groups) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("name", ["macro_f1", "micro_f1", "exact_match"])
@pytest.mark.parametrize("grouped", [False, True])
def test_left_out_metrics_of_several_labels(name, grouped):
    random = np.random.default_rng(4)
    targets, output = random.integers(0, 2, (2, ROWS, 3))
    groups = Groups.of(random.integers(0, 50, ROWS) if grouped else None, ROWS)
    expected = left_out_one_by_one(METRICS[name], targets, output, groups)
    assert METRICS[name].left_out(targets, output, groups) == pytest.approx(expected, abs=1e-10)


def test_influence_is_the_textbook_jackknife_and_its_squares_add_up_to_the_variance():
    random = np.random.default_rng(5)
    values = random.normal(size=(2, ROWS))
    targets = np.zeros(ROWS)
    groups = Groups.of(np.arange(ROWS) % 80, ROWS)
    # The mean absolute error is a mean over rows, whose jackknife variance is known in closed form.
    measured = influence(METRICS["mae"], targets, values, groups)
    group_means = np.abs(values).reshape(2, 3, 80).mean(axis=1)
    assert measured.scores == pytest.approx(-np.abs(values).mean(axis=1))
    assert np.sum(measured.mean_influence**2) == pytest.approx(np.var(group_means.mean(axis=0), ddof=1) / 80)
    apart = group_means - group_means.mean(axis=0)
    apart -= apart.mean(axis=1, keepdims=True)
    assert measured.interaction == pytest.approx(np.sum(apart**2) / (80 * 79) / 2)
    assert measured.seed_variance == pytest.approx(np.var(measured.scores, ddof=1) / 2)


def test_auroc_jackknife_is_delong_to_first_order():
    random = np.random.default_rng(6)
    targets = np.repeat([0, 1], [300, 100])
    scores = targets + random.normal(size=400)
    positive, negative = scores[targets == 1], scores[targets == 0]
    wins = (positive[:, None] > negative[None, :]).astype(float)
    delong = np.var(wins.mean(axis=1), ddof=1) / 100 + np.var(wins.mean(axis=0), ddof=1) / 300
    measured = influence(METRICS["auroc"], targets, scores[None], Groups.of(None, 400))
    assert np.sum(measured.mean_influence**2) == pytest.approx(delong, rel=0.02)


def test_errors_are_turned_so_that_higher_is_better():
    targets, outputs = np.zeros(30), np.linspace(0, 1, 30)[None]
    measured = influence(METRICS["mae"], targets, outputs, Groups.of(None, 30))
    assert measured.scores == pytest.approx([-0.5])
    assert measured.mean_influence[0] > 0 > measured.mean_influence[-1]
    assert np.isnan(measured.interaction)


def test_slow_metrics_use_a_hundred_blocks_of_whole_groups_the_same_each_time():
    random = np.random.default_rng(7)
    names = random.integers(0, 400, 3000)
    groups = Groups.of(names, 3000)
    blocks, again = groups.blocks(100), groups.blocks(100)
    assert np.array_equal(blocks.of_row, again.of_row)
    assert blocks.number == 100
    group_numbers = np.bincount(blocks.of_row[np.unique(groups.of_row, return_index=True)[1]])
    assert set(group_numbers) == {4}
    assert all(len(set(blocks.of_row[groups.of_row == group])) == 1 for group in range(50))
    targets, outputs = random.normal(size=3000), random.normal(size=(2, 3000))
    assert influence(METRICS["spearman"], targets, outputs, groups).mean_influence.shape == (100,)
    assert influence(
        METRICS["spearman"], targets[:60], outputs[:, :60], Groups.of(None, 60)
    ).mean_influence.shape == (60,)


def test_a_class_that_vanishes_makes_the_auroc_undefined():
    targets = np.array([1, 0, 0, 0])
    measured = influence(METRICS["auroc"], targets, np.array([[0.9, 0.1, 0.2, 0.3]]), Groups.of(None, 4))
    assert np.isnan(measured.mean_influence).all()


def test_group_names_must_fit_the_rows():
    with pytest.raises(ValueError, match="3 group names for 4 rows"):
        Groups.of(np.array(["a", "b", "c"]), 4)
