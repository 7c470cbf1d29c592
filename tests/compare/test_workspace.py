"""What several runs share is read and tokenised once."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharewise.compare import plan_runs, workspace
from sharewise.compare.workspace import Workspace
from tiny_study import change_cell, tiny_study

ARMS = {
    "hard": {},
    "weighted": {"tasks": {"polite": {"weight": 2.0}}},
    "pooled": {"encoder": {"pooling": "cls"}},
    "shorter": {"training": {"max_length": 9}},
    "wider": {"encoder": {"scratch": {"layers": 1, "width": 32, "vocabulary": 300}}},
}


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace(tiny_study(tmp_path, {"arms": ARMS}), tmp_path / "cache")


def test_arms_share_whatever_they_have_in_common(space: Workspace) -> None:
    arms = {name: space.study.resolve(name) for name in ("single", *ARMS)}
    assert len({id(space.data(arm)) for arm in arms.values()}) == 1
    assert space.base is space.data(arms["hard"])
    stores = {name: space.stores(arm) for name, arm in arms.items()}
    assert stores["hard"] is stores["single"] is stores["weighted"] is stores["pooled"]
    assert stores["shorter"] is not stores["hard"]
    assert space.tokenizer(arms["hard"]) is space.tokenizer(arms["shorter"])
    assert space.fingerprint(arms["hard"]) != space.fingerprint(arms["wider"])


def test_files_are_read_once(space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    original = workspace.load_kept
    monkeypatch.setattr(workspace, "load_kept", lambda *a, **k: read.append(1) or original(*a, **k))
    for run in plan_runs(space.study):
        space.job(run)
    change_cell(tmp_path / "train.csv", 0, "text", "not read any more")
    space.text_digests(space.study.resolve("hard"))
    assert read == [1]


def test_a_job_has_its_own_tasks_and_the_whole_studys_data(space: Workspace) -> None:
    jobs = {run.label: space.job(run) for run in plan_runs(space.study)}
    alone, shared = jobs["single loud, seed 2"], jobs["weighted, seed 2"]
    assert (list(alone.tasks), alone.weights, alone.seed) == (["loud"], {"loud": 1.0}, 2)
    assert list(shared.tasks) == ["polite", "loud", "topic", "good"]
    assert shared.weights["polite"] == 2.0
    assert alone.data is shared.data
    assert len(alone.stores["train"]) == len(alone.data.train)
    assert jobs["pooled, seed 1"].encoder.pooling == "cls"
