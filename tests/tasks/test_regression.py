from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from pydantic import ValidationError

from sharewise.errors import UserError
from sharewise.tasks import LabelError, RegressionOptions, restore_task


def options(**keys) -> RegressionOptions:
    return RegressionOptions(data="d", label="y", **keys)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([1.0, 3.0, None, float("nan")]),
        pl.Series(["1", " 3.0 ", "", "NaN"]),
        pl.Series([1, 3, None]),
        pl.Series(["1e0", "+3", None]),
    ],
)
def test_mean_and_deviation_of_the_training_cells(column):
    task = options().build("t", column)
    assert (task.mean, task.deviation) == (2.0, 1.0)
    targets = task.encode(column)
    assert targets.dtype == np.float32
    np.testing.assert_array_equal(targets[:3], np.array([[1], [3], [np.nan]])[: len(targets)])


@pytest.mark.parametrize(("cell", "row"), [("four", 2), ("inf", 2), ("1,5", 2), ("true", 2)])
def test_words_and_infinities(cell, row):
    with pytest.raises(LabelError) as error:
        options().build("t", pl.Series(["1", "2", cell]))
    assert (error.value.row, error.value.value, error.value.expected) == (row, cell, "a finite number")


def test_infinite_float():
    with pytest.raises(LabelError, match="row 1"):
        options().build("t", pl.Series([1.0, float("inf")]))


@pytest.mark.parametrize(("column", "count"), [([], 0), (["2", "2.0", ""], 2), (["1"], 1)])
def test_numbers_that_do_not_differ(column, count):
    with pytest.raises(UserError, match=rf"^tasks\.t: column 'y' holds {count} number\(s\), all alike"):
        options().build("t", pl.Series(column, dtype=pl.String))


@pytest.mark.parametrize("keys", [{"metric": "mcc"}, {"metric": "mae", "margin": None}, {"margin": 0}])
def test_options_that_do_not_fit(keys):
    with pytest.raises(ValidationError):
        options(**keys)


TASK = options().build("t", pl.Series([0.0, 10.0]))


def test_loss_is_the_squared_error_in_training_variances():
    outputs, targets = torch.tensor([[0.0], [1.0]]), torch.tensor([[10.0], [10.0]])
    values = TASK.activate(outputs)[:, 0]
    torch.testing.assert_close(values, torch.tensor([5.0, 10.0]))
    torch.testing.assert_close(TASK.loss(outputs, targets), (values - targets[:, 0]) ** 2 / 25)


def test_decisions_and_baseline():
    assert TASK.decide(np.array([[3.5], [4.0]])).tolist() == [3.5, 4.0]
    assert TASK.baseline(np.array([[1.0], [2.0]])).tolist() == [1.5]
    assert TASK.labels == ()


def test_metrics_are_those_that_may_be_named():
    scores = TASK.metrics(np.array([[1.0], [2.0], [4.0]]), np.array([[2.0], [3.0], [5.0]]))
    assert set(scores) == set(RegressionOptions.valid_metrics)
    assert scores == pytest.approx({"pearson": 1.0, "spearman": 1.0, "mae": 1.0})


def test_restored_from_its_description():
    again = restore_task("t", TASK.options.model_dump(), TASK.describe())
    assert (again.mean, again.deviation) == (5.0, 5.0)
