"""Progress of a long scoring on the terminal: a bar with the time left, or plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from sharewise.serve.predict import Watch

_LINE_SECONDS = 10.0


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watch]:
    """Give what tells of progress on standard error."""
    console = Console(stderr=True)
    if quiet:
        yield lambda rows, share: None
    elif not console.is_terminal:
        yield _lines()
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            bar = progress.add_task("scoring", total=None)

            def watch(rows: int, share: float | None) -> None:
                total = None if share is None else 1.0
                progress.update(bar, description=f"{rows:,} rows", total=total, completed=share or 0.0)

            yield watch


def _lines() -> Watch:
    started = told = time.monotonic()

    def watch(rows: int, share: float | None) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < _LINE_SECONDS:
            return
        told = now
        left = f", about {(now - started) * (1 - share) / share:.0f} s left" if share else ""
        sys.stderr.write(f"{rows:,} rows{f' ({share:.0%})' if share else ''}{left}\n")

    return watch
