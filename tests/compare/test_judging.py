"""Which outputs of which arms are held against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from sharewise.compare import plan_arms, plan_runs
from sharewise.compare.judging import Judged, judge, margin_of
from sharewise.compare.running import FinishedRun, find_run
from sharewise.compare.workspace import Workspace
from sharewise.data.table import StudyData
from sharewise.study import Study
from tiny_study import Compared, keys_with

Runs = dict[str, list[FinishedRun]]


@pytest.fixture(scope="module")
def data(trained: Compared) -> StudyData:
    return Workspace(trained.study, trained.runs / ".cache").base


@pytest.fixture(scope="module")
def runs(trained: Compared) -> Runs:
    study = trained.study
    space = Workspace(study, trained.runs / ".cache")
    found = [find_run(spec, space, trained.root) for spec in plan_runs(study)]
    return {arm: [r for r in found if r is not None and r.record.arm == arm] for arm in ("single", "hard")}


def judged(
    data: StudyData,
    runs: Mapping[str, list[FinishedRun]],
    changes: Mapping[str, Any] | None = None,
    **options: Any,
) -> Judged:
    study = Study(**keys_with(changes))
    return judge(study, data, plan_arms(study), runs, options.pop("scored", "test"), **options)


def test_differences_are_those_of_the_mean_scores(trained: Compared, data: StudyData, runs: Runs) -> None:
    arms = trained.results.arms
    for verdict in judged(data, runs).verdicts:
        means = [arms[a].summary[verdict.task]["test"][verdict.metric][0] for a in ("hard", "single")]
        assert verdict.difference == pytest.approx(means[0] - means[1], abs=1e-9)
        assert (verdict.m, verdict.seeds, verdict.baseline, verdict.preliminary) == (4, 3, "single", True)


def test_an_arm_is_compared_with_the_baseline_it_names(data: StudyData, runs: Runs) -> None:
    changes = {"arms": {"hard": {}, "other": {"baseline": "hard", "training": {"epochs": 2}}}}
    found = judged(data, {**runs, "other": runs["hard"]}, changes).verdicts
    others = [v for v in found if v.arm == "other"]
    assert [v.baseline for v in others] == ["hard"] * 4
    assert [v.difference for v in others] == [0.0] * 4
    assert {v.m for v in found} == {8}


def test_single_under_an_arms_overrides_is_single_to_a_reader(data: StudyData, runs: Runs) -> None:
    changes = {"arms": {"big": {"training": {"epochs": 2}}}}
    found = judged(
        data, {"single": runs["single"], "single[big]": runs["single"], "big": runs["hard"]}, changes
    )
    assert {v.baseline for v in found.verdicts} == {"single"}
    assert found.recommendation is not None


def test_without_a_test_split_nothing_is_judged(data: StudyData, runs: Runs) -> None:
    found = judged(data, runs, scored="validation")
    assert (found.verdicts, found.sentences, found.recommendation) == ([], [], None)
    assert len(found.warnings) == 1


def test_a_study_of_single_runs_alone_has_nothing_to_judge(data: StudyData, runs: Runs) -> None:
    assert judged(data, runs, {"arms": {}}) == Judged([], [], None, [])


def test_a_failed_seed_is_left_out_and_counted(data: StudyData, runs: Runs) -> None:
    first, *others = runs["hard"]
    failed = replace(first, record=first.record.model_copy(update={"failed": "it diverged"}))
    for verdict in judged(data, {**runs, "hard": [failed, *others]}).verdicts:
        assert verdict.seeds == 2
        assert any("1 failed seed of hard" in mark for mark in verdict.marks)


def test_an_arm_of_failed_seeds_only_has_no_verdict(data: StudyData, runs: Runs) -> None:
    failed = [replace(r, record=r.record.model_copy(update={"failed": "it diverged"})) for r in runs["hard"]]
    for verdict in judged(data, {**runs, "hard": failed}).verdicts:
        assert (verdict.verdict, verdict.difference, verdict.seeds) == ("inconclusive", None, 0)


def test_a_second_look_is_marked(data: StudyData, runs: Runs) -> None:
    for second in (False, True):
        for verdict in judged(data, runs, second_look=second).verdicts:
            assert any("second look" in mark for mark in verdict.marks) == second


def test_rows_of_a_group_are_resampled_together(data: StudyData, runs: Runs) -> None:
    assert data.test is not None
    rows = len(data.test)
    paired = replace(data, test=replace(data.test, groups=data.test.groups // 2 * 2, grouped=True))
    together = replace(data, test=replace(data.test, groups=data.test.groups * 0, grouped=False))
    one, two, ungrouped = (judged(d, runs).verdicts[0] for d in (data, paired, together))
    assert rows > 20
    assert one.difference == two.difference
    assert one.variance != two.variance
    assert one.variance == ungrouped.variance  # Undeclared groups only number the rows.


def test_a_point_is_the_margin_unless_another_is_declared(data: StudyData) -> None:
    regression = {"data": "talk", "kind": "regression", "label": "loud", "metric": "mae", "margin": 0.5}
    study = Study(**keys_with({"tasks.polite.margin": 0.03, "tasks.stars": regression}))
    assert margin_of(study, data.tasks["polite"]) == 0.03
    assert margin_of(study, data.tasks["loud"]) == 0.01
