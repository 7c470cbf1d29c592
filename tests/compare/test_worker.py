"""What a worker tells its parent, without starting one; how it ends is tested with the processes themselves."""

from __future__ import annotations

import queue
import sys
from types import SimpleNamespace

from sharewise.compare import plan_runs
from sharewise.compare.watching import SilentStudy
from sharewise.compare.worker import _Sender, _unraisable, _Worker
from sharewise.study import Study
from tiny_study import SpyRun, keys_with


def test_everything_is_passed_on_but_steps_that_follow_too_quickly() -> None:
    events: queue.Queue[tuple[int, str, dict[str, object]]] = queue.Queue()
    sender = _Sender(4, events)
    sender.on_start(done=0, total=1000)
    for step in range(1, 1001):
        sender.on_step(step=step, total=1000)
    sender.on_note("careful")
    sender.on_evaluation({"epoch": 1.0})
    sender.on_end()
    told = SpyRun()
    count = 0
    while not events.empty():
        number, event, arguments = events.get()
        getattr(told, event)(**arguments)
        count += event == "on_step"
        assert number == 4
    assert told.started == (0, 1000)
    assert told.steps[0] == 1
    assert told.steps[-1] == 1000
    assert 2 <= count < 500
    assert (told.notes, told.evaluations, told.ended) == (["careful"], [{"epoch": 1.0}], 1)


def test_a_silent_observer_takes_it_all_without_a_word(capsys) -> None:
    spec = plan_runs(Study(**keys_with()))[0]
    run = SilentStudy().on_run(spec, number=1, total=1, cached=False)
    run.on_start(done=0, total=2)
    run.on_step(step=1, total=2)
    run.on_note("careful")
    run.on_evaluation({})
    run.on_end()
    assert capsys.readouterr() == ("", "")


def test_an_interrupt_that_a_destructor_swallows_is_noted_and_other_errors_are_shown(
    capsys, monkeypatch
) -> None:
    monkeypatch.setattr(_Worker, "unheard", False)
    monkeypatch.setattr(sys, "unraisablehook", _unraisable)

    class Stubborn:
        def __init__(self, error: BaseException) -> None:
            self.error = error

        def __del__(self) -> None:
            raise self.error

    Stubborn(KeyboardInterrupt())
    assert _Worker.unheard
    assert capsys.readouterr().err == ""
    shown = SimpleNamespace(
        exc_type=ValueError, exc_value=ValueError("odd"), exc_traceback=None, err_msg=None, object=None
    )
    monkeypatch.setattr(sys, "__unraisablehook__", lambda found: print(found.exc_value))
    _unraisable(shown)
    assert capsys.readouterr().out == "odd\n"
