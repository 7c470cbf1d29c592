"""What holds of every technique: stopped anywhere it ends alike, one task is `single`, they go together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sharewise.compare.planning import plan_arms, plan_runs
from sharewise.compare.workspace import Workspace
from sharewise.models.compaction import Compaction
from sharewise.train import TrainingOptions
from sharewise.train.learners import heads
from sharewise.train.techniques import TECHNIQUES
from support import make_job
from tiny_study import read_rows, tiny_study, write_rows
from train.comparing import assert_close, assert_close_values, assert_same, train
from train.observers import At, Stopped, stop
from train.techniques.test_curriculum import DATA, STORES
from train.workers import plain, train_together, uneven_data

KEYS = {"r_drop": {"alpha": 0.5}, "fgm": {"epsilon": 0.2}, "curriculum": {"start": 0.3}}
COMMON = {"dropout": 0.1, "batch_tokens": 512, "epochs": 2, "data": DATA, "stores": STORES}
MIXTURES = {name: {name: keys} for name, keys in KEYS.items()} | {"all": KEYS}


def test_every_technique_is_here():
    assert set(KEYS) == set(TECHNIQUES)


@pytest.mark.parametrize("technique", MIXTURES)
def test_it_changes_the_run(tmp_path, technique):
    keys = COMMON | MIXTURES[technique]
    assert (
        train(make_job(**keys), tmp_path / "with").history
        != train(make_job(**COMMON), tmp_path / "without").history
    )


@pytest.mark.parametrize("weighting", ["static", "uncertainty", "pcgrad"])
def test_stopped_and_started_again_it_ends_bit_for_bit(tmp_path, weighting):
    keys = COMMON | KEYS | {"weighting": weighting}
    expected = train(make_job(**keys), tmp_path / "undisturbed")
    first, total = expected.history[0]["step"], expected.history[-1]["step"]
    for step in (2, first + 1, total - 1):
        folder = tmp_path / str(step)
        with pytest.raises(Stopped):
            train(make_job(**keys), folder, observer=At(step, stop), checkpoint_seconds=0.0)
        assert_same(train(make_job(**keys), folder), expected)


def test_compaction_changes_no_curve(tmp_path, monkeypatch):
    job = make_job(**COMMON | KEYS)
    compacted = train(job, tmp_path / "compacted")
    monkeypatch.setattr(
        heads, "compact", lambda encoder, used: Compaction(encoder, np.arange(len(encoder.table.weight)))
    )
    assert_close(compacted, train(job, tmp_path / "whole"))


@pytest.mark.parametrize("weighting", ["static", "uncertainty", "pcgrad"])
def test_two_processes_end_where_one_does(tmp_path, weighting):
    keys = {"epochs": 1, "batch_tokens": 2048, "fgm": {"epsilon": 0.2}, "r_drop": {}, "weighting": weighting}
    one = plain(train(make_job(data=uneven_data(), **keys), tmp_path / "one"))
    answers = train_together(tmp_path / "two", 2, keys)
    for answer in answers:
        assert_close_values(answer["run"], one, 1e-3)
        if "resumed" in answer:
            assert_close_values(answer["resumed"], answer["run"], 0.0)


def test_hard_with_one_task_is_single_and_single_is_trained_with_the_same_technique(tmp_path):
    arms = {"plain": {}, "all": {"training": KEYS}}
    votes = {"yes": "yes", "no": "no"}
    changes = {"arms": arms, "seeds": [1], "training.epochs": 2, "tasks.polite.votes": votes}
    study = tiny_study(tmp_path, changes)
    for split in ("train", "valid", "test"):
        rows = read_rows(tmp_path / f"{split}.csv")
        for number, row in enumerate(rows):
            minority = str(number % 2)
            row |= {"yes": "3", "no": minority} if row["polite"] == "yes" else {"yes": minority, "no": "3"}
        write_rows(tmp_path / f"{split}.csv", rows)
    baselines = {arm.name: arm.baseline for arm in plan_arms(study)}
    assert baselines["plain"] == "single"
    assert baselines["all"] == "single[all]"
    workspace = Workspace(study, tmp_path / "cache")
    task = "polite"
    (alone,) = [s for s in plan_runs(study) if (s.arm, s.task) == ("single[all]", task)]
    (shared,) = [s for s in plan_runs(study) if s.arm == "all"]
    assert shared.resolved.training == alone.resolved.training
    one = replace(shared, tasks=(task,), task=task)
    assert_same(train(workspace.job(one), tmp_path / "one"), train(workspace.job(alone), tmp_path / "alone"))


def test_passes_are_counted():
    assert [TrainingOptions(**keys).passes for keys in ({}, *MIXTURES.values())] == [1, 2, 2, 1, 4]
