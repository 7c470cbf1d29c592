"""Several runs side by side: one process each, its share of the cores each.

Small encoders keep one core busy but not several, so that runs side by side finish sooner than one after another on
all cores. How many threads a run gets depends on the machine and the study alone, never on what is left to do: a run
that goes on, or is repeated, gets the same number and so the same rounding.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import torch

from sharewise.compare.planning import RunSpec
from sharewise.compare.running import make_run
from sharewise.compare.scheduling import Schedule
from sharewise.compare.worker import start_worker, work
from sharewise.compare.workspace import Workspace
from sharewise.errors import RunError
from sharewise.train import Observer

_MOST_WORKERS = 8
# Memory that a worker is granted: libraries, data, a base-sized model with its optimizer and activations.
_WORKER_BYTES = 3 * 2**30
# How long the last events may take from a worker to here.
_LAST_EVENTS_SECONDS = 5.0


def worker_count(runs: int, wanted: int | None = None) -> int:
    """Return how many runs go side by side: on CPU one a core, as far as memory allows; on accelerators one."""
    if wanted is not None:
        return max(1, min(wanted, runs))
    if torch.cuda.is_available() or (hasattr(torch, "mps") and torch.backends.mps.is_available()):
        return 1
    memory = psutil.virtual_memory().total // _WORKER_BYTES
    return int(max(1, min(cores(), runs, _MOST_WORKERS, memory)))


def cores() -> int:
    """Return the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_count(workers: int) -> int:
    """Return the threads of each of several runs side by side; at most OMP_NUM_THREADS where that is set."""
    share = max(1, cores() // workers)
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(share, max(1, int(asked))) if asked.isdecimal() else share


def run_packed(schedule: Schedule, workspace: Workspace, runs: Path, root: Path, *, workers: int) -> None:
    """Make the runs that are left, ``workers`` at a time.

    A failure or Ctrl-C stops all of them, each at a checkpoint, and is raised again.

    Raises:
        RunError: where the system ended a worker.
    """
    threads = thread_count(workers)
    if workers == 1 or schedule.left == 1:
        with threads_set(threads):
            while (taken := schedule.take()) is not None:
                number, spec = taken
                make_run(spec, workspace, root, observer=schedule.begin(number, spec))
                schedule.ended(spec)
        return
    context = multiprocessing.get_context("spawn")
    events = context.Queue()
    alive, stop = context.Pipe(duplex=False)
    with _environment(OMP_NUM_THREADS=str(threads), TOKENIZERS_PARALLELISM="false"):
        pool = ProcessPoolExecutor(
            min(workers, schedule.left),
            context,
            start_worker,
            (workspace.study, runs, root, threads, events, os.getpid(), alive),
        )
        try:
            _make_all(schedule, pool, events, workers)
        except BrokenProcessPool:
            raise RunError(
                "a process that made a run was ended from outside, perhaps because memory ran out; "
                "run the same command again to go on, with `--workers 1` to need less memory"
            ) from None
        finally:
            # After a failure this tells the workers to stop; else they have nothing left to do.
            stop.close()
            pool.shutdown(wait=True, cancel_futures=True)
            alive.close()


def _make_all(schedule: Schedule, pool: ProcessPoolExecutor, events: Any, workers: int) -> None:
    """Keep the workers busy, and pass their events on, until all runs are made and have said so."""
    specs: dict[int, RunSpec] = {}
    observers: dict[int, Observer] = {}
    running: dict[Future[None], int] = {}
    silent: set[int] = set()
    deadline = float("inf")
    while True:
        while len(running) < workers and (taken := schedule.take()) is not None:
            number, spec = taken
            specs[number] = spec
            silent.add(number)
            deadline = float("inf")
            with _interrupts_blocked():
                running[pool.submit(work, number, spec)] = number
        if not running and (not silent or time.monotonic() > deadline):
            return
        done = wait(running, timeout=0.1, return_when=FIRST_COMPLETED).done if running else set()
        while True:
            try:
                number, event, arguments = events.get(timeout=0.0 if running else 0.1)
            except queue.Empty:
                break
            if number not in observers:
                observers[number] = schedule.begin(number, specs[number])
            getattr(observers[number], event)(**arguments)
            if event == "on_end":
                silent.discard(number)
        for future in done:
            number = running.pop(future)
            future.result()
            schedule.ended(specs[number])
        if not running and deadline == float("inf"):
            deadline = time.monotonic() + _LAST_EVENTS_SECONDS


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start processes that Ctrl-C on the terminal doesn't reach; here it takes effect after the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def threads_set(number: int) -> Iterator[None]:
    """Let torch use this many threads while the block runs."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
