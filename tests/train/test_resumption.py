"""A run that is stopped and started again ends as if nothing had happened, bit for bit."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from sharewise.models.sharing import SHARINGS
from sharewise.train import Trainer
from support import make_job
from train.comparing import Run, assert_same, train
from train.cramped import cramped
from train.observers import At, Notes, Stopped, stop

# Dropout, so that the random numbers of each update matter; the loss as a rule, so that the best line isn't the last.
KEYS = {"dropout": 0.1, "select": "loss", "learning_rate": 0.05, "epochs": 2}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Run:
    return train(make_job(**KEYS), tmp_path_factory.mktemp("undisturbed"))


def stopped(folder: Path, step: int, *, checkpoint_seconds: float = 0.0, **keys) -> None:
    """Train until an update is made and not yet saved."""
    with pytest.raises(Stopped):
        train(make_job(**KEYS | keys), folder, observer=At(step, stop), checkpoint_seconds=checkpoint_seconds)


def checkpoints(folder: Path) -> list[Path]:
    return sorted((folder / "checkpoints").glob("step-*"))


def test_two_undisturbed_runs_are_the_same(undisturbed, tmp_path):
    assert_same(train(make_job(**KEYS), tmp_path), undisturbed)


def test_another_seed_is_another_run(undisturbed, tmp_path):
    assert train(make_job(seed=2, **KEYS), tmp_path).history != undisturbed.history


def test_stopped_after_every_update(undisturbed, tmp_path):
    """Each sitting makes two updates, of which the second is lost."""
    total = undisturbed.history[-1]["step"]
    for done in range(total - 1):
        notes = At(done + 2, stop)
        with pytest.raises(Stopped):
            train(make_job(**KEYS), tmp_path, observer=notes, checkpoint_seconds=0.0)
        assert notes.events[0] == ("start", (done, total))
    assert_same(train(make_job(**KEYS), tmp_path), undisturbed)


def test_stopped_between_checkpoints_of_evaluations(undisturbed, tmp_path):
    after_first = undisturbed.history[0]["step"]
    stopped(tmp_path, after_first + 2, checkpoint_seconds=1e9)
    notes = Notes()
    assert_same(train(make_job(**KEYS), tmp_path, observer=notes), undisturbed)
    assert notes.of("step")[0] == after_first + 1


def test_stopped_after_the_last_update(undisturbed, tmp_path):
    train(make_job(**KEYS), tmp_path)
    notes = Notes()
    assert_same(train(make_job(**KEYS), tmp_path, observer=notes), undisturbed)
    assert notes.of("step") == []


@pytest.mark.parametrize("keys", [{"evaluate_every": 3, "patience": 1, "epochs": 4}, {"sampling": "equal"}])
def test_other_rhythms_go_on_too(tmp_path, keys):
    expected = train(make_job(**KEYS | keys), tmp_path / "undisturbed")
    stopped(tmp_path / "stopped", 5, **keys)
    assert_same(train(make_job(**KEYS | keys), tmp_path / "stopped"), expected)


def test_what_memory_demanded_is_remembered(tmp_path, monkeypatch):
    monkeypatch.setitem(SHARINGS, "cramped", cramped(rows=6))
    keys = {"sharing": "cramped"}
    expected = train(make_job(**KEYS | keys), tmp_path / "undisturbed")
    stopped(tmp_path / "stopped", 4, **keys)
    again = train(make_job(**KEYS | keys), tmp_path / "stopped")
    assert_same(again, expected)
    assert again.outcome.notes == expected.outcome.notes
    assert len(again.outcome.notes) > 0


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.safetensors", "state.json"])
@pytest.mark.parametrize("older", [True, False])
def test_a_truncated_checkpoint_gives_way_to_an_older_one_or_to_the_start(undisturbed, tmp_path, file, older):
    if older:
        stopped(tmp_path / "older", 3)
    stopped(tmp_path / "newer", 5)
    (newest,) = checkpoints(tmp_path / "newer")
    path = newest / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    if older:
        (kept,) = checkpoints(tmp_path / "older")
        kept.rename(newest.parent / kept.name)
    notes = Notes()
    assert_same(train(make_job(**KEYS), tmp_path / "newer", observer=notes), undisturbed)
    assert notes.events[0][1][0] == (2 if older else 0)


def test_lost_best_weights_mean_a_new_start(undisturbed, tmp_path):
    stopped(tmp_path, undisturbed.history[0]["step"] + 2)
    (best,) = (tmp_path / "checkpoints").glob("best-*")
    best.unlink()
    assert_same(train(make_job(**KEYS), tmp_path), undisturbed)


@pytest.mark.parametrize("place", ["early", "last"])
def test_ctrl_c_saves_and_ends(undisturbed, tmp_path, place):
    total = undisturbed.history[-1]["step"]
    step = 2 if place == "early" else total
    observer = At(step, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        train(make_job(**KEYS), tmp_path, observer=observer, checkpoint_seconds=1e9)
    assert [path.name for path in checkpoints(tmp_path)] == [f"step-{step:09d}"]
    notes = Notes()
    assert_same(train(make_job(**KEYS), tmp_path, observer=notes), undisturbed)
    assert notes.of("step") == list(range(step + 1, total + 1))


def test_a_discarded_folder_starts_anew(undisturbed, tmp_path):
    stopped(tmp_path, 4)
    Trainer(make_job(**KEYS), tmp_path).folder.discard()
    notes = Notes()
    assert_same(train(make_job(**KEYS), tmp_path, observer=notes), undisturbed)
    assert notes.of("step")[0] == 1
