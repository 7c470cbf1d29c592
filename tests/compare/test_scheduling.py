"""Which run comes next, with settings that wait until the seed before is decided."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from sharewise.compare import scheduling
from sharewise.compare.planning import RunSpec
from sharewise.compare.scheduling import Schedule
from sharewise.errors import RunError
from sharewise.study import Study
from tiny_study import Spy, keys_with

WEIGHTS = [{"polite": 0.2}, {"polite": 0.5}, {"polite": 2.0}, {"polite": 3.0}]
SCORES = {0.2: 0.6, 0.5: 0.9, 1.0: 0.5, 2.0: 0.7, 3.0: 0.8}


class Disk:
    """Stands for the folder of runs: what is on it, each run with the score that its weights bring."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs: set[str] = set()
        monkeypatch.setattr(scheduling, "run_hash", lambda spec, workspace: self.hash(spec))
        monkeypatch.setattr(
            scheduling, "find_run", lambda spec, workspace, root: self.found(spec.task, self.hash(spec), spec)
        )

    @staticmethod
    def hash(spec: RunSpec) -> str:
        return f"{spec.weights} {spec.seed}"

    def found(self, task: str, digest: str, spec: RunSpec) -> SimpleNamespace | None:
        if f"{task} {digest}" not in self.runs:
            return None
        score = SCORES[spec.resolved.tasks["polite"].weight]
        metrics = {name: {"validation": {"mcc": score, "macro_f1": score}} for name in spec.resolved.tasks}
        return SimpleNamespace(
            record=SimpleNamespace(arm=spec.arm, seed=spec.seed, failed=None, metrics=metrics)
        )

    def make(self, spec: RunSpec) -> None:
        self.runs.add(f"{spec.task} {self.hash(spec)}")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def study_with(**changes: object) -> Study:
    tasks = {"polite": {"data": "talk", "kind": "binary", "label": "polite"}}
    tasks["loud"] = tasks["polite"] | {"label": "loud"}
    keys = {"tasks": tasks, "data.reviews": None, "sweep": {"hard": {"weights": WEIGHTS}}, "halving": True}
    return Study(**keys_with(keys | changes))


def scheduled(study: Study) -> tuple[Schedule, Spy]:
    base = SimpleNamespace(
        tasks={n: SimpleNamespace(metric="mcc", higher_is_better=True) for n in study.tasks}
    )
    spy = Spy()
    return Schedule(study, SimpleNamespace(base=base), Path("runs"), spy), spy  # type: ignore[arg-type]


def make(disk: Disk, schedule: Schedule, number: int, spec: RunSpec) -> None:
    schedule.begin(number, spec)
    disk.make(spec)
    schedule.ended(spec)


def test_while_a_seed_is_undecided_what_cannot_be_stopped_goes_on(disk):
    study = study_with()
    schedule, spy = scheduled(study)
    first = [schedule.take() for _ in range(7)]
    assert [spec.seed for _, spec in first] == [1] * 7
    for number, spec in first[:-1]:
        make(disk, schedule, number, spec)
    # The last setting of seed 1 still runs: no setting of seed 2 is certain but that of equal weights.
    ahead = [schedule.take() for _ in range(3)]
    assert [(spec.task, spec.seed) for _, spec in ahead] == [("polite", 2), ("loud", 2), ("all", 2)]
    assert ahead[2][1].weights == {"polite": 1.0, "loud": 1.0}
    assert spy.stopped == []
    make(disk, schedule, *first[-1])
    assert spy.stopped == [(["hard[polite=2]", "hard[polite=0.2]"], 17)]
    settings = [schedule.take() for _ in range(2)]
    assert [spec.weights["polite"] for _, spec in settings] == [0.5, 3.0]
    assert {spec.seed for _, spec in settings} == {2}


def test_everything_is_made_and_counted_once_whatever_ends_first(disk):
    found = []
    for reverse in (False, True):
        disk.runs.clear()
        schedule, spy = scheduled(study_with())
        running: list[tuple[int, RunSpec]] = []
        while True:
            while len(running) < 3 and (taken := schedule.take()) is not None:
                running.append(taken)
            if not running:
                break
            make(disk, schedule, *running.pop(-1 if reverse else 0))
        assert schedule.left == 0
        assert sorted(number for number, _ in spy.numbers) == list(range(1, 17))
        assert spy.numbers[-1][1] == 16
        assert len(schedule.finished()) == 12
        assert len(schedule.made) == 16
        found.append([(r.name, r.seeds, r.score) for r in schedule.stopped])
    assert found[0] == found[1]
    assert [seeds for _, seeds, _ in found[0]] == [[1], [1], [1, 2]]


def test_what_is_on_disk_decides_as_what_is_made(disk):
    schedule, before = scheduled(study_with())
    while (taken := schedule.take()) is not None:
        make(disk, schedule, *taken)
    again, spy = scheduled(study_with())
    assert again.take() is None
    assert (spy.stopped, spy.made) == (before.stopped, [])
    assert sorted(spy.cached) == sorted(before.made)
    assert spy.numbers[-1] == (16, 16)


def test_a_run_that_two_arms_share_is_made_once_and_found_for_both(disk):
    study = study_with(arms={"hard": {}, "twin": {}}, sweep={}, halving=False, seeds=[1])
    schedule, spy = scheduled(study)
    taken = [schedule.take() for _ in range(4)]
    assert taken[3] is None
    assert schedule.left == 1
    for number, spec in taken[:3]:
        make(disk, schedule, number, spec)
    assert (spy.cached, schedule.left) == (["twin, seed 1"], 0)
    assert spy.numbers == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_run_that_is_gone_is_missed(disk):
    schedule, _ = scheduled(study_with())
    _, spec = schedule.take()
    with pytest.raises(RunError, match="the run was made but is not in runs: data, encoder or runs changed"):
        schedule.ended(spec)
