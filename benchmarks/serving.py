"""A Sharewise server beside what one writes first (FastAPI before transformers pipelines), on loopback.

64 clients ask as fast as they are answered, one question and answer a request, nine criteria each. Three servers, one
at a time: Sharewise; FastAPI with one pipeline, which answers one criterion; FastAPI with nine. Then Sharewise gets
four times what it can do, in requests of 16 texts, and afterwards the first load again.

    python benchmarks/serving.py --seconds 60

The models are made in `--folder` first (100 MB; kept).
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from nine_criteria import dialogues, machine, save_pipelines, save_shared

CLIENTS, TIMES, TEXTS = 64, 4, 16
HERE = Path(__file__).parent


class Memory:
    """Resident memory of a process and its children, looked at ten times a second."""

    def __init__(self, process: psutil.Process) -> None:
        self.process = process
        self.highest = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def now(self) -> float:
        """MiB."""
        try:
            found = [self.process, *self.process.children(recursive=True)]
            return sum(p.memory_info().rss for p in found) / 2**20
        except psutil.NoSuchProcess:
            return 0.0

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            self.highest = max(self.highest, self.now())


@contextmanager
def running(command: list[str], port: int, ready: str, **environment: str) -> Iterator[Memory]:
    """Start a server, and stop it."""
    process = subprocess.Popen(
        command, cwd=HERE, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise SystemExit(f"{' '.join(command)} ended by itself")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        with Memory(psutil.Process(process.pid)) as memory:
            yield memory
    finally:
        process.terminate()
        process.wait(30)


def load(port: int, path: str, bodies: Path, seconds: float, *more: str) -> dict[str, Any]:
    """Run load.py."""
    command = [sys.executable, str(HERE / "load.py"), "--port", str(port), "--path", path]
    command += ["--bodies", str(bodies), "--seconds", str(seconds), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def write_bodies(folder: Path, texts: list[tuple[str, str]]) -> dict[str, Path]:
    """Write what the clients send, a body a line."""
    pairs = [{"text": text, "pair": pair} for text, pair in texts]
    groups = [pairs[i : i + TEXTS] for i in range(0, len(pairs), TEXTS)]
    bodies = {
        "ours": [{"texts": [pair]} for pair in pairs],
        "naive": pairs,
        "many": [{"texts": group} for group in groups],
    }
    for name, lines in bodies.items():
        (folder / name).write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return {name: folder / name for name in bodies}


def row(name: str, found: dict[str, Any], texts: int = 1) -> float:
    """Print a line of the table; return texts a second."""
    rate = found["answered"] * texts / found["seconds"]
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(found["statuses"].items()))
    print(f"| {name} | {rate:,.0f} | {found['median']:,.0f} | {found['p99']:,.0f} | {statuses} |", flush=True)
    return rate


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "sharewise-serving")
    parser.add_argument("--handler", choices=["threads", "async"], default="threads", help="the rival's")
    parser.add_argument("--only", choices=["ours"], help="no rivals")
    options = parser.parse_args()
    shared = options.folder / "shared"
    if not shared.exists():
        save_shared(shared)
        save_pipelines(options.folder / "single")
    singles = sorted((options.folder / "single").iterdir())
    bodies = write_bodies(options.folder, dialogues(2048))
    print(machine("torch", "transformers", "fastapi", "uvicorn"), "\n", flush=True)
    print(
        "| server | texts/s | median, ms | 99th percentile, ms | answers |\n|---|---|---|---|---|", flush=True
    )
    rates = {}
    port = free_port()
    command = [sys.executable, "-m", "sharewise.cli", "serve", str(shared), "--port", str(port)]
    with running(command, port, "/readyz") as memory:
        load(port, "/v1/score", bodies["ours"], 3)
        rates["ours"] = row("Sharewise, 9 criteria", load(port, "/v1/score", bodies["ours"], options.seconds))
        before = memory.now()
        offered = TIMES * rates["ours"] / TEXTS
        memory.highest = 0.0
        # More connections than can be waiting, so that the rate is kept.
        more = ("--rate", str(offered), "--clients", "1000")
        row(
            f"overload: {TIMES} × as much",
            load(port, "/v1/score", bodies["many"], options.seconds / 2, *more),
            TEXTS,
        )
        during, after = memory.highest, memory.now()
        rates["after"] = row("afterwards", load(port, "/v1/score", bodies["ours"], options.seconds / 3))
        last = memory.now()
    for name, folders in (
        ("one pipeline, 1 criterion", singles[:1]),
        ("nine pipelines, 9 criteria", singles),
    ):
        if options.only:
            break
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "naive_server:app",
            "--port",
            str(port),
            "--log-level",
            "warning",
        ]
        models = ",".join(map(str, folders))
        with running(command, port, "/openapi.json", MODELS=models, HANDLER=options.handler):
            load(port, "/score", bodies["naive"], 3)
            rates[name] = row(f"FastAPI + {name}", load(port, "/score", bodies["naive"], options.seconds / 2))
            print(f"\n{rates['ours'] / rates[name]:.1f} × the texts a second\n", flush=True)
    print(
        f"Memory, MiB: {before:.0f} before the overload, {during:.0f} at most in it, {after:.0f} after it, "
        f"{last:.0f} at the end. Afterwards {rates['after'] / rates['ours']:.2f} × as fast as before."
    )


if __name__ == "__main__":
    main()
