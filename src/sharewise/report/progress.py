"""How a study goes on, while it does: bars with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from sharewise.compare import RunSpec

# Width of the run's name before each line of numbers.
_LABEL = 34


class ConsoleObserver:
    """Shows each run, its updates, and each evaluation as the row of an epoch table.

    Args:
        console: where to write; bars are drawn only if it is a terminal.
        epoch_metric: metric of each task in the epoch rows; the task's own if None.
        primary: task -> its primary metric.
    """

    def __init__(self, console: Console, *, epoch_metric: str | None, primary: Mapping[str, str]) -> None:
        self.console = console
        self.epoch_metric = epoch_metric
        self.primary = primary
        self.bars = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.study = self.bars.add_task("all runs", total=None)
        self.header_due = True

    def __enter__(self) -> ConsoleObserver:
        self.bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bars.stop()

    def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> RunLines:
        """Name the run that begins."""
        self.bars.update(self.study, total=total)
        name = f"{number}/{total} {spec.label}"
        if cached:
            self.console.print(f"{name:<{_LABEL}}  on disk already", style="dim", highlight=False)
            self.bars.advance(self.study)
        return RunLines(self, name)

    def print_row(self, name: str, record: Mapping[str, Any]) -> None:
        """Print the row of an epoch: losses, metrics over all tasks, and each task's metric."""
        columns = {
            "epoch": f"{record['epoch']:g}",
            "training loss": _number(record["train_loss"]),
            "validation loss": _number(record["validation_loss"]),
            "exact match": _number(record["joint"].get("exact_match")),
            "micro-F1": _number(record["joint"].get("micro_f1")),
            "macro-F1": _number(record["joint"].get("macro_f1")),
        }
        if self.header_due:
            titles = "  ".join(columns)
            self.console.print(f"{'run':<{_LABEL}}  {titles}", style="bold", highlight=False)
            self.header_due = False
        row = "  ".join(value.rjust(len(title)) for title, value in columns.items())
        mark = " best so far" if record["selected"] else ""
        self.console.print(f"{name:<{_LABEL}}  {row}{mark}", highlight=False)
        scores = [
            f"{task} {_number(metrics.get(self.epoch_metric or self.primary[task]))}"
            for task, metrics in record["tasks"].items()
        ]
        self.console.print("    " + "  ".join(scores), style="dim", highlight=False)


class RunLines:
    """Shows one run."""

    def __init__(self, shown: ConsoleObserver, name: str) -> None:
        self.shown = shown
        self.name = name
        self.bar: TaskID | None = None
        self.started = time.monotonic()

    def on_start(self, *, done: int, total: int) -> None:
        """Start the run's bar, where it left off if it goes on."""
        if done:
            text = f"{self.name:<{_LABEL}}  goes on after update {done} of {total}"
            self.shown.console.print(text, highlight=False)
        self.bar = self.shown.bars.add_task(self.name, total=total, completed=done)

    def on_step(self, *, step: int, total: int) -> None:
        """Move the bar."""
        if self.bar is not None:
            self.shown.bars.update(self.bar, completed=step)

    def on_note(self, note: str) -> None:
        """Say what happened."""
        self.shown.console.print(f"{self.name:<{_LABEL}}  note: {note}", style="yellow", highlight=False)

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        """Print the row of an epoch."""
        self.shown.print_row(self.name, record)

    def on_end(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.shown.bars.remove_task(self.bar)
        self.shown.bars.advance(self.shown.study)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
