"""Sweeps whose worse half is stopped after each seed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from sharewise.compare import Results, compare, estimate, load_results, plan_arms
from sharewise.compare.choosing import Primary
from sharewise.compare.halving import halve
from sharewise.errors import UserError
from sharewise.report.sweeps import sweeps
from sharewise.study import Study
from tiny_study import Spy, keys_with, numbers, tiny_study

RATES = [0.02, 1e-2, 1e-3, 1e-6, 1e-7]
SWEEP = {"hard": {"training.learning_rate": RATES}}
TASKS = {"polite": Primary("accuracy", True)}


def swept_study(**changes: object) -> Study:
    return Study(**keys_with({"sweep": SWEEP, "halving": True} | changes))


def runs_of(scores: dict[str, float | None], seed: int = 1) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(
            arm=arm,
            seed=seed,
            failed=None if score is not None else "the loss was not a finite number",
            metrics={"polite": {"validation": {} if score is None else {"accuracy": score}}},
        )
        for arm, score in scores.items()
    ]


def test_the_worse_half_is_stopped_and_of_an_odd_number_the_smaller():
    study = swept_study()
    names = list(study.settings)
    study, stopped = halve(study, runs_of(dict(zip(names, (0.5, 0.9, 0.7, None, 0.7), strict=True))), TASKS)
    assert [(s.name, s.score, s.best, s.best_score, s.seeds) for s in stopped] == [
        (names[0], 0.5, names[1], 0.9, [1]),
        (names[3], None, names[1], 0.9, [1]),
    ]
    assert study.stopped == {names[0], names[3]}
    # The second seed turns the order round; what is stopped stays so.
    more = runs_of({names[1]: 0.0, names[2]: 0.8, names[4]: 0.7}, seed=2)
    before = runs_of({names[1]: 0.9, names[2]: 0.7, names[4]: 0.7})
    study, stopped = halve(study, [*before, *more], TASKS)
    assert [(s.name, s.seeds) for s in stopped] == [(names[1], [1, 2])]
    assert study.stopped == {names[0], names[1], names[3]}
    assert [arm.name for arm in plan_arms(study) if arm.one_model] == [names[2], names[4]]


def test_what_scores_as_the_last_of_the_better_half_stays():
    names = list(swept_study().settings)
    study, _ = halve(swept_study(), runs_of(dict(zip(names, (0.7, 0.9, 0.7, 0.7, 0.1), strict=True))), TASKS)
    assert study.stopped == {names[4]}


def test_equal_weights_are_never_stopped_and_counted_apart():
    weights = [{"polite": 0.2}, {"polite": 0.5}, {"polite": 3.0}]
    study = swept_study(sweep={"hard": {"weights": weights}})
    names = list(study.settings)
    study, stopped = halve(study, runs_of(dict(zip(names, (0.7, 0.8, 0.9, 0.1), strict=True))), TASKS)
    assert study.stopped == {names[0]}
    assert stopped[0].best == names[2]
    study, _ = halve(study, runs_of(dict(zip(names[1:], (0.8, 0.9, 0.1), strict=True))), TASKS)
    assert study.stopped == set(names[:2])


def test_baselines_go_with_the_last_arm_that_is_compared_with_them_and_trials_still_count():
    whole = {arm.name: arm for arm in plan_arms(swept_study())}
    study = swept_study()
    first, second, *_ = study.settings
    left = {arm.name: arm for arm in plan_arms(study.with_stopped(set(study.settings) - {first, second}))}
    assert set(left) == {"single", first, second, whole[first].baseline, whole[second].baseline}
    assert all(arm == whole[name] for name, arm in left.items())
    assert left[first].trials == len(RATES)


@pytest.fixture(scope="module")
def halved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path, Results, Spy]:
    folder, spy = tmp_path_factory.mktemp("halved"), Spy()
    study = tiny_study(folder, {"sweep": SWEEP, "halving": True, "seeds": [1, 2, 3]})
    return study, folder, compare(study, runs=folder / "runs", workers=1, observer=spy), spy


def test_stopped_settings_are_told_and_not_judged(halved):
    study, folder, results, spy = halved
    assert [len(record.seeds) for record in results.stopped] == [1, 1, 2]
    behind = {record.name for record in results.stopped}
    kept = [name for name, arm in results.arms.items() if arm.swept]
    assert len(kept) == 2
    assert behind.isdisjoint(kept)
    assert {verdict.arm for verdict in results.verdicts} == set(kept)
    assert {verdict.m for verdict in results.verdicts} == {len(RATES) * len(results.tasks)}
    assert {(verdict.verdict, verdict.interval) for verdict in results.verdicts} == {("inconclusive", None)}
    assert all("settings of hard were stopped by the scores" in v.marks[0] for v in results.verdicts)
    assert results.recommendation.arm == "single"
    assert {results.arms[name].trials for name in kept} == {len(RATES)}
    assert all(record.score <= record.best_score for record in results.stopped)
    assert sorted(run.seed for run in results.runs if run.arm == kept[0]) == [1, 2, 3]
    made = [label for label in spy.made if label.startswith("hard[")]
    assert len(made) == len(set(made)) == 5 + 3 + 2
    assert spy.cached == []
    assert load_results(folder / "runs" / study.name).stopped == results.stopped
    for record in results.stopped:
        assert list((folder / "runs" / study.name / record.name).glob("**/run.json"))
        assert not list((folder / "runs" / study.name / record.name).glob("**/model"))


def test_made_again_it_stops_the_same_and_trains_nothing(halved):
    study, folder, results, _ = halved
    spy = Spy()
    again = compare(study, runs=folder / "runs", workers=1, observer=spy)
    assert spy.made == []
    assert numbers(again) == numbers(results)


def test_the_report_and_the_plan_say_so(halved):
    study, folder, results, _ = halved
    section = repr(sweeps(results))
    assert (
        "5 settings tried, 2 with every seed; the others were stopped while behind, which spared 5 of its runs"
        in section
    )
    assert "Settings of hard that were stopped, validation split" in section
    assert all(record.name in section for record in results.stopped)
    # The plan counts what there would be without stopping.
    assert len([run for run in estimate(study, runs=folder / "runs", workers=1).runs if run.on_disk]) >= 10


def test_strict_refuses_it_before_anything_is_trained(tmp_path):
    spy = Spy()
    study = tiny_study(tmp_path, {"sweep": SWEEP, "halving": True, "seeds": [1, 2]})
    with pytest.raises(UserError, match="settings of hard were stopped by the scores"):
        compare(study, runs=tmp_path / "runs", workers=1, observer=spy, strict=True)
    assert spy.made == []
    assert not swept_study(seeds=[1]).halves
    assert not swept_study(sweep={}).halves


def test_with_keep_all_the_weights_of_stopped_settings_stay(tmp_path):
    study = tiny_study(tmp_path, {"sweep": SWEEP, "halving": True, "seeds": [1, 2], "keep": "all"})
    results = compare(study, runs=tmp_path / "runs", workers=1)
    for record in results.stopped:
        assert list((tmp_path / "runs" / study.name / record.name).glob("**/model"))
    assert not any("keep is `all`" in warning for warning in results.warnings)
