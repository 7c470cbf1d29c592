from __future__ import annotations

import math

import pytest

from sharewise.train import TrainingOptions
from sharewise.train.selection import Score
from sharewise.train.state import RunState
from sharewise.train.tracking import track

TASKS = ("a", "b")


class Tracked:
    """A run of tasks `a` and `b`, evaluated by hand."""

    def __init__(self, **options) -> None:
        self.state = RunState.start(list(TASKS))
        self.options = TrainingOptions(**{"patience": 2} | options)
        self.step = 0

    def evaluate(self, a, b, *, updates=(1, 1), finite=True, last=False) -> Score:
        self.step += 1
        self.state.recent = dict(zip(TASKS, updates, strict=True))
        own = {
            task: value if isinstance(value, Score) else Score(1, value)
            for task, value in zip(TASKS, (a, b), strict=True)
        }
        defined = [s.value for s in own.values() if s.defined] or [s.value for s in own.values()]
        return track(
            self.state,
            self.options,
            whole=Score(sum(s.defined for s in own.values()), sum(defined) / len(defined)),
            own=own,
            finite=finite,
            step=self.step,
            epoch=float(self.step),
            last=last,
        )

    @property
    def chosen(self) -> tuple[int, int]:
        return tuple(self.state.chosen[task].step for task in TASKS)


def test_a_joint_rule_chooses_one_evaluation_for_all():
    run = Tracked()
    for a, b in ((0.1, 0.9), (0.5, 0.6), (0.6, 0.4)):
        run.evaluate(a, b)
    assert run.chosen == (2, 2)
    assert run.state.kept_steps == {2}
    assert (run.state.bests["a"].step, run.state.bests["b"].step) == (3, 1)


def test_per_task_chooses_the_best_evaluation_of_each():
    run = Tracked(select="per_task")
    scores = [run.evaluate(a, b).value for a, b in ((0.1, 0.9), (0.5, 0.6), (0.6, 0.4), (0.2, 0.2))]
    assert run.chosen == (3, 1)
    assert run.state.kept_steps == {1, 3}
    assert scores == pytest.approx([0.5, 0.7, 0.75, 0.75])
    assert (run.state.best.step, run.state.best.score) == (3, pytest.approx(0.75))


def test_under_per_task_a_run_goes_on_as_long_as_any_task_improves():
    run = Tracked(select="per_task")
    for a, b in ((0.9, 0.1), (0.1, 0.2), (0.1, 0.3), (0.1, 0.3), (0.1, 0.3)):
        assert not run.state.finished
        run.evaluate(a, b)
    assert run.state.stopped_early
    assert run.state.stopped == {}


def test_the_first_of_equals_is_chosen():
    run = Tracked(select="per_task")
    for _ in range(3):
        run.evaluate(0.5, 0.5)
    assert run.chosen == (1, 1)


def test_a_task_leaves_when_its_patience_runs_out_and_the_run_ends_with_the_last():
    run = Tracked(stop="per_task")
    for b in (0.1, 0.2, 0.3):
        run.evaluate(0.5, b)
    assert run.state.stopped == {"a": 3.0}
    assert not run.state.finished
    run.evaluate(0.9, 0.3, updates=(0, 1))
    assert run.state.stopped == {"a": 3.0}, "a task that has left doesn't come back"
    run.evaluate(0.9, 0.3, updates=(0, 1))
    assert run.state.stopped == {"a": 3.0, "b": 5.0}
    assert run.state.stopped_early


def test_weights_after_a_task_has_left_may_still_be_its_best():
    run = Tracked(stop="per_task", select="per_task")
    for a, b in ((0.5, 0.1), (0.5, 0.2), (0.5, 0.3), (0.6, 0.4)):
        run.evaluate(a, b, updates=(1, 1) if "a" not in run.state.stopped else (0, 1))
    assert run.state.stopped == {"a": 3.0}
    assert run.chosen == (4, 4)


def test_an_evaluation_without_an_update_of_the_task_tries_no_patience():
    run = Tracked(stop="per_task")
    run.evaluate(0.5, 0.1)
    for b in (0.2, 0.3, 0.4):
        run.evaluate(0.4, b, updates=(0, 1))
    assert run.state.stopped == {}
    for b in (0.5, 0.6):
        run.evaluate(0.4, b)
    assert run.state.stopped == {"a": 6.0}


def test_a_plan_that_ends_is_no_early_stop():
    run = Tracked(stop="per_task", patience=1)
    run.evaluate(0.5, 0.5)
    run.evaluate(0.4, 0.4, last=True)
    assert run.state.finished
    assert not run.state.stopped_early


@pytest.mark.parametrize("select", ["mean", "per_task"])
def test_a_loss_that_is_no_number_ends_the_run_and_is_never_chosen(select):
    run = Tracked(stop="per_task", select=select)
    run.evaluate(0.5, 0.5)
    run.evaluate(0.9, 0.9, finite=False)
    assert run.chosen == (1, 1)
    assert run.state.stopped_early


@pytest.mark.parametrize("select", ["mean", "per_task"])
def test_a_run_that_fails_at_once_has_weights_all_the_same(select):
    run = Tracked(select=select)
    run.evaluate(0.9, 0.9, finite=False)
    assert run.chosen == (1, 1)
    assert run.state.best.score == -math.inf


def test_losses_stand_in_only_where_no_task_has_a_metric():
    run = Tracked(select="per_task")
    assert run.evaluate(Score(0, -2.0), Score(0, -4.0)) == Score(0, -3.0)
    assert run.evaluate(Score(0, -1.0), 0.5) == Score(1, 0.5)
    assert run.evaluate(0.3, 0.1) == Score(2, pytest.approx(0.4))
