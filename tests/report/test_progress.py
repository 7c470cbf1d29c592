"""What a user sees while a study runs."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from sharewise.audit.schema import Power
from sharewise.compare import RunSpec, plan_runs
from sharewise.compare.swept import StoppedRecord
from sharewise.report.progress import ConsoleObserver
from sharewise.study import Study
from tiny_study import keys_with

ARMS = {"hard": {}, "big": {"training": {"epochs": 2}}}
NINE = (
    "linguistic_acceptability",
    "consistency",
    "interestingness",
    "unbias",
    "harmlessness",
    "환각_없음",
    "understandability",
    "sensibleness",
    "specificity",
)


class Screen:
    """An observer whose output is kept, and the runs of its study by label."""

    def __init__(self, study: Study, *, terminal: bool = False, width: int = 80) -> None:
        self.file = io.StringIO()
        console = Console(file=self.file, width=width, force_terminal=terminal, color_system=None)
        self.observer = ConsoleObserver(console, study)
        self.specs = {spec.label: (number, spec) for number, spec in enumerate(plan_runs(study), start=1)}

    def run(self, label: str, *, cached: bool = False) -> Any:
        number, spec = self.specs[label]
        return self.observer.on_run(spec, number=number, total=len(self.specs), cached=cached)

    def evaluate(self, label: str, **changes: Any) -> None:
        self.run(label).on_evaluation(record(self.specs[label][1]) | changes)

    @property
    def lines(self) -> list[str]:
        return self.file.getvalue().splitlines()


def record(spec: RunSpec) -> dict[str, Any]:
    shared = len(spec.tasks) > 1
    return {
        "epoch": 1.0,
        "train_loss": 0.71234,
        "validation_loss": 0.69876,
        "selected": True,
        "joint": {"exact_match": 0.5, "micro_f1": 0.6, "macro_f1": 0.7} if shared else {},
        "tasks": {task: {"mcc": 0.25, "macro_f1": 0.3, "accuracy": 0.9} for task in spec.tasks},
    }


@pytest.fixture
def study() -> Study:
    return Study(**keys_with({"seeds": [1], "arms": ARMS}))


@pytest.fixture
def nine() -> Study:
    tasks = {name: {"data": "talk", "kind": "binary", "label": "polite"} for name in NINE}
    return Study(**keys_with({"tasks": tasks, "data.reviews": None, "arms": ARMS}))


def test_off_a_terminal_every_evaluation_is_one_plain_line(study: Study) -> None:
    screen = Screen(study)
    with screen.observer:
        lone, shared = screen.run("single[big] polite, seed 1"), screen.run("hard, seed 1")
        lone.on_start(done=0, total=1200)
        shared.on_start(done=1000, total=2000)
        for step in range(1, 20):
            lone.on_step(step=step, total=1200)
        lone.on_evaluation(record(screen.specs["single[big] polite, seed 1"][1]))
        shared.on_evaluation(record(screen.specs["hard, seed 1"][1]) | {"epoch": 2.0, "selected": False})
        lone.on_note("memory ran out, and this is a long note that goes on and on past the end of the line")
        lone.on_end()
    text = [re.sub(r" {2,}", "  ", line).strip() for line in screen.lines]
    assert text == [
        "6/10 single[big] polite, seed 1  1,200 updates",
        "5/10 hard, seed 1  goes on after update 1,000 of 2,000",
        "train  valid  exact  micro  macro",
        "run (* best so far)  epoch  loss  loss  match  F1  F1",
        "6/10 single[big] polite, seed 1  1*  0.7123  0.6988  –  –  –  polite mcc 0.2500",
        "5/10 hard, seed 1  2  0.7123  0.6988  0.5000  0.6000  0.7000  "
        "polite mcc 0.2500  loud mcc 0.2500  topic macro_f1 0.3000  good mcc 0.2500",
        "6/10 single[big] polite, seed 1  note: memory ran out, and this is a long note that goes on and on "
        "past the end of the line",
    ]


def test_columns_are_aligned_whatever_the_runs_are_called(study: Study) -> None:
    screen = Screen(study)
    for label in screen.specs:
        screen.evaluate(label)
    header, *rows = screen.lines[1:]
    ends = {line.index("0.7123") + 6 for line in rows}
    assert ends == {header.index("loss") + 4}
    assert len(rows) == 10


def test_runs_that_are_on_disk_are_named(study: Study) -> None:
    screen = Screen(study)
    screen.run("single[big] topic, seed 1", cached=True)
    assert re.fullmatch(r" 8/10 single\[big\] topic, seed 1 +on disk already", screen.lines[0])


def test_a_loss_that_is_no_number_is_a_dash(study: Study) -> None:
    screen = Screen(study)
    screen.evaluate("hard, seed 1", train_loss=None, validation_loss=None, tasks={"polite": {}})
    row = screen.lines[-1]
    assert row.split()[4:7] == ["1*", "–", "–"]
    assert row.endswith("polite mcc –")


def test_the_epoch_metric_is_the_reports(study: Study) -> None:
    screen = Screen(
        study.model_copy(update={"report": study.report.model_copy(update={"epoch_metric": "accuracy"})})
    )
    screen.evaluate("hard, seed 1")
    assert screen.lines[-1].endswith("topic accuracy 0.9000  good accuracy 0.9000")


@pytest.mark.parametrize("width", [80, 100, 120])
def test_on_a_terminal_nothing_is_wider_than_it(nine: Study, width: int) -> None:
    screen = Screen(nine, terminal=True, width=width)
    with screen.observer:
        runs = [screen.run(label) for label in ("single linguistic_acceptability, seed 1", "hard, seed 1")]
        for run in runs:
            run.on_start(done=0, total=12_345)
            run.on_step(step=12_000, total=12_345)
        screen.observer.bars.refresh()
        for label in screen.specs:
            screen.evaluate(label)
            screen.run(label).on_note(
                "out of memory at update 17: each update is computed in 2 parts from here on"
            )
        for run in runs:
            run.on_end()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.file.getvalue())
    lines = re.split(r"[\r\n]+", text)
    assert max(map(cell_len, lines)) <= width
    assert any("12,000/12,345" in line for line in lines)
    for name in NINE:  # A task's name and number are never torn apart.
        assert any(re.search(rf"{name} mcc 0\.2500", line) for line in lines)
    for label in screen.specs:
        assert any(line.strip().startswith(f"{screen.specs[label][0]}/") for line in lines)


def test_a_name_too_long_loses_its_middle(nine: Study) -> None:
    screen = Screen(nine, terminal=True, width=80)
    screen.evaluate("single linguistic_acceptability, seed 2")
    row = next(line for line in screen.lines if "0.7123" in line)
    assert re.match(r"\d\d/60 single lingu\w*…\w*, seed 2 +1\*", row)
    screen.evaluate("single 환각_없음, seed 2")
    other = [line for line in screen.lines if "0.7123" in line][-1]
    assert cell_len(other[: other.index("0.7123")]) == cell_len(row[: row.index("0.7123")])


def test_bars_show_runs_side_by_side_and_the_time_left_of_all(study: Study) -> None:
    screen = Screen(study, terminal=True, width=100)
    progress = screen.observer.bars
    with screen.observer:
        screen.run("single polite, seed 1", cached=True)
        runs = [screen.run(label) for label in ("single loud, seed 1", "hard, seed 1")]
        for run in runs:
            run.on_start(done=0, total=100)
        runs[0].on_step(step=50, total=100)
        runs[1].on_step(step=25, total=100)
        everything, *bars = progress.tasks
        assert [(bar.completed, bar.total) for bar in bars] == [(50, 100), (25, 100)]
        # What is on disk isn't work that was done quickly: nine are left to make.
        assert (everything.completed, everything.total) == (0.75, 9)
        assert everything.fields["done"] == "1/10 runs"
        runs[0].on_step(step=100, total=100)
        assert progress.tasks[0].fields["done"] == "1/10 runs"  # It isn't on disk yet.
        runs[0].on_end()
        assert progress.tasks[0].fields["done"] == "2/10 runs"
        assert len(progress.tasks) == 2
        assert progress.tasks[0].completed == 1.25


def test_a_run_that_goes_on_counts_by_what_was_left_of_it(study: Study) -> None:
    screen = Screen(study, terminal=True)
    run = screen.run("hard, seed 1")
    run.on_start(done=80, total=100)
    run.on_step(step=90, total=100)
    assert screen.observer.bars.tasks[0].completed == 0.5
    assert screen.observer.bars.tasks[1].completed == 90


def test_what_the_study_can_show_is_told_in_words():
    study = Study(**keys_with({"arms": ARMS}))
    screen = Screen(study)
    shared = {
        "rows": 900,
        "groups": None,
        "design_effect": 1.0,
        "seeds": 5,
        "comparisons": 8,
        "trained": True,
        "quality": 0.8,
        "seed_sd": 0.01,
        "margin": 0.01,
        "equivalence": False,
        "why": "",
    }
    screen.observer.on_baseline(
        [
            Power(task="polite", metric="mcc", known=True, gain=0.0512, loss=0.0604, **shared),
            Power(task="good", metric="mcc", known=True, gain=None, loss=0.2, **shared),
            Power(task="stars", metric="mae", known=True, gain=0.121, loss=0.121, **shared),
        ]
    )
    assert "a gain / a loss of, in points" in screen.lines[0]
    assert screen.lines[1].strip() == "polite 5.1 / 6.0  good none / 20.0  stars 0.121 (mae) / 0.121 (mae)"
    assert len(screen.lines) == 2


def test_trials_of_a_search_are_counted_by_themselves():
    """Twelve that are on disk are none of the runs that follow."""
    study = Study(**keys_with())
    observer = ConsoleObserver(Console(file=io.StringIO()), study)
    spec = plan_runs(study)[0]
    for number in range(1, 13):
        observer.on_run(spec, number=number, total=12, cached=True)
    assert observer.cached == 12
    observer.on_run(spec, number=1, total=4, cached=True)
    assert observer.cached == 1
    assert observer.bars.tasks[0].total == 3


def test_stopped_settings_are_named_and_the_runs_counted_without_them():
    study = Study(**keys_with())
    screen = Screen(study)
    label, *_, last = screen.specs
    screen.run(label).on_end()
    values = {"arm": "hard", "values": {}, "score": 0.1, "best": "hard[b]", "best_score": 0.2}
    stopped = [StoppedRecord(name=name, seeds=[1, 2], **values) for name in ("hard[a]", "hard[c]")]
    screen.observer.on_stopped(stopped, total=9)
    assert screen.lines[-2:] == [
        "behind on validation with seeds 1, 2, so stopped:",
        "    hard[a]  hard[c]",
    ]
    bar = screen.observer.bars.tasks[0]
    assert (bar.total, bar.completed, bar.fields["done"]) == (9, 1.0, "1/9 runs")
    # What was made before still counts when the next run begins.
    screen.observer.on_run(screen.specs[last][1], number=2, total=9, cached=False)
    assert (bar.total, bar.completed) == (9, 1.0)
