from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from sharewise.train.state import Best, RunFolder, RunState
from sharewise.weighting import WEIGHTINGS, build_weighting


@pytest.fixture
def model():
    torch.manual_seed(1)
    return nn.Linear(3, 2)


def optimizer_of(model):
    return torch.optim.AdamW(model.parameters())


def weighting():
    return build_weighting("dwa", ("a", "b"), {"a": 1.0, "b": 1.0}, WEIGHTINGS["dwa"].options())


def state_of(best: Best | None) -> RunState:
    return RunState(
        made={"a": 7, "b": 3},
        recent={"a": 1, "b": 0},
        losses={"a": 0.1 + 0.2, "b": float("nan")},
        history=[{"epoch": 0.5, "score": None}],
        best=best,
        stale=2,
        bests={"a": best} if best else {},
        waits={"a": 0, "b": 2},
        chosen={"a": best, "b": best} if best else {},
        stopped={"b": 0.5},
        parts=4,
        rows_seen=99,
        seconds=1.5,
        notes=["a note"],
    )


def test_a_new_run_has_made_nothing():
    state = RunState.start(["a", "b"])
    assert state.made == state.recent == {"a": 0, "b": 0}
    state.made["a"] += 1
    assert state.recent["a"] == 0


@pytest.mark.parametrize("best", [None, Best(score=0.25, defined=2, step=5, epoch=1.0)])
def test_a_run_goes_on_from_its_folder(tmp_path, model, best):
    folder, state = RunFolder(tmp_path), state_of(best)
    if best:
        folder.write_best(model, best.step)
    folder.save(8, state, model, optimizer_of(model), weighting())
    expected = model.weight.detach().clone()
    model.weight.data.zero_()
    step, found = folder.resume(model, optimizer_of(model), weighting())
    assert step == 8
    assert repr(found) == repr(state)
    assert torch.equal(model.weight, expected)


def test_nothing_to_go_on_from(tmp_path, model):
    assert RunFolder(tmp_path / "none").resume(model, optimizer_of(model), weighting()) is None


def test_the_best_weights_come_back(tmp_path, model):
    folder, expected = RunFolder(tmp_path), model.weight.detach().clone()
    folder.write_best(model, 5)
    model.weight.data.zero_()
    folder.load_best(model, 5)
    assert torch.equal(model.weight, expected)


def test_best_weights_stay_until_no_checkpoint_refers_to_them(tmp_path, model):
    folder = RunFolder(tmp_path)

    def kept() -> list[str]:
        return sorted(path.name for path in folder.checkpoints.glob("best-*"))

    for step in (5, 10, 15):
        folder.write_best(model, step)
    assert kept() == [f"best-0000000{step}.safetensors" for step in ("05", "10", "15")]
    older, newer = (Best(score=0.5, defined=2, step=step, epoch=2.0) for step in (10, 15))
    state = state_of(newer)
    state.chosen["b"] = older
    folder.save(15, state, model, optimizer_of(model), weighting())
    assert kept() == ["best-000000010.safetensors", "best-000000015.safetensors"]
    folder.save(16, state_of(newer), model, optimizer_of(model), weighting())
    assert kept() == ["best-000000015.safetensors"]


@pytest.mark.parametrize("content", [None, b"", b"\x10\x00"])
def test_a_checkpoint_without_its_best_weights_is_not_gone_on_from(tmp_path, model, content):
    folder = RunFolder(tmp_path)
    folder.write_best(model, 5)
    folder.save(
        8, state_of(Best(score=0.25, defined=2, step=5, epoch=1.0)), model, optimizer_of(model), weighting()
    )
    (best,) = folder.checkpoints.glob("best-*")
    best.unlink() if content is None else best.write_bytes(content)
    model.weight.data.zero_()
    assert folder.resume(model, optimizer_of(model), weighting()) is None
    assert not model.weight.any(), "the weights of a refused checkpoint were loaded"


@pytest.mark.parametrize("change", [{"unknown": 1}, {"best": {"score": 0.25}}, {"made": None}])
def test_a_checkpoint_of_another_version_is_not_gone_on_from(tmp_path, model, change):
    folder = RunFolder(tmp_path)
    folder.save(8, state_of(None), model, optimizer_of(model), weighting())
    (file,) = folder.checkpoints.glob("step-*/state.json")
    state = json.loads(file.read_text()) | change
    if change == {"made": None}:
        del state["made"]
    file.write_text(json.dumps(state))
    assert folder.resume(model, optimizer_of(model), weighting()) is None


def test_history_is_a_line_an_evaluation(tmp_path):
    RunFolder(tmp_path).write_history([{"epoch": 1.0, "name": "결과"}, {"epoch": 2.0, "score": None}])
    lines = (tmp_path / "history.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"epoch": 1.0, "name": "결과"},
        {"epoch": 2.0, "score": None},
    ]
    assert "결과" in lines[0]


def test_discard_leaves_history_alone(tmp_path, model):
    folder = RunFolder(tmp_path)
    folder.write_history([{"epoch": 1.0}])
    folder.write_best(model, 5)
    folder.save(5, state_of(None), model, optimizer_of(model), weighting())
    folder.discard()
    folder.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["history.jsonl"]
