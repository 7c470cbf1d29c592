from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score

from sharewise.errors import UserError
from sharewise.stats.groups import Groups
from sharewise.stats.metrics import METRICS
from sharewise.tasks import LabelError, MultilabelOptions, restore_task


def options(**keys) -> MultilabelOptions:
    return MultilabelOptions(data="d", **{"label": "y"} | keys)


TASK = options(labels=("a", "b", "c")).build("t", pl.Series(["a"]))
COLUMNS = pl.DataFrame({"x": ["1", "0", None], "y": ["yes", "no", ""]}).to_struct()


@pytest.mark.parametrize(
    ("keys", "column", "labels"),
    [
        ({}, ["b;a", " c ", "", None, "[]"], ("a", "b", "c")),
        ({"separator": "|"}, ["b|a;", "b"], ("a;", "b")),
        ({}, ['["b", "a"]', "[1, true]"], ("1", "a", "b", "true")),
        ({"labels": ("c", "a")}, ["a"], ("c", "a")),
        ({"map": {"x": "a", "y": "b", "z": None}}, ["x;y", "z"], ("a", "b")),
    ],
)
def test_labels(keys, column, labels):
    task = options(**keys).build("t", pl.Series(column))
    assert (task.labels, task.outputs, task.target_width) == (labels, len(labels), len(labels))


def test_targets_of_one_column():
    targets = TASK.encode(pl.Series(["c;a;c", None, "[]", '["b"]', ""]))
    hole = [np.nan] * 3
    np.testing.assert_array_equal(targets, np.array([[1, 0, 1], hole, [0, 0, 0], [0, 1, 0], hole]))


@pytest.mark.parametrize(
    ("cell", "message"),
    [("a;d", "row 1: 'd', expected some of a, b, c"), ("[a", None), ("[a]", "a list"), ("[[1]]", "a list")],
)
def test_cells_that_hold_something_else(cell, message):
    with pytest.raises(LabelError, match=message):
        TASK.encode(pl.Series(["a", cell]))


def test_targets_of_several_columns():
    task = options(label=("x", "y")).build("t", COLUMNS)
    assert task.labels == ("x", "y")
    np.testing.assert_array_equal(task.encode(COLUMNS), np.array([[1, 1], [0, 0], [np.nan, np.nan]]))


@pytest.mark.parametrize(
    ("x", "y", "row", "column"),
    [(["1", "0"], ["1", "2"], 1, "y"), (["1", ""], ["1", "0"], 1, "x")],
)
def test_columns_that_hold_something_else(x, y, row, column):
    block = pl.DataFrame({"x": x, "y": y}).to_struct()
    with pytest.raises(LabelError) as error:
        options(label=("x", "y")).build("t", block).encode(block)
    assert (error.value.row, error.value.column) == (row, column)


@pytest.mark.parametrize(
    ("keys", "column", "message"),
    [
        ({}, pl.Series(["a,b", "a,b"]), "tasks.t: column 'y' holds 1 label(s) in the training split"),
        ({"label": ("x", "y"), "labels": ("x", "z")}, COLUMNS, "tasks.t.labels: not the columns"),
    ],
)
def test_labels_that_do_not_fit(keys, column, message):
    with pytest.raises(UserError) as error:
        options(**keys).build("t", column)
    assert str(error.value).startswith(message)


def test_loss_is_the_mean_cross_entropy_of_the_labels():
    outputs, targets = torch.tensor([[1.0, 0.0, -1.0]]), torch.tensor([[1.0, 0.0, 1.0]])
    p = TASK.activate(outputs)[0]
    torch.testing.assert_close(
        TASK.loss(outputs, targets), -torch.log(torch.stack([p[0], 1 - p[1], p[2]])).mean()[None]
    )


def test_decisions_and_baseline():
    assert TASK.decide(np.array([[0.2, 0.6, 0.5]])).tolist() == [[0, 1, 0]]
    assert TASK.baseline(np.array([[1, 0, 0], [1, 1, 0]])).tolist() == [1, 0.5, 0]


def test_metrics_are_those_of_scikit_learn_and_may_be_named():
    draw = np.random.default_rng(0)
    truth, decided = draw.integers(0, 2, (2, 60, 3))
    found = TASK.metrics(truth.astype(np.float32), decided.astype(np.float32))
    assert set(found) == set(MultilabelOptions.valid_metrics)
    assert found["macro_f1"] == pytest.approx(f1_score(truth, decided, average="macro"))
    assert found["micro_f1"] == pytest.approx(f1_score(truth, decided, average="micro"))
    assert found["exact_match"] == pytest.approx(accuracy_score(truth, decided))
    assert TASK.metric == "macro_f1"


@pytest.mark.parametrize("name", MultilabelOptions.valid_metrics)
def test_every_metric_can_be_jackknifed(name):
    truth, decided = np.random.default_rng(0).integers(0, 2, (2, 12, 3))
    left = METRICS[name].left_out(truth, decided, Groups.of(None, 12))
    again = [METRICS[name].point(np.delete(truth, i, 0), np.delete(decided, i, 0)) for i in range(12)]
    np.testing.assert_allclose(left, again)


def test_as_text_it_is_a_set_of_labels():
    verbaliser = TASK.verbaliser()
    assert (len(verbaliser.texts), verbaliser.texts[0], verbaliser.texts[5]) == (8, "none", "a, c")
    assert verbaliser.choose(torch.tensor([[1.0, 0.0, 1.0]])).tolist() == [5]
    outputs = torch.tensor([[1.0, 0.0, -1.0]])
    p, held = torch.sigmoid(outputs), torch.tensor([[c >> i & 1 for i in range(3)] for c in range(8)])
    log = torch.log(torch.where(held == 1, p, 1 - p)).sum(dim=1)[None]
    torch.testing.assert_close(verbaliser.outputs(log), outputs)
    many = options(labels=tuple("abcdefgh")).build("t", pl.Series(["a"]))
    with pytest.raises(UserError, match="7 labels at most"):
        many.verbaliser()


def test_restored_from_its_description():
    again = restore_task("t", TASK.options.model_dump(), TASK.describe())
    assert (again.labels, again.outputs, again.target_width) == (TASK.labels, 3, 3)
