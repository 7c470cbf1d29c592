"""What goes on inside a worker process: it makes runs, tells the parent of them, and never outlives it."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from sharewise.compare.planning import RunSpec
from sharewise.compare.running import make_run
from sharewise.compare.workspace import Workspace
from sharewise.study import Study

_PARENT_SECONDS = 0.2
_STEP_SECONDS = 0.2


class _Worker:
    """What this process holds for all its runs."""

    workspace: Workspace
    root: Path
    events: Any
    busy = False
    stopping = False
    unheard = False


def start_worker(
    study: Study, runs: Path, root: Path, threads: int, events: Any, parent: int, alive: Connection
) -> None:
    """Set the process up.

    Ctrl-C on the terminal reaches all processes; this one is started with it blocked, and is stopped by its parent.

    Args:
        study: whose runs it makes.
        runs: folder of all runs.
        root: folder of the study's runs.
        threads: of each run.
        events: queue for what the runs' observers are told.
        parent: the parent's process id.
        alive: read end of a pipe that the parent closes to stop all workers, or by ending itself.
    """
    signal.signal(signal.SIGINT, _interrupt)
    sys.unraisablehook = _unraisable
    threading.Thread(target=_follow, args=(parent, alive), daemon=True).start()
    # After a failure the parent reads no more events, and this process must be able to end all the same.
    events.cancel_join_thread()
    torch.set_num_threads(threads)
    _Worker.workspace = Workspace(study, runs / ".cache")
    _Worker.root = root
    _Worker.events = events


def work(number: int, spec: RunSpec) -> None:
    """Make one run.

    Raises:
        KeyboardInterrupt: when the parent stops the workers; inside the training loop after a checkpoint.
    """
    _Worker.busy = True
    try:
        if _Worker.stopping:
            raise KeyboardInterrupt
        make_run(spec, _Worker.workspace, _Worker.root, observer=_Sender(number, _Worker.events))
    finally:
        _Worker.busy = False


def _follow(parent: int, alive: Connection) -> None:
    """Stop the run when the parent says so; end at once when the parent is gone."""
    try:
        alive.recv_bytes()  # Nothing is ever sent; it returns when the other end is closed.
    except (EOFError, OSError):
        _Worker.stopping = True
    if os.getppid() == parent:
        # Calls the handler of SIGINT in the main thread, be it ours or the training loop's.
        _thread.interrupt_main()
    while os.getppid() == parent:
        time.sleep(_PARENT_SECONDS)
        if _Worker.unheard:
            _Worker.unheard = False
            _thread.interrupt_main()
    os._exit(1)


def _interrupt(signum: int, frame: object) -> None:
    if _Worker.busy:
        raise KeyboardInterrupt


def _unraisable(unraisable: Any) -> None:
    """Note an interrupt that came while an object was being deleted, where Python drops it: it is sent again."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        _Worker.unheard = True
    else:
        sys.__unraisablehook__(unraisable)


class _Sender:
    """An observer that passes everything on to the parent."""

    def __init__(self, number: int, events: Any) -> None:
        self.number = number
        self.events = events
        self.sent = 0.0

    def on_start(self, *, done: int, total: int) -> None:
        self._send("on_start", done=done, total=total)

    def on_step(self, *, step: int, total: int) -> None:
        now = time.monotonic()
        if now - self.sent > _STEP_SECONDS or step == total:
            self.sent = now
            self._send("on_step", step=step, total=total)

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        self._send("on_evaluation", record=dict(record))

    def on_note(self, note: str) -> None:
        self._send("on_note", note=note)

    def on_end(self) -> None:
        self._send("on_end")

    def _send(self, event: str, **arguments: Any) -> None:
        self.events.put((self.number, event, arguments))
