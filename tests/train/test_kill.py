"""Runs that another process kills or interrupts."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from support import make_job
from train.comparing import assert_same, train
from train.observers import Notes
from train.workers import INTERRUPTED, start_training

KEYS = {"dropout": 0.1, "select": "loss", "learning_rate": 0.05, "epochs": 2}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return train(make_job(**KEYS), tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.kill
@pytest.mark.parametrize("step", [1, 4, 7])
def test_killed_at_a_random_moment(undisturbed, tmp_path, step):
    """Somewhere in the two updates after this one, most likely while a checkpoint is written."""
    process, connection = start_training(tmp_path, KEYS, wait_at=step + 2, checkpoint_seconds=0.0)
    while connection.recv() < step:
        pass
    time.sleep(random.random() * 0.03)
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    notes = Notes()
    assert_same(train(make_job(**KEYS), tmp_path, observer=notes), undisturbed)
    done = notes.events[0][1][0]
    assert step - 1 <= done <= step + 1


@pytest.mark.kill
def test_ctrl_c_leaves_a_checkpoint(undisturbed, tmp_path):
    process, connection = start_training(tmp_path, KEYS, wait_at=3, checkpoint_seconds=1e9)
    while connection.recv() < 3:
        pass
    os.kill(process.pid, signal.SIGINT)
    connection.send("go on")
    process.join(60)
    assert process.exitcode == INTERRUPTED
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-000000003"]
    notes = Notes()
    assert_same(train(make_job(**KEYS), tmp_path, observer=notes), undisturbed)
    assert notes.of("step")[0] == 4
