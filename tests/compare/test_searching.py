"""Searches from the study file to the report: equal trials, pruning, the same again from disk, the choice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from sharewise.compare import Results, compare, estimate, load_results, plan_arms
from sharewise.compare import searching as module
from sharewise.compare.choosing import validation_score
from sharewise.compare.comparison import study_folder, workspace_for
from sharewise.compare.searching import search
from sharewise.compare.watching import SilentStudy
from sharewise.errors import RunError, UserError
from sharewise.report.sweeps import sweeps
from sharewise.study import Study
from sharewise.study.searching import Range
from tiny_study import keys_with, tiny_study

RATES = {"training.learning_rate": {"low": 1e-5, "high": 0.05, "log": True}}
TASKS = {"tasks.topic": None, "tasks.good": None}
TWO = TASKS | {"seeds": [1, 2], "training.epochs": 2}
SEARCH = {"hard": {"over": RATES | {"head": ["linear", "mlp"]}, "trials": 6}}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path, Results]:
    folder = tmp_path_factory.mktemp("searched")
    study = tiny_study(folder, TWO | {"search": SEARCH})
    return study, folder, compare(study, runs=folder / "runs", workers=1)


def _search(study: Study, folder: Path) -> tuple[Study, list[Any]]:
    root = study_folder(study, folder / "runs")
    return search(study, workspace_for(study, folder / "runs"), root, SilentStudy())


def test_the_arm_and_its_baseline_have_as_many_trials(searched: tuple[Study, Path, Results]) -> None:
    study, _, results = searched
    assert [len(record.trials) for record in results.searches] == [6, 6]
    arm, alone = (record.arm for record in results.searches)
    assert arm.startswith("hard[learning_rate=")
    assert alone == "single[hard]"
    # The baseline is searched over what makes a difference to models of one task.
    assert set(results.searches[0].trials[0].values) == {"training.learning_rate", "head"}
    assert set(results.searches[1].trials[0].values) == {"training.learning_rate"}
    assert {results.arms[name].trials for name in (arm, results.arms[arm].baseline)} == {6}
    assert not results.objections
    assert {arm.name: arm.trials for arm in plan_arms(study)} == {"single": 6, "hard": 6}


def test_the_chosen_setting_alone_is_trained_with_every_seed_and_judged(
    searched: tuple[Study, Path, Results],
) -> None:
    _, folder, results = searched
    record = results.searches[0]
    (chosen,) = [trial for trial in record.trials if trial.chosen]
    complete = [trial.score for trial in record.trials if trial.state == "complete"]
    assert chosen.score == max(complete)
    assert [run.seed for run in results.runs if run.arm == record.arm] == [1, 2]
    assert {verdict.arm for verdict in results.verdicts} == {record.arm}
    assert {verdict.m for verdict in results.verdicts} == {2}
    training = results.arms[record.arm].training
    assert training["learning_rate"] == chosen.values["training.learning_rate"]
    # The chosen trial is the first seed's run.
    runs = [run for run in results.runs if (run.arm, run.seed) == (record.arm, 1)]
    assert validation_score(runs, results.tasks) == pytest.approx(chosen.score)
    made = list((folder / "runs" / "tiny" / "hard" / "all").glob("seed-1-*/run.json"))
    assert len(made) == sum(trial.state == "complete" for trial in record.trials)


def test_weights_of_trials_that_were_not_chosen_are_gone(searched: tuple[Study, Path, Results]) -> None:
    _, folder, results = searched
    root = folder / "runs" / "tiny"
    kept = {path.parent.relative_to(root).as_posix() for path in root.glob("*/*/seed-*/model")}
    assert kept <= {run.folder for run in results.runs}
    assert not list(root.glob("*/*/seed-*/checkpoints/step-*"))


def test_made_again_it_trains_nothing_and_finds_the_same(
    searched: tuple[Study, Path, Results], monkeypatch: pytest.MonkeyPatch
) -> None:
    study, folder, results = searched

    def refuse(*arguments: Any, **keys: Any) -> None:
        raise AssertionError("a run is made again")

    monkeypatch.setattr(module, "make_run", refuse)
    found, records = _search(study, folder)
    assert records == results.searches
    assert list(found.compared_arms) == [records[0].arm]


def test_stopped_in_a_trial_it_goes_on_to_the_same_end(
    searched: tuple[Study, Path, Results], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, results = searched
    study = tiny_study(tmp_path, TWO | {"search": SEARCH})
    real, calls = module._Watching.on_evaluation, []

    def stopping(self: Any, record: Any) -> None:
        calls.append(record)
        if len(calls) in (3, 6, 7):
            raise KeyboardInterrupt
        real(self, record)

    monkeypatch.setattr(module._Watching, "on_evaluation", stopping)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            _search(study, tmp_path)
    assert _search(study, tmp_path)[1] == results.searches


def test_bad_trials_are_pruned_and_never_chosen(tmp_path: Path) -> None:
    rates = {"training.learning_rate": [1e-9, 2e-9, 3e-9, 0.02, 0.05, 0.03]}
    over = {"over": rates, "trials": 12}
    study = tiny_study(tmp_path, TWO | {"training.epochs": 3, "search": {"hard": over}})
    _, records = _search(study, tmp_path)
    pruned = [trial for trial in records[0].trials if trial.state == "pruned"]
    assert pruned
    assert all(1 < trial.steps <= 3 and not trial.chosen and not trial.metrics for trial in pruned)
    patient = study.model_copy(
        update={"search": {"hard": study.search["hard"].model_copy(update={"pruner": "none"})}}
    )
    _, unpruned = _search(patient, tmp_path)
    assert {trial.state for trial in unpruned[0].trials} == {"complete"}
    # Without pruning no more can be found than a better one.
    assert max(t.score for t in unpruned[0].trials) >= max(t.score for t in records[0].trials if t.chosen)


def test_tuned_equal_weights_are_among_the_rows(tmp_path: Path) -> None:
    over = {"weights.polite": {"low": 0.1, "high": 10.0, "log": True}} | RATES
    study = tiny_study(
        tmp_path, TWO | {"seeds": [1], "training.epochs": 1, "search": {"hard": {"over": over, "trials": 3}}}
    )
    results = compare(study, runs=tmp_path / "runs", workers=1)
    assert [len(record.trials) for record in results.searches] == [3, 3, 3]
    arm, equal, _ = results.searches
    assert equal.arm.startswith("hard[equal,learning_rate=")
    assert "weights.polite" not in equal.trials[0].values
    assert set(results.arms) >= {arm.arm, equal.arm}
    overrides = results.arms[equal.arm].overrides["tasks"]
    assert {task: keys["weight"] for task, keys in overrides.items()} == {"polite": 1.0, "loud": 1.0}
    assert {verdict.arm for verdict in results.verdicts} == {arm.arm, equal.arm}


def test_where_nothing_else_is_searched_equal_weights_take_one_trial(tmp_path: Path) -> None:
    over = {"weights": [{"polite": 2.0}, {"polite": 3.0}]}
    study = Study(**keys_with(TASKS | {"search": {"hard": {"over": over, "trials": 2}}}))
    assert [(c.role, c.trials) for c in study.contestants] == [("arm", 2), ("equal", 1), ("baseline", 1)]
    assert {a.name: a.trials for a in plan_arms(study)} == {"single": 1, "hard": 2}


def test_a_search_without_a_score_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = tiny_study(tmp_path, TWO | {"search": {"hard": {"over": RATES, "trials": 2}}})
    monkeypatch.setattr(module, "validation_score", lambda runs, tasks: None)
    with pytest.raises(RunError, match=r"search\.hard: none of 2 trials"):
        _search(study, tmp_path)


def test_strict_and_the_plan_count_trials(tmp_path: Path) -> None:
    study = tiny_study(
        tmp_path, TWO | {"search": {"hard": {"over": {"head": ["linear", "mlp"]}, "trials": 2}}}
    )
    with pytest.raises(UserError, match="2 tuning trials against 1 with single"):
        estimate(study, runs=tmp_path / "runs", workers=1, strict=True)
    study = tiny_study(tmp_path, TWO | {"search": SEARCH})
    plan = estimate(study, runs=tmp_path / "runs", workers=1, strict=True)
    labels = [run.label for run in plan.runs]
    assert labels[-2:] == ["hard: search of 6 trials", "hard: search of 6 trials, models of one task"]
    one = next(run for run in plan.runs if run.label == "hard, seed 1")
    assert (plan.runs[-2].updates, plan.runs[-2].rows) == (6 * one.updates, 6 * one.rows)


def test_the_report_shows_every_trial(searched: tuple[Study, Path, Results]) -> None:
    _, folder, results = searched
    section = sweeps(load_results(folder / "runs" / "tiny"))
    told, figure, table, *_ = section.blocks
    assert section.title == "Sweeps and searches"
    assert "6 trials with seed 1" in told.items[0]
    assert "On the Pareto front: trial " in told.items[0]
    assert [row[0].text for row in table.rows] == [str(n) for n in range(1, 7)]
    assert [row[1].text for row in table.rows].count("chosen") == 1
    assert figure.charts[0].when == "wide"
    assert results.searches[0].pruner == "median"


def test_drawn_values_have_few_digits_and_stay_between_the_ends() -> None:
    axis = Range(low=1.2345e-5, high=0.98765)
    assert axis.rounded(0.000123456) == 0.000123
    assert axis.rounded(1.23e-5) == 1.2345e-5
    assert axis.rounded(0.98764) == 0.98765


def test_no_run_is_left_without_its_search(searched: tuple[Study, Path, Results], tmp_path: Path) -> None:
    """More trials begin with those that were made."""
    _, folder, results = searched
    shutil.copytree(folder, tmp_path / "copy")
    more = tiny_study(tmp_path / "copy", TWO | {"search": {"hard": SEARCH["hard"] | {"trials": 7}}})
    _, records = _search(more, tmp_path / "copy")
    for before, after in zip(results.searches, records, strict=True):
        assert [t.values for t in after.trials[:6]] == [t.values for t in before.trials]
        assert [t.score for t in after.trials[:6]] == [t.score for t in before.trials]
