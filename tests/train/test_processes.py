"""Two processes that share each step end where one ends."""

from __future__ import annotations

import pytest

from sharewise.train.steps import batch_plan
from support import TASKS, make_job
from train.comparing import assert_close_values, train
from train.workers import plain, train_together, uneven_data

KEYS = {"epochs": 2, "batch_tokens": 64, "stop": "never", "learning_rate": 0.003}


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    return train_together(tmp_path_factory.mktemp("two"), 2, KEYS)


def test_steps_lack_tasks_and_rows():
    """What the data of this file is for."""
    job = make_job(data=uneven_data(), **KEYS)
    targets, plan = batch_plan(job)
    batches = [batch for epoch in (0, 1) for batch in plan.epoch(epoch)]
    assert any(len(batch) == 1 for batch in batches)
    assert any(len(batch) > 1 for batch in batches)
    for task in TASKS:
        assert any(targets.counts(batch)[task] == 0 for batch in batches)


def test_two_processes_end_where_one_ends(two, tmp_path):
    one = plain(train(make_job(data=uneven_data(), **KEYS), tmp_path))
    assert_close_values(two[0]["run"], one, 1e-5)


def test_both_processes_hold_the_same_model_and_answers(two):
    for part in ("history", "made"):
        assert two[0]["run"][part] == two[1]["run"][part]
    for part in ("weights", "scores"):
        assert_close_values(two[0]["run"][part], two[1]["run"][part], 0.0)


def test_two_processes_go_on_where_they_stopped(two):
    for answer in two:
        assert_close_values(answer["resumed"], answer["run"], 0.0)


def test_out_of_memory_in_one_of_several_processes_is_told(two):
    """It can't go on alone; the others miss it."""
    errors = [answer["error"] for answer in two]
    assert any(error.startswith("RunError: out of memory at update ") for error in errors), errors


def test_they_combine_gradients_as_one_does(tmp_path):
    """PCGrad draws random orders, which must be the same in both."""
    keys = KEYS | {"weighting": "pcgrad", "epochs": 1}
    one = plain(train(make_job(data=uneven_data(), **keys), tmp_path / "one"))
    assert_close_values(train_together(tmp_path / "two", 2, keys)[0]["run"], one, 1e-4)
