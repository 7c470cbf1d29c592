from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from pydantic import ValidationError

from sharewise.errors import UserError
from sharewise.tasks import LabelError, MulticlassOptions, restore_task


def options(**keys) -> MulticlassOptions:
    return MulticlassOptions(data="d", label="y", **keys)


@pytest.mark.parametrize(
    ("keys", "column", "labels"),
    [
        ({}, ["b", "a", "", None, "c"], ("a", "b", "c")),
        ({}, [2.0, 1.0, None], ("1", "2")),
        ({"labels": (3, 1, 2)}, ["1", "2"], ("3", "1", "2")),
        ({"labels": (True, "maybe", False)}, ["True"], ("true", "maybe", "false")),
    ],
)
def test_labels(keys, column, labels):
    task = options(**keys).build("t", pl.Series(column))
    assert task.labels == labels
    assert task.outputs == len(labels)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["a", "a", ""], "tasks.t: column 'y' holds 1 label(s) in the training split"),
        ([str(i) for i in range(1001)], "tasks.t: column 'y' holds 1001 labels in the training split"),
    ],
)
def test_labels_that_do_not_fit(column, message):
    with pytest.raises(UserError) as error:
        options().build("t", pl.Series(column))
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("keys", [{"labels": ("a", "b", "a ")}, {"labels": ("a",)}, {"metric": "auroc"}])
def test_options_that_do_not_fit(keys):
    with pytest.raises(ValidationError):
        options(**keys)


TASK = options(labels=("none", "offensive", "hate")).build("t", pl.Series(["none"]))


def test_targets():
    targets = TASK.encode(pl.Series(["hate", None, " none"]))
    np.testing.assert_array_equal(targets, np.array([[2], [np.nan], [0]]))
    with pytest.raises(LabelError, match="row 0: 'hat', expected one of none, offensive, hate"):
        TASK.encode(pl.Series(["hat"]))


def test_loss_is_the_cross_entropy_of_the_probabilities():
    outputs, targets = torch.tensor([[1.0, 0.0, -1.0], [0.5, 2.0, 0.1]]), torch.tensor([[2.0], [1.0]])
    probabilities = TASK.activate(outputs)
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(2))
    torch.testing.assert_close(TASK.loss(outputs, targets), -torch.log(probabilities[[0, 1], [2, 1]]))


def test_decisions_and_baseline():
    assert TASK.decide(np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]])).tolist() == [1, 0]
    assert TASK.baseline(np.array([[0.0], [2.0], [2.0], [2.0]])).tolist() == pytest.approx([0.25, 0, 0.75])


def test_metrics_are_those_that_may_be_named():
    targets = np.array([[0.0], [1.0], [2.0], [2.0]])
    scores = TASK.metrics(targets, np.eye(3, dtype=np.float32)[[0, 1, 2, 1]])
    assert set(scores) == set(MulticlassOptions.valid_metrics)
    assert scores["accuracy"] == 0.75
    assert scores["macro_f1"] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert TASK.metric == "macro_f1"


def test_restored_from_its_description():
    again = restore_task("t", TASK.options.model_dump(), TASK.describe())
    assert (again.labels, again.outputs) == (TASK.labels, 3)
