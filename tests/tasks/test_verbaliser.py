"""Tasks in words: what texts stand for the answers, and how their probabilities become a task's outputs."""

from __future__ import annotations

import polars as pl
import pytest
import torch

from sharewise.errors import UserError
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions, Task, restore_task


def binary(**keys) -> Task:
    return BinaryOptions(data="d", label="l", **keys).build("amcd", pl.Series([0, 1]))


def regression(column=(0.0, 2.5, 5.0), **keys) -> Task:
    return RegressionOptions(data="d", label="l", **keys).build("score", pl.Series(column))


def test_a_label_without_a_text_stands_for_itself():
    assert binary().verbaliser().texts == ("0", "1")
    assert binary(labels=["0", "1"]).verbaliser().texts == ("0", "1")


def test_declared_texts_follow_their_labels_whatever_the_order():
    task = binary(labels={1: "反実仮想", 0: "事実"})
    assert task.labels == ("0", "1")
    assert task.verbaliser().texts == ("事実", "反実仮想")
    stars = MulticlassOptions(data="d", label="l", labels={"3": "mid", "1": "low"}).build("s", pl.Series([3]))
    assert (stars.labels, stars.verbaliser().texts) == (("3", "1"), ("mid", "low"))


def test_the_prefix_is_the_tasks_name_if_none_is_declared():
    assert binary().prefix == "amcd: "
    assert binary(prefix="cf? ").prefix == "cf? "
    assert binary(prefix="").prefix == ""


@pytest.mark.parametrize(
    "task", [binary(), MulticlassOptions(data="d", label="l").build("m", pl.Series(list("abc")))]
)
def test_probabilities_of_labels_come_back_from_the_outputs(task):
    words = task.verbaliser()
    scores = torch.randn(5, len(words.texts), dtype=torch.float64)
    log = scores.log_softmax(dim=1)
    outputs = words.outputs(log)
    assert outputs.shape == (5, task.outputs)
    found = task.activate(outputs)
    torch.testing.assert_close(found, log.exp()[:, -task.outputs :])
    targets = torch.tensor([[0.0], [1.0], [1.0], [0.0], [1.0]])
    right = log.gather(1, words.choose(targets).unsqueeze(1)).squeeze(1)
    torch.testing.assert_close(task.loss(outputs, targets.double()), -right)


def test_numbers_are_rounded_to_multiples_of_the_increment():
    words = regression(increment=0.2).verbaliser()
    assert words.texts[:3] == ("0.0", "0.2", "0.4")
    assert words.texts[-1] == "5.0"
    assert len(words.texts) == 26
    targets = torch.tensor([[2.39], [0.0], [7.0], [-3.0]])
    assert [words.texts[i] for i in words.choose(targets)] == ["2.4", "0.0", "5.0", "0.0"]


def test_a_number_is_the_mean_under_its_texts_probabilities():
    task = regression(increment=2.5)
    log = torch.tensor([[0.25, 0.25, 0.5], [0.0, 0.0, 1.0]]).log()
    found = task.activate(task.verbaliser().outputs(log))
    torch.testing.assert_close(found, torch.tensor([[3.125], [5.0]]))


def test_numbers_need_an_increment_that_makes_few_texts():
    with pytest.raises(UserError, match=r"tasks\.score.*\n.*increment: 0\.2"):
        regression().verbaliser()
    with pytest.raises(UserError, match=r"5,001 texts of the numbers from 0 to 5"):
        regression(increment=0.001).verbaliser()


def test_the_texts_of_numbers_come_back_with_a_saved_model_and_change_no_description_without():
    task = regression(increment=0.5)
    again = restore_task("score", task.options.model_dump(), task.describe())
    assert again.verbaliser().texts == task.verbaliser().texts
    assert set(regression().describe()) == {"kind", "labels", "metric", "mean", "deviation"}


def test_a_saved_task_keeps_its_texts():
    task = binary(labels={"1": "yes!", "0": "no!"})
    again = restore_task("amcd", task.options.model_dump(exclude_none=True), task.describe())
    assert again.verbaliser().texts == ("no!", "yes!")
