"""How a study goes on, while it does: a bar with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from sharewise.compare import RunSpec


class ConsoleObserver:
    """Shows runs, updates and each evaluation as the row of an epoch table.

    Args:
        console: where to write; bars are drawn only if it is a terminal.
        epoch_metric: metric of each task in the epoch rows; the task's own if None.
        primary: task -> its primary metric.
    """

    def __init__(self, console: Console, *, epoch_metric: str | None, primary: Mapping[str, str]) -> None:
        self.console = console
        self.epoch_metric = epoch_metric
        self.primary = primary
        self.progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("updates"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.study_bar = self.progress.add_task("study", total=None, visible=False)
        self.run_bar = self.progress.add_task("run", total=None, visible=False)
        self.header_due = True
        self.started = time.monotonic()
        self.trained = 0

    def __enter__(self) -> ConsoleObserver:
        self.progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.progress.stop()

    def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> None:
        """Name the run that begins."""
        note = " (on disk already)" if cached else ""
        self.console.print(f"[bold]run {number}/{total}[/bold] {spec.label}{note}", highlight=False)
        self.progress.update(self.run_bar, description=f"{number}/{total} {spec.label}")
        self.header_due = True

    def on_start(self, *, done: int, total: int) -> None:
        """Start the run's bar, where it left off if it goes on."""
        if done:
            self.console.print(f"  goes on after update {done} of {total}", highlight=False)
        self.progress.reset(self.run_bar, total=total, completed=done, visible=True)

    def on_step(self, *, step: int, total: int) -> None:
        """Move the bar."""
        self.progress.update(self.run_bar, completed=step)

    def on_note(self, note: str) -> None:
        """Say what happened."""
        self.console.print(f"  [yellow]note:[/yellow] {note}", highlight=False)

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        """Print the row of an epoch: losses, metrics over all tasks, and each task's metric."""
        names = ["epoch", "training loss", "validation loss"]
        cells = [f"{record['epoch']:.2f}", _number(record["train_loss"]), _number(record["validation_loss"])]
        for key, title in (("exact_match", "exact match"), ("micro_f1", "micro-F1"), ("macro_f1", "macro-F1")):
            if key in record["joint"]:
                names.append(title)
                cells.append(_number(record["joint"][key]))
        if self.header_due:
            self.console.print("  " + "  ".join(names), style="dim", highlight=False)
            self.header_due = False
        row = "  ".join(cell.rjust(len(name)) for name, cell in zip(names, cells, strict=True))
        mark = " *" if record["selected"] else ""
        self.console.print(f"  {row}{mark}", highlight=False)
        scores = [
            f"{task} {_number(metrics.get(self.epoch_metric or self.primary[task]))}"
            for task, metrics in record["tasks"].items()
        ]
        self.console.print("    " + " · ".join(scores), style="dim", highlight=False)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
