"""How a study goes on, while it does: bars with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from sharewise.audit.schema import Power
from sharewise.compare import RunSpec, plan_runs
from sharewise.compare.swept import StoppedRecord
from sharewise.report.words import decimal, in_points, size
from sharewise.study import Study

# Columns of an evaluation: what stands above it in two lines, and its width.
_COLUMNS = (
    ("", "epoch", 6),
    ("train", "loss", 6),
    ("valid", "loss", 6),
    ("exact", "match", 6),
    ("micro", "F1", 6),
    ("macro", "F1", 6),
)
_JOINT = ("exact_match", "micro_f1", "macro_f1")
_GAP = "  "
_NUMBERS = sum(len(_GAP) + width for _, _, width in _COLUMNS)
_INDENT = " " * 4
# Seconds over which the time left is estimated: runs differ, so that it takes several of them.
_ESTIMATE_SECONDS = 600.0


class ConsoleObserver:
    """Shows each run, its updates, and each evaluation as the row of a table.

    Args:
        console: where to write; bars are drawn only if it is a terminal.
        study: whose runs are shown; its ``report.epoch_metric`` is the tasks' metric in the rows, else each task's own.
    """

    def __init__(self, console: Console, study: Study) -> None:
        self.console = console
        self.metrics = {
            name: study.report.epoch_metric or task.primary_metric for name, task in study.tasks.items()
        }
        specs = plan_runs(study)
        longest = 2 * len(str(len(specs))) + 2 + max(cell_len(spec.label) for spec in specs)
        self.width = min(longest, console.width - _NUMBERS) if console.is_terminal else longest
        self.bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[done]}", justify="right", markup=False),
            TimeRemainingColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
            speed_estimate_period=_ESTIMATE_SECONDS,
        )
        self.study = self.bars.add_task("all runs", total=None, done="getting ready", left="")
        self.header_due = True
        self.total = 0
        self.cached = 0
        # Share made of each run that was begun; of one that goes on, of what was left.
        self.shares: dict[int, float] = {}

    def __enter__(self) -> ConsoleObserver:
        self.bars.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bars.stop()

    def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> RunLines:
        """Name the run that begins."""
        if total != self.total:
            # The trials of a search come before the runs that follow from it, and are counted by themselves.
            self.total, self.cached, self.shares = total, 0, {}
        lines = RunLines(self, f"{number:>{len(str(total))}}/{total} {spec.label}", number)
        if cached:
            # Not counted as made: that would pass for speed.
            self.cached += 1
            self.say(f"{self.fitted(lines.name)}{_GAP}on disk already", style="dim")
        else:
            self.shares[number] = 0.0
        self.show_share()
        return lines

    def on_stopped(self, stopped: Sequence[StoppedRecord], *, total: int) -> None:
        """Name the settings that are behind."""
        self.total = total
        seeds = ", ".join(str(seed) for seed in stopped[0].seeds)
        self.say(f"behind on validation with seed{'s' * (len(stopped[0].seeds) > 1)} {seeds}, so stopped:")
        for line in _lines([record.name for record in stopped], self.console.width - len(_INDENT)):
            self.say(_INDENT + line)
        self.show_share()

    def on_baseline(self, powers: Sequence[Power]) -> None:
        """Say what the study can show, now that its baseline is trained."""
        self.say(
            "single is trained: with its noise, 80 of 100 such studies would find a gain / a loss of, in points:"
        )
        told = [f"{p.task} {_detectable(p, p.gain)} / {_detectable(p, p.loss)}" for p in powers]
        for line in _lines(told, self.console.width - len(_INDENT)):
            self.say(_INDENT + line)

    def show_share(self) -> None:
        """Move the bar of all runs."""
        finished = self.cached + sum(share == 1.0 for share in self.shares.values())
        self.bars.update(
            self.study,
            total=self.total - self.cached,
            completed=sum(self.shares.values()),
            done=f"{finished}/{self.total} runs",
            left="left",
        )

    def fitted(self, name: str) -> str:
        """Bring a run's name to the width of its column; a long one loses its middle, for its end is the seed."""
        if cell_len(name) > self.width:
            end = name[-min(9, self.width // 3) :]
            name = set_cell_size(name, self.width - cell_len(end) - 1) + "…" + end
        return set_cell_size(name, self.width)

    def say(self, text: str, *, style: str = "") -> None:
        """Print a line; only on a terminal it is broken where it ends."""
        self.console.print(Text(text), style=style, soft_wrap=not self.console.is_terminal)

    def print_evaluation(self, name: str, record: Mapping[str, Any]) -> None:
        """Print the row of an evaluation: losses, metrics over all binary tasks, and each task's metric."""
        if self.header_due:
            self._print_header()
            self.header_due = False
        epoch = f"{record['epoch']:.3g}{'*' if record['selected'] else ' '}"
        values = [epoch, _number(record["train_loss"]), _number(record["validation_loss"])]
        values += [_number(record["joint"].get(metric)) for metric in _JOINT]
        cells = (value.rjust(width) for value, (_, _, width) in zip(values, _COLUMNS, strict=True))
        row = _GAP.join((self.fitted(name), *cells))
        scores = self._scores(record["tasks"])
        whole = _GAP.join((row, *scores))
        if not self.console.is_terminal or cell_len(whole) <= self.console.width:
            self.say(whole)
            return
        self.say(row)
        for line in _lines(scores, self.console.width - len(_INDENT)):
            self.say(_INDENT + line, style="dim")

    def _print_header(self) -> None:
        above = (title.rjust(width) for title, _, width in _COLUMNS)
        below = (title.rjust(width) for _, title, width in _COLUMNS)
        self.say(_GAP.join((self.fitted(""), *above)), style="bold")
        self.say(_GAP.join((self.fitted("run (* best so far)"), *below)), style="bold")

    def _scores(self, tasks: Mapping[str, Mapping[str, float]]) -> list[str]:
        return [
            f"{task} {self.metrics[task]} {_number(values.get(self.metrics[task]))}"
            for task, values in tasks.items()
        ]


class RunLines:
    """Shows one run."""

    def __init__(self, shown: ConsoleObserver, name: str, number: int) -> None:
        self.shown = shown
        self.name = name
        self.number = number
        self.bar: TaskID | None = None
        self.start = 0

    def on_start(self, *, done: int, total: int) -> None:
        """Start the run's bar, where it left off if it goes on."""
        self.start = done
        if done:
            self._say(f"goes on after update {done:,} of {total:,}")
        elif not self.shown.console.is_terminal:
            self._say(f"{total:,} updates")
        name = self.shown.fitted(self.name)
        made = f"{done:,}/{total:,}"
        self.bar = self.shown.bars.add_task(name, total=total, completed=done, done=made, left="left")

    def on_step(self, *, step: int, total: int) -> None:
        """Move the bars."""
        if self.bar is not None:
            self.shown.bars.update(self.bar, completed=step, done=f"{step:,}/{total:,}")
        # Full only when it is on disk.
        self.shown.shares[self.number] = min(0.999, (step - self.start) / max(1, total - self.start))
        self.shown.show_share()

    def on_note(self, note: str) -> None:
        """Say what happened."""
        self._say(f"note: {note}", style="yellow")

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        """Print the row of an evaluation."""
        self.shown.print_evaluation(self.name, record)

    def on_end(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.shown.bars.remove_task(self.bar)
        self.shown.shares[self.number] = 1.0
        self.shown.show_share()

    def _say(self, text: str, *, style: str = "") -> None:
        self.shown.say(f"{self.shown.fitted(self.name)}{_GAP}{text}", style=style)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _detectable(power: Power, value: float | None) -> str:
    """A difference in points, or in the unit of a metric that has its own."""
    if value is None:
        return "none"
    return (
        decimal(100 * value, 1)
        if in_points(power.metric)
        else f"{size(value, power.metric)} ({power.metric})"
    )


def _lines(parts: Sequence[str], width: int) -> list[str]:
    """Put parts on lines of at most this width, each part whole."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]}{_GAP}{part}" if lines[-1] else part
        if lines[-1] and cell_len(longer) > width:
            lines.append(part)
        else:
            lines[-1] = longer
    return lines
