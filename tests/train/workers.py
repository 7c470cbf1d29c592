"""Training in processes of its own, to be stopped from outside or to be done by several together.

The server that they are forked from has imported torch once; a test names its job by keywords.
"""

from __future__ import annotations

import multiprocessing as mp
import os
import socket
import sys
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from sharewise.data.table import StudyData
from sharewise.models.sharing import SHARINGS
from support import make_data, make_job
from train.comparing import Run, train
from train.cramped import cramped
from train.observers import At, Notes, Stopped, stop

INTERRUPTED = 130
_context = mp.get_context("forkserver")
# What takes seconds to import; Python 3.11's server doesn't find the tests' own modules.
_context.set_forkserver_preload(
    ["sharewise.train", "sharewise.models.scratch", "sharewise.models.tokenizers"]
)


class Telling(Notes):
    """Tells another process of each update, and waits for an answer after one of them."""

    def __init__(self, connection: Connection, wait_at: int) -> None:
        super().__init__()
        self.connection = connection
        self.wait_at = wait_at

    def on_step(self, *, step: int, total: int) -> None:
        """See Observer."""
        self.connection.send(step)
        if step == self.wait_at:
            self.connection.recv()


def start_training(
    folder: Path, keys: dict[str, Any], *, wait_at: int, checkpoint_seconds: float
) -> tuple[BaseProcess, Connection]:
    """Train in another process, which sends the number of each update and waits after one of them."""
    mine, its = _context.Pipe()
    process = _context.Process(
        target=_train, args=(its, folder, keys, wait_at, checkpoint_seconds), daemon=True
    )
    process.start()
    its.close()
    return process, mine


def _train(
    connection: Connection, folder: Path, keys: dict[str, Any], wait_at: int, checkpoint_seconds: float
) -> None:
    _one_thread()
    try:
        train(
            make_job(**keys),
            folder,
            observer=Telling(connection, wait_at),
            checkpoint_seconds=checkpoint_seconds,
        )
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def uneven_data() -> StudyData:
    """Data of which some steps hold one row, and some lack a task everywhere: one text is long, topics are few."""
    data = make_data()
    texts = data.train.texts["text"].to_list()
    texts[int(np.flatnonzero(data.train.present("spam"))[0])] = " ".join(["river", "engine", "market"] * 60)
    changed = data.train.texts.with_columns(text=pl.Series(texts))
    targets = {task: values.copy() for task, values in data.train.targets.items()}
    held = np.flatnonzero(data.train.present("topic"))
    targets["topic"][held[4:]] = np.nan
    return replace(data, train=replace(data.train, texts=changed, targets=targets))


def train_together(folder: Path, processes: int, keys: dict[str, Any]) -> list[dict[str, Any]]:
    """Train uneven data in so many processes; return what ``_train_rank`` sends, by rank."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = []
    for rank in range(processes):
        mine, its = _context.Pipe()
        process = _context.Process(
            target=_train_rank, args=(its, folder, rank, processes, port, keys), daemon=True
        )
        process.start()
        its.close()
        started.append((process, mine))
    try:
        answers = [connection.recv() for _, connection in started]
        for process, _ in started:
            process.join(60)
        return answers
    finally:
        for process, _ in started:
            process.kill()


def _train_rank(
    connection: Connection, folder: Path, rank: int, world: int, port: int, keys: dict[str, Any]
) -> None:
    _one_thread()
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(world),
        "LOCAL_WORLD_SIZE": str(world),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "true",
    }
    job = make_job(data=uneven_data(), **keys)
    answer = {"run": plain(train(job, folder / "through"))}
    try:
        train(job, folder / "stopped", observer=At(4, stop), checkpoint_seconds=0.0)
    except Stopped:
        answer["resumed"] = plain(train(job, folder / "stopped"))
    SHARINGS["cramped"] = cramped(1)
    try:
        train(make_job(data=uneven_data(), sharing="cramped", **keys), folder / "cramped")
    except Exception as error:
        answer["error"] = f"{type(error).__name__}: {error}"
    connection.send(answer)
    torch.distributed.destroy_process_group()


def plain(run: Run) -> dict[str, Any]:
    """Return a run as what can be sent: weights as arrays, history, and the answers of each split and task."""
    return {
        "weights": {name: value.numpy() for name, value in run.weights.items()},
        "history": run.history,
        "made": run.outcome.updates_made,
        "scores": {
            split: {task: {"rows": s.rows, "scores": s.scores} for task, s in scores.items()}
            for split, scores in run.outcome.scores.items()
        },
    }


def _one_thread() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
