"""One server: one process or several on one socket, stopped gracefully."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, final

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from sharewise.errors import RunError, UserError
from sharewise.files import write_text
from sharewise.memory import keep_memory
from sharewise.serve.http.metrics import DIRECTORY_VARIABLE
from sharewise.serve.http.options import ServeOptions

if TYPE_CHECKING:
    from fastapi import FastAPI

# How the processes of one server learn their options; the token is among them.
_VARIABLE = "_SHAREWISE_SERVE"
_BACKLOG = 2048
# Seconds after which a process that doesn't answer is ended and begun anew. One that is only just being started on a
# busy machine doesn't answer for long: under uvicorn's five seconds it would be started over and over.
_PATIENCE = 120
# Batches that one process computes at a time on a CPU, where nobody says how many.
_LANES = 2


def app_from_environment() -> FastAPI:
    """Make the app in a process that the server has started."""
    import torch

    from sharewise.serve.http.app import create_app
    from sharewise.serve.scorer import Scorer

    keep_memory()
    options = ServeOptions.model_validate_json(os.environ[_VARIABLE])
    cores = max(1, torch.get_num_threads() // options.workers)
    # A GPU computes one batch at a time anyway.
    lanes = options.lanes or (1 if torch.cuda.is_available() else min(cores, _LANES))
    torch.set_num_threads(max(1, cores // lanes))
    scorer = Scorer.load(options.model, engine=options.engine)
    return create_app(scorer, options.model_copy(update={"lanes": lanes}))


def app_of_several() -> FastAPI:
    """Make the app in one of several processes; leave a reason behind where it can't be made."""
    try:
        return app_from_environment()
    except UserError as error:
        write_text(_reason(os.environ[DIRECTORY_VARIABLE]), str(error))
        raise SystemExit(STARTUP_FAILURE) from None


@final
class _Processes(Multiprocess):
    """Several processes on one socket, and the one that watches them, which keeps no end open that isn't its own."""

    def terminate_all(self) -> None:
        """See Multiprocess."""
        # Else the kernel would go on letting clients in whom no process answers.
        for listening in self.sockets:
            listening.close()
        super().terminate_all()

    def keep_subprocess_alive(self) -> None:
        """See Multiprocess."""
        # So that a process that ends is missed at once, and not when patience does.
        for process in self.processes:
            process.child_conn.close()
        super().keep_subprocess_alive()


def serve(options: ServeOptions, *, as_json: bool = False) -> None:
    """Serve until SIGTERM or Ctrl-C; what was accepted by then is finished.

    Raises:
        RunError: where the address is taken.
        UserError: where the model can't be served.
    """
    listening = _listen(options)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}"
    if as_json:
        print(json.dumps({"address": address, "workers": options.workers}), flush=True)
    else:
        sys.stderr.write(f"serving {options.model} at {address} (Ctrl-C stops)\n")
    os.environ[_VARIABLE] = options.model_dump_json()
    config = uvicorn.Config(
        f"{__name__}:{(app_from_environment if options.workers == 1 else app_of_several).__name__}",
        factory=True,
        workers=options.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        # Whoever is asked is of no interest; no header of a proxy is read.
        proxy_headers=False,
        timeout_graceful_shutdown=options.grace,
        timeout_worker_healthcheck=_PATIENCE,
        backlog=_BACKLOG,
    )
    (_run_alone if options.workers == 1 else _run_several)(config, listening)


def _run_alone(config: uvicorn.Config, listening: socket.socket) -> None:
    # Once the server has stopped, uvicorn raises the signal that stopped it again: as if it had failed.
    for stopping in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stopping, lambda *_: None)
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    if not server.started:
        raise RunError("the server could not be started; the reason stands above")


def _run_several(config: uvicorn.Config, listening: socket.socket) -> None:
    with tempfile.TemporaryDirectory(prefix="sharewise-metrics-") as numbers:
        # Before prometheus_client is imported anywhere: it looks only then.
        os.environ[DIRECTORY_VARIABLE] = numbers
        _Processes(config, sockets=[listening]).run()
        reason = _reason(numbers)
        if reason.exists():
            raise UserError(reason.read_text(encoding="utf-8"))


def _reason(folder: str) -> Path:
    """Where a process says why it can't start."""
    return Path(folder) / "reason.txt"


def _listen(options: ServeOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((options.host, options.port))
    except OSError as error:
        listening.close()
        raise RunError(
            f"{options.host}:{options.port} can't be listened on ({error.strerror or error}); take another --port"
        ) from None
    listening.set_inheritable(True)
    return listening
