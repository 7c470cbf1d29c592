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
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import torch

from sharewise.compare.planning import RunSpec
from sharewise.compare.running import make_run
from sharewise.compare.watching import StudyObserver
from sharewise.compare.workspace import Workspace
from sharewise.study import Study
from sharewise.train import Observer

_MOST_WORKERS = 8
# Memory that a worker is granted: libraries, data, a base-sized model with its optimizer and activations.
_WORKER_BYTES = 3 * 2**30

# What a worker process holds for all its runs.
_worker: dict[str, Any] = {}


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


def run_packed(
    specs: Mapping[int, RunSpec],
    workspace: Workspace,
    runs: Path,
    root: Path,
    *,
    workers: int,
    total: int,
    observer: StudyObserver,
) -> None:
    """Make these runs (by number, from 1), ``workers`` at a time.

    A failure or Ctrl-C stops all of them, each at a checkpoint, and is raised again.
    """
    threads = max(1, cores() // workers)
    if workers == 1 or (len(specs) == 1 and threads == cores()):
        torch.set_num_threads(threads)
        for number, spec in specs.items():
            make_run(
                spec,
                workspace,
                root,
                observer=observer.on_run(spec, number=number, total=total, cached=False),
            )
        return
    context = multiprocessing.get_context("spawn")
    events = context.Queue()
    stop = context.Event()
    study = workspace.study
    with _environment(OMP_NUM_THREADS=str(threads), TOKENIZERS_PARALLELISM="false"):
        pool = ProcessPoolExecutor(
            workers, context, _start_worker, (study, runs, root, threads, events, stop)
        )
        futures = {pool.submit(_work, number, spec): number for number, spec in specs.items()}
        try:
            _watch(futures, specs, events, total, observer)
        except BaseException:
            stop.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _watch(
    futures: Mapping[Future[None], int],
    specs: Mapping[int, RunSpec],
    events: Any,
    total: int,
    observer: StudyObserver,
) -> None:
    """Pass the workers' events on until all runs are made."""
    observers: dict[int, Observer] = {}
    left = set(futures)
    while left:
        done, left = wait(left, timeout=0.1)
        while True:
            try:
                number, event, arguments = events.get_nowait()
            except queue.Empty:
                break
            if number not in observers:
                observers[number] = observer.on_run(specs[number], number=number, total=total, cached=False)
            getattr(observers[number], event)(**arguments)
        for future in done:
            future.result()


class _Sender:
    """An observer in a worker that passes everything on to the parent."""

    def __init__(self, number: int, events: Any) -> None:
        self.number = number
        self.events = events
        self.sent = 0.0

    def on_start(self, *, done: int, total: int) -> None:
        self.events.put((self.number, "on_start", {"done": done, "total": total}))

    def on_step(self, *, step: int, total: int) -> None:
        now = time.monotonic()
        if now - self.sent > 0.2 or step == total:
            self.sent = now
            self.events.put((self.number, "on_step", {"step": step, "total": total}))

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        self.events.put((self.number, "on_evaluation", {"record": dict(record)}))

    def on_note(self, note: str) -> None:
        self.events.put((self.number, "on_note", {"note": note}))

    def on_end(self) -> None:
        self.events.put((self.number, "on_end", {}))


def _start_worker(study: Study, runs: Path, root: Path, threads: int, events: Any, stop: Any) -> None:
    """Set a worker up; Ctrl-C reaches it only inside a run, where it leads to a checkpoint."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_obey, args=(os.getppid(), stop), daemon=True).start()
    torch.set_num_threads(threads)
    workspace = Workspace(study, runs / ".cache")
    _worker.update(workspace=workspace, root=root, events=events)


def _obey(parent: int, stop: Any) -> None:
    """Interrupt the run when the parent says so; end at once when it is gone."""
    while not stop.wait(0.5):
        if os.getppid() != parent:
            os._exit(1)
    os.kill(os.getpid(), signal.SIGINT)


def _work(number: int, spec: RunSpec) -> None:
    observer = _Sender(number, _worker["events"])
    make_run(spec, _worker["workspace"], _worker["root"], observer=observer)


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
