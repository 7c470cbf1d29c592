from __future__ import annotations

import math

import pytest

from sharewise.train.selection import Score, selection_score

NAN = math.nan
METRICS = {
    "spam": {"loss": 0.5, "mcc": 0.6, "accuracy": 0.8, "macro_f1": 0.7, "brier": 0.1},
    "stars": {"loss": 0.7, "mae": 0.4, "pearson": 0.2},
    "topic": {"loss": 0.9, "macro_f1": 0.3, "accuracy": 0.5},
}
PRIMARY = {"spam": "mcc", "stars": "mae", "topic": "macro_f1"}
JOINT = {"exact_match": 0.25, "macro_f1": 0.55}


def score(rule, *, metrics=METRICS, primary=PRIMARY, joint=JOINT, loss=2.1) -> Score:
    return selection_score(rule, metrics=metrics, primary=primary, joint=joint, loss=loss)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("mean", (0.6 - 0.4 + 0.3) / 3),
        ("worst", -0.4),
        ("loss", -2.1),
        ("exact_match", 0.25),
        ("macro_f1", 0.55),
        ("accuracy", 0.65),
        ("pearson", 0.2),
        ("brier", -0.1),
    ],
)
def test_rules(rule, value):
    assert score(rule).value == pytest.approx(value)


def test_a_metric_over_all_tasks_goes_before_the_mean_over_tasks():
    assert score("macro_f1", joint={}).value == pytest.approx(0.5)


def test_a_metric_that_is_not_defined_is_left_out():
    metrics = METRICS | {"spam": {"mcc": NAN}}
    assert score("mean", metrics=metrics) == Score(2, pytest.approx((-0.4 + 0.3) / 2))
    assert score("worst", metrics=METRICS | {"stars": {"mae": NAN}}) == Score(2, 0.3)


def test_a_task_without_rows_has_no_metric():
    assert score("mean", metrics=METRICS | {"stars": {"loss": NAN}}) == Score(2, pytest.approx(0.45))


@pytest.mark.parametrize("rule", ["mean", "worst", "accuracy", "exact_match"])
def test_the_loss_is_left_where_no_metric_is_defined(rule):
    metrics = {"spam": {"mcc": NAN, "accuracy": NAN}}
    assert score(rule, metrics=metrics, primary={"spam": "mcc"}, joint={}) == Score(0, -2.1)


def test_an_undefined_metric_makes_no_evaluation_better():
    """A constant answer has no correlation; the other task's mean alone must not win by that."""
    primary = {"stars": "pearson", "topic": "macro_f1"}
    constant = {"stars": {"pearson": NAN}, "topic": {"macro_f1": 0.8}}
    later = {"stars": {"pearson": 0.3}, "topic": {"macro_f1": 0.8}}
    assert score("mean", metrics=later, primary=primary) > score("mean", metrics=constant, primary=primary)
    assert score("worst", metrics=later, primary=primary) > score("worst", metrics=constant, primary=primary)


def test_of_as_many_metrics_the_higher_value_is_better():
    assert Score(2, 0.4) > Score(2, 0.3)
    assert Score(0, -1.0) > Score(0, -2.0)
