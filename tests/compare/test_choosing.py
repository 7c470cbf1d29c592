"""Sweeps from the study file to the report: trials, the choice on validation, the family of verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sharewise.compare import Results, compare, estimate, load_results, plan_arms
from sharewise.compare.choosing import about_sweeps, choose, front, validation_score
from sharewise.compare.planning import PlannedArm
from sharewise.errors import UserError
from sharewise.report.sweeps import sweeps
from sharewise.study import Study
from tiny_study import keys_with, tiny_study

SWEEP = {"hard": {"weights": [{"polite": 0.2, "loud": 0.8}, {"topic": 4.0}]}}
SETTINGS = ["hard[polite=0.2,loud=0.8]", "hard[topic=4]", "hard[equal]"]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path, Results]:
    folder = tmp_path_factory.mktemp("swept")
    study = tiny_study(folder, {"sweep": SWEEP, "seeds": [1, 2]})
    return study, folder, compare(study, runs=folder / "runs", workers=1)


def trials(**changes: Any) -> dict[str, tuple[int, str | None]]:
    return {a.name: (a.trials, a.baseline) for a in plan_arms(Study(**keys_with(changes)))}


def test_weights_are_no_trials_of_a_model_of_one_task() -> None:
    assert trials(sweep=SWEEP) == {"single": (1, None)} | dict.fromkeys(SETTINGS, (3, "single"))


def test_a_learning_rate_is_tried_as_often_for_the_baseline() -> None:
    rates = {"training.learning_rate": [0.01, 1e-3]}
    arms = {"hard": {}, "mlp": {"head": "mlp"}, "plain": {"head": "mlp"}}
    assert trials(arms=arms, sweep={"hard": rates, "mlp": rates}) == {
        "single": (2, None),
        "hard[learning_rate=0.01]": (2, "single"),
        "single[hard[learning_rate=0.001]]": (2, None),
        "hard[learning_rate=0.001]": (2, "single[hard[learning_rate=0.001]]"),
        "mlp[learning_rate=0.01]": (2, "single"),
        "mlp[learning_rate=0.001]": (2, "single[hard[learning_rate=0.001]]"),
        "plain": (1, "single"),
    }


def test_the_plan_shows_the_arms_and_strict_refuses_unequal_trials(tmp_path: Path) -> None:
    study = tiny_study(tmp_path, {"sweep": SWEEP, "seeds": [1]})
    plan = estimate(study, runs=tmp_path / "runs", workers=1)
    assert {run.label for run in plan.runs} >= {f"{name}, seed 1" for name in SETTINGS}
    with pytest.raises(UserError, match="3 tuning trials against 1 with single"):
        estimate(study, runs=tmp_path / "runs", workers=1, strict=True)


def test_every_setting_is_trained_judged_and_counted(swept: tuple[Study, Path, Results]) -> None:
    _, _, results = swept
    assert [name for name, arm in results.arms.items() if arm.swept] == SETTINGS
    assert {results.arms[name].trials for name in SETTINGS} == {3}
    assert {v.arm for v in results.verdicts} == set(SETTINGS)
    assert {v.m for v in results.verdicts} == {3 * len(results.tasks)}
    marks = {mark for verdict in results.verdicts for mark in verdict.marks}
    assert any("3 tuning trials against 1 with single" in mark for mark in marks)


def test_the_setting_with_the_best_validation_scores_is_chosen(swept: tuple[Study, Path, Results]) -> None:
    _, _, results = swept
    expected = {}
    for name in SETTINGS:
        summary = results.arms[name].summary
        means = [summary[task]["validation"][record.metric][0] for task, record in results.tasks.items()]
        expected[name] = sum(means) / len(means)
    scores = {name: results.arms[name].swept.score for name in SETTINGS}  # type: ignore[union-attr]
    assert scores == pytest.approx(expected)
    chosen = [name for name in SETTINGS if results.arms[name].swept.chosen]  # type: ignore[union-attr]
    assert chosen == [max(SETTINGS, key=lambda name: expected[name])]
    assert results.recommendation is not None
    assert results.recommendation.arm in ("single", *chosen)


def test_only_the_chosen_setting_is_recommended_whatever_test_says(
    swept: tuple[Study, Path, Results],
) -> None:
    _, folder, results = swept
    chosen = next(name for name in SETTINGS if results.arms[name].swept.chosen)  # type: ignore[union-attr]
    other = next(name for name in SETTINGS if name != chosen)
    # An objection of any kind that bars makes the advice be given anew, from verdicts that here favour the other.
    content = json.loads((folder / "runs" / "tiny" / "results.json").read_text(encoding="utf-8"))
    for verdict in content["verdicts"]:
        verdict["verdict"] = "helps" if verdict["arm"] == other else "inconclusive"
    bar = {"kind": "selection", "arm": chosen, "baseline": None, "text": "its weights were chosen on test"}
    content["objections"].append(bar)
    copy = folder / "edited"
    copy.mkdir()
    (copy / "results.json").write_text(json.dumps(content), encoding="utf-8")
    advice = load_results(copy).recommendation
    assert advice is not None
    assert advice.arm == "single"


def test_the_report_shows_the_sweep(swept: tuple[Study, Path, Results]) -> None:
    _, _, results = swept
    told, _, table = sweeps(results).blocks
    assert "3 settings tried" in told.items[0]
    assert "equal weights were added" in told.items[0]
    assert "its baseline had 1 different setting" in told.items[0]
    assert [row[0].text for row in table.rows] == SETTINGS
    assert [row[1].text for row in table.rows].count("chosen") == 1
    assert any(row[3].text == "on it" for row in table.rows)


def test_a_setting_with_a_failed_run_has_no_score_and_is_not_chosen(
    swept: tuple[Study, Path, Results],
) -> None:
    study, _, results = swept
    best = next(name for name in SETTINGS if results.arms[name].swept.chosen)  # type: ignore[union-attr]
    runs = [
        run.model_copy(update={"failed": "loss is not finite"}) if (run.arm, run.seed) == (best, 2) else run
        for run in results.runs
    ]
    found = choose(study, runs, results.tasks)
    assert (found[best].score, found[best].chosen) == (None, False)
    assert sum(record.chosen for record in found.values()) == 1
    none = choose(study, [], results.tasks)
    assert not any(record.chosen for record in none.values())
    assert about_sweeps(none, plan_arms(study), [], results.tasks) == [
        "hard: no setting of its sweep could be chosen, for each lacks a score on validation"
    ]


def test_a_baseline_that_is_not_the_best_on_validation_is_told(swept: tuple[Study, Path, Results]) -> None:
    study, _, results = swept
    found = choose(study, results.runs, results.tasks)
    best = next(name for name in SETTINGS if found[name].chosen)
    worst = min(SETTINGS, key=lambda name: found[name].score or 0.0)
    assert worst != best
    # The chosen setting is held against a worse arm than another is.
    resolved = study.resolve("single")
    arms = [
        PlannedArm(name=name, resolved=resolved, baseline=worst if name == best else best)
        for name in SETTINGS
    ]
    (warning,) = about_sweeps(found, arms, results.runs, results.tasks)
    assert f"{best}, is compared with {worst}; {best} scores higher there" in warning
    assert validation_score([], results.tasks) is None


def test_errors_count_negative(swept: tuple[Study, Path, Results]) -> None:
    _, _, results = swept
    runs = [run for run in results.runs if run.arm == SETTINGS[0]]
    tasks = {"good": results.tasks["good"]}
    errors = {"good": tasks["good"].model_copy(update={"higher_is_better": False})}
    assert validation_score(runs, errors) == pytest.approx(-(validation_score(runs, tasks) or 0.0))


def test_the_front_holds_what_no_other_beats() -> None:
    points = {"a": (1.0, 0.0), "b": (0.0, 1.0), "c": (0.5, 0.0), "d": (1.0, 0.0), "e": (None, 2.0)}
    assert front(points) == {"a", "b", "d"}
