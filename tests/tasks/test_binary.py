from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
import torch
from pydantic import ValidationError

from sharewise.errors import UserError
from sharewise.tasks import BinaryOptions, restore_task


def options(**keys) -> BinaryOptions:
    return BinaryOptions(data="d", label="y", **keys)


@pytest.mark.parametrize(
    ("keys", "column", "labels"),
    [
        ({}, [0, 1, None], ("0", "1")),
        ({}, ["1.0", "0.0"], ("0", "1")),
        ({}, [True, False], ("false", "true")),
        ({}, ["yes", "no"], ("no", "yes")),
        ({"positive": "hate"}, ["none", "hate"], ("none", "hate")),
        ({"positive": 0}, [0, 1], ("1", "0")),
        ({"positive": True}, ["True", "False"], ("false", "true")),
        ({"labels": ("good", "bad"), "positive": "good"}, ["bad", "bad"], ("bad", "good")),
        ({"labels": (1, 0)}, ["x"], ("0", "1")),
    ],
)
def test_labels(keys, column, labels):
    assert options(**keys).build("t", pl.Series(column)).labels == labels


@pytest.mark.parametrize(
    ("keys", "column", "message"),
    [
        ({}, ["a", "b"], "tasks.t: the labels are 'a' and 'b'; which is positive is not known"),
        ({}, ["a", "b", "c"], "tasks.t: column 'y' holds 3 labels in the training split ('a', 'b', 'c')"),
        ({"positive": "a"}, ["a", "b", "c"], "tasks.t: column 'y' holds 3 labels"),
        ({"positive": "x"}, ["a", "b"], "tasks.t.positive: 'x' is not among the labels a, b"),
        ({}, ["", None], "tasks.t: column 'y' holds 0 labels"),
    ],
)
def test_labels_that_do_not_fit(keys, column, message):
    with pytest.raises(UserError) as error:
        options(**keys).build("t", pl.Series(column))
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    "keys",
    [
        {"labels": ("a", " a")},
        {"labels": ("a", "b"), "positive": "c"},
        {"metric": "mae"},
        {"labels": ("a", "b", "c")},
    ],
)
def test_options_that_do_not_fit(keys):
    with pytest.raises(ValidationError):
        options(**keys)


TASK = options().build("t", pl.Series([0, 1]))


def test_targets():
    np.testing.assert_array_equal(TASK.encode(pl.Series(["1", "", "0.0"])), np.array([[1], [np.nan], [0]]))


def test_loss_is_the_cross_entropy_of_the_probability():
    outputs, targets = torch.tensor([[0.3], [-2.0]]), torch.tensor([[1.0], [0.0]])
    probability = TASK.activate(outputs)[:, 0]
    expected = -torch.log(torch.stack([probability[0], 1 - probability[1]]))
    torch.testing.assert_close(TASK.loss(outputs, targets), expected)


def test_decisions_and_baseline():
    assert TASK.decide(np.array([[0.2], [0.5], [0.51]])).tolist() == [0, 0, 1]
    assert TASK.baseline(np.array([[1.0], [1.0], [0.0]])).tolist() == pytest.approx([2 / 3])


def test_metrics_are_those_that_may_be_named():
    scores = TASK.metrics(np.array([[1.0], [0.0], [1.0], [0.0]]), np.array([[0.9], [0.2], [0.4], [0.1]]))
    assert set(scores) == set(BinaryOptions.valid_metrics)
    assert scores["accuracy"] == 0.75
    assert scores["mcc"] == pytest.approx(1 / math.sqrt(3))
    assert scores["auroc"] == 1.0
    assert TASK.metric == "mcc"


def test_restored_from_its_description():
    task = options(positive="hate", metric="f1").build("t", pl.Series(["none", "hate"]))
    again = restore_task("t", task.options.model_dump(), task.describe())
    assert (again.name, again.labels, again.metric) == ("t", ("none", "hate"), "f1")
