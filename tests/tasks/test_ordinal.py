from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.metrics import cohen_kappa_score

from sharewise.errors import UserError
from sharewise.tasks import LabelError, OrdinalOptions, restore_task


def options(**keys) -> OrdinalOptions:
    return OrdinalOptions(data="d", label="y", **keys)


TASK = options(labels=("low", "middle", "high", "top")).build("t", pl.Series(["low"]))
OUTPUTS = torch.tensor([[1.0, -0.5, 2.0], [-1.0, 3.0, 0.0], [0.2, 0.3, -4.0]])


def _distribution(outputs):
    """Probability of each label, from the definition: the row gets over the steps below, and not over its own."""
    over = torch.sigmoid(outputs)
    reach = torch.cat([torch.ones(len(over), 1), over.cumprod(dim=1)], dim=1)
    stop = torch.cat([1 - over, torch.ones(len(over), 1)], dim=1)
    return reach * stop


@pytest.mark.parametrize(
    ("keys", "column", "labels"),
    [
        ({}, ["10", "9", "", None, "-1"], ("-1", "9", "10")),
        ({}, [2.0, 1.0, None], ("1", "2")),
        ({"labels": ("cold", "mild", "hot")}, ["hot"], ("cold", "mild", "hot")),
    ],
)
def test_labels_are_in_order(keys, column, labels):
    task = options(**keys).build("t", pl.Series(column))
    assert (task.labels, task.outputs) == (labels, len(labels) - 1)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["cold", "hot"], "tasks.t: the order of the labels cold, hot is not known"),
        (["1", "1"], "tasks.t: column 'y' holds 1 label(s) in the training split"),
        ([str(i) for i in range(101)], "tasks.t: column 'y' holds 101 label(s) in the training split"),
    ],
)
def test_labels_that_do_not_fit(column, message):
    with pytest.raises(UserError) as error:
        options().build("t", pl.Series(column))
    assert str(error.value).startswith(message)


def test_targets():
    np.testing.assert_array_equal(TASK.encode(pl.Series(["top", None])), np.array([[3], [np.nan]]))
    with pytest.raises(LabelError, match="expected one of low, middle, high, top"):
        TASK.encode(pl.Series(["lowest"]))


def test_loss_is_the_likelihood_of_the_label():
    for label in range(4):
        loss = TASK.loss(OUTPUTS, torch.full((3, 1), float(label)))
        torch.testing.assert_close(loss, -torch.log(_distribution(OUTPUTS)[:, label]))


def test_probabilities_are_of_a_label_or_a_higher_one():
    at_least = _distribution(OUTPUTS).flip(1).cumsum(dim=1).flip(1)[:, 1:]
    torch.testing.assert_close(TASK.activate(OUTPUTS), at_least)
    assert TASK.output_names == ("middle+", "high+", "top+")


def test_the_decision_is_the_median_label():
    scores = np.array([[0.9, 0.6, 0.1], [0.4, 0.3, 0.2], [0.9, 0.8, 0.51]])
    assert TASK.decide(scores).tolist() == [2, 0, 3]
    targets = np.array([[0.0], [1.0], [1.0], [3.0], [3.0]])
    assert TASK.baseline(targets).tolist() == pytest.approx([0.8, 0.4, 0.4])
    assert TASK.decide(TASK.baseline(targets)[None]).tolist() == [1]


def test_metrics_are_those_that_may_be_named():
    targets, decided = np.array([0, 1, 3, 2, 2]), np.array([0, 2, 1, 2, 3])
    scores = (decided[:, None] > np.arange(3)).astype(np.float32)
    found = TASK.metrics(targets[:, None].astype(np.float32), scores)
    assert set(found) == set(OrdinalOptions.valid_metrics)
    assert found["qwk"] == pytest.approx(cohen_kappa_score(targets, decided, weights="quadratic"))
    assert found["mae"] == pytest.approx(np.abs(targets - decided).mean())
    assert TASK.metric == "qwk"


def test_events():
    np.testing.assert_array_equal(TASK.events(np.array([[0.0], [2.0]])), [[0, 0, 0], [1, 1, 0]])


def test_as_text_it_is_the_same_distribution():
    log = torch.log(_distribution(OUTPUTS))
    torch.testing.assert_close(TASK.verbaliser().outputs(log), OUTPUTS)


def test_restored_from_its_description():
    again = restore_task("t", TASK.options.model_dump(), TASK.describe())
    assert (again.labels, again.outputs) == (TASK.labels, 3)


def test_numbers_are_rounded_to_labels():
    task = options(increment=0.5).build("t", pl.Series(["0.1", "", "2.4", None, "-1"]))
    assert task.labels == ("-1", "-0.5", "0", "0.5", "1", "1.5", "2", "2.5")
    np.testing.assert_array_equal(
        task.encode(pl.Series([0.2, -0.6, None, 1.4]))[:, 0], np.array([2, 1, np.nan, 5])
    )
    again = restore_task("t", task.options.model_dump(exclude_none=True), task.describe())
    np.testing.assert_array_equal(again.encode(pl.Series(["2.3"])), [[7]])


def test_a_number_that_rounds_to_no_label_is_shown_as_it_was_read():
    task = options(increment=1, labels=(0, 1, 2)).build("t", pl.Series([0.4, 1.6]))
    with pytest.raises(LabelError, match=r"row 1: 2\.7, expected one of 0, 1, 2"):
        task.encode(pl.Series([0.1, 2.7]))
    with pytest.raises(LabelError, match="row 0: 'good', expected a finite number"):
        task.encode(pl.Series(["good"]))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (
            [0.0, 2.31],
            "rounded to multiples of 0.01, the 2 number(s) of the training split span 232 label(s)",
        ),
        ([None], "rounded to multiples of 0.01, the 0 number(s) of the training split span 1 label(s)"),
    ],
)
def test_an_increment_makes_few_labels(column, message):
    with pytest.raises(UserError, match=re.escape(f"tasks.t.increment: {message}")):
        options(increment=0.01).build("t", pl.Series(column, dtype=pl.Float64))
