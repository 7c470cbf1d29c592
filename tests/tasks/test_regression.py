from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
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


@pytest.mark.parametrize(
    ("keys", "cell", "expected"),
    [
        ({"minimum": 0, "maximum": 5}, "5.1", "a number from 0 to 5"),
        ({"minimum": 0, "maximum": 5}, "-0.5", "a number from 0 to 5"),
        ({"minimum": 0}, "-1", "a finite number of 0 or more"),
        ({"maximum": 2.5}, "3", "a finite number of 2.5 or less"),
        ({"minimum": 0}, "inf", "a finite number of 0 or more"),
    ],
)
def test_numbers_out_of_bounds_are_refused_with_their_row(keys, cell, expected):
    task = options(**keys).build("t", pl.Series(["1", "2"]))
    for read in (options(**keys).build, lambda _, column: task.encode(column)):
        with pytest.raises(LabelError) as error:
            read("t", pl.Series(["1", "2", "", cell]))
        assert (error.value.row, error.value.value, error.value.expected) == (3, cell, expected)


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1),
    st.sampled_from([None, 0.0]),
    st.sampled_from([None, 5.0]),
)
def test_predictions_stay_in_bounds_and_are_no_farther_from_any_number_in_them(outputs, minimum, maximum):
    task = options(minimum=minimum, maximum=maximum).build("t", pl.Series([0.0, 2.0, 5.0]))
    raw = torch.tensor(outputs)[:, None]
    free = options().build("t", pl.Series([0.0, 2.0, 5.0])).activate(raw)
    bounded = task.activate(raw)
    assert minimum is None or (bounded >= minimum).all()
    assert maximum is None or (bounded <= maximum).all()
    for number in (0.0, 2.5, 5.0):
        assert ((bounded - number).abs() <= (free - number).abs()).all()
    torch.testing.assert_close(task.loss(raw, free), torch.zeros(len(outputs)), atol=1e-2, rtol=0)


def test_bounds_are_part_of_what_a_run_is_and_of_what_is_saved():
    task = options(minimum=0, maximum=5).build("t", pl.Series([0.0, 5.0]))
    assert task.describe()["minimum"] == 0
    assert task.describe()["maximum"] == 5
    again = restore_task("t", task.options.model_dump(), task.describe())
    assert again.activate(torch.tensor([[-9.0], [9.0]])).flatten().tolist() == [0.0, 5.0]
    assert "minimum" not in TASK.describe()


@pytest.mark.parametrize(
    "keys", [{"minimum": 5, "maximum": 5}, {"minimum": float("nan")}, {"maximum": "high"}]
)
def test_bounds_that_make_no_sense(keys):
    with pytest.raises(ValidationError):
        options(**keys)
