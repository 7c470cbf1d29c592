"""Unfairness is found, whoever made it: in the study, in a run's folder, or in results.json itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sharewise.compare import Results, compare, estimate, load_results
from sharewise.compare.fairness import audited, objections
from sharewise.errors import UserError
from tiny_study import Compared, tiny_study

Change = Callable[[dict[str, Any]], None]
UNEQUAL = {"arms": {"hard": {}, "longer": {"baseline": "hard", "training": {"epochs": 2, "patience": 1}}}}


def kinds(results: Results) -> dict[str, list[str]]:
    """Arm -> kinds of objections."""
    found: dict[str, list[str]] = {}
    for objection in results.objections:
        found.setdefault(objection.arm, []).append(objection.kind)
    return found


def edit(file: Path, change: Change) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


def edited_results(compared: Compared, change: Change) -> Results:
    """What is read of results.json after a change."""
    edit(compared.root / "results.json", change)
    return load_results(compared.root)


def edited_run(compared: Compared, arm: str, change: Change, *, seed: int = 2) -> Results:
    """What the study comes to after a change of one run's record on disk."""
    folder = next(r.folder for r in compared.results.runs if r.arm == arm and r.seed == seed)
    edit(compared.root / folder / "run.json", lambda content: change(content["record"]))
    return compare(compared.study, runs=compared.runs, workers=1)


def edited_record(compared: Compared, arm: str, change: Change, *, seed: int = 2) -> Results:
    """What is read of results.json after a change of one run's record in it."""

    def change_run(content: dict[str, Any]) -> None:
        change(next(run for run in runs_of(content, arm) if run["seed"] == seed))

    return edited_results(compared, change_run)


def runs_of(content: dict[str, Any], arm: str) -> list[dict[str, Any]]:
    return [run for run in content["runs"] if run["arm"] == arm]


def assert_barred(results: Results, kind: str, words: str) -> None:
    """No verdict stands, and every one says why."""
    assert list(kinds(results)) == ["hard"]
    assert words in next(o.text for o in results.objections if o.kind == kind)
    for verdict, sentence in zip(results.verdicts, results.sentences, strict=True):
        assert (verdict.verdict, verdict.interval, verdict.not_worse) == ("inconclusive", None, None)
        assert verdict.marks[0].startswith("No verdict: ")
        assert verdict.marks[0] in sentence
        assert any(words in mark for mark in verdict.marks)
    assert results.recommendation is not None
    assert results.recommendation.arm == "single"


def test_an_honest_study_has_nothing_to_object_to(trained: Compared) -> None:
    assert trained.results.objections == []
    assert objections(trained.results) == []
    assert audited(trained.results) is trained.results


# --- More updates ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unequal(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    folder = tmp_path_factory.mktemp("unequal")
    study = tiny_study(folder, UNEQUAL)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        results = compare(study, runs=folder / "runs", workers=1)
    return Compared(folder / "study.yaml", folder / "runs", results, None)  # type: ignore[arg-type]


def test_more_updates_and_another_rule_are_named_next_to_the_verdict(unequal: Compared) -> None:
    assert kinds(unequal.results) == {"longer": ["budget", "rule"]}
    for verdict, sentence in zip(unequal.results.verdicts, unequal.results.sentences, strict=True):
        marks = [mark for mark in verdict.marks if mark.startswith("Unequal")]
        assert len(marks) == (2 if verdict.arm == "longer" else 0)
        assert all(mark in sentence for mark in marks)
        assert verdict.interval is not None
    budget, rule = (o.mark for o in unequal.results.objections)
    assert "planned updates against" in budget
    assert "epochs 2 against 1 with hard" in budget
    assert rule == "Unequal rules: longer has patience 1 against 3 with hard."
    assert load_results(unequal.root) == unequal.results


def test_strict_refuses_them_before_anything_is_trained(tmp_path: Path) -> None:
    study = tiny_study(tmp_path, UNEQUAL)
    for refused in (compare, estimate):
        with pytest.raises(
            UserError, match=r"(?s)--strict: .*epochs 2 against 1.*patience 1 against 3"
        ) as error:
            refused(study, runs=tmp_path / "runs", strict=True)
        assert "planned updates against" in str(error.value)
    assert not list(tmp_path.glob("runs/tiny/*/*/*"))


def test_early_stopping_is_no_unfairness(compared: Compared) -> None:
    """Updates really made may differ: they are reported, and strict lets them pass."""

    def stop(record: dict[str, Any]) -> None:
        record["stopped_early"] = True
        record["updates_made"] = {task: made - 1 for task, made in record["updates_made"].items()}

    folder = next(r.folder for r in compared.results.runs if r.arm == "hard")
    edit(compared.root / folder / "run.json", lambda content: stop(content["record"]))
    results = compare(compared.study, runs=compared.runs, workers=1, strict=True)
    assert results.objections == []
    assert results.arms["hard"].updates_made["polite"] < results.arms["hard"].updates["polite"]


def test_a_run_with_more_updates_than_its_baseline_is_named_and_strict_refuses_it(compared: Compared) -> None:
    def more(record: dict[str, Any]) -> None:
        record["updates"] = {task: 2 * n for task, n in record["updates"].items()}

    results = edited_run(compared, "hard", more)
    assert kinds(results) == {"hard": ["budget"]}
    assert all(any("planned updates against" in mark for mark in v.marks) for v in results.verdicts)
    (compared.root / "results.json").unlink()
    with pytest.raises(
        UserError, match="--strict: arms are not compared fairly:\n  Unequal budgets: hard has"
    ):
        compare(compared.study, runs=compared.runs, workers=1, strict=True)
    assert not (compared.root / "results.json").exists()


def test_updates_beyond_the_plan_bar_the_verdict(compared: Compared) -> None:
    def more(record: dict[str, Any]) -> None:
        record["updates_made"]["loud"] += 5

    assert_barred(edited_run(compared, "hard", more), "record", "updates of loud were made and only")


def test_more_updates_in_results_json_are_found_when_it_is_read(compared: Compared) -> None:
    def more(content: dict[str, Any]) -> None:
        for run in runs_of(content, "hard"):
            run["updates"]["polite"] += 7
        content["arms"]["hard"]["updates"]["polite"] += 7

    results = edited_results(compared, more)
    assert kinds(results) == {"hard": ["budget"]}


# --- The best seed only ----------------------------------------------------------------------------------------------


def test_the_best_seed_alone_bars_the_verdict(compared: Compared) -> None:
    def best_only(content: dict[str, Any]) -> None:
        content["runs"] = runs_of(content, "single") + runs_of(content, "hard")[1:2]
        best = runs_of(content, "hard")[0]
        for task, by_split in content["arms"]["hard"]["summary"].items():
            for split, summary in by_split.items():
                values = best["metrics"][task][split]
                by_split[split] = {name: (values[name], 0.0) for name in summary if name in values}
        content["verdicts"] = [v | {"difference": None} for v in content["verdicts"]]

    results = edited_results(compared, best_only)
    assert_barred(
        results, "seeds", "hard has seed 2 where the study has seeds 1, 2, 3; the best of several seeds"
    )


def test_a_mean_without_the_worst_seed_is_no_mean(compared: Compared) -> None:
    def flatter(content: dict[str, Any]) -> None:
        content["arms"]["hard"]["summary"]["polite"]["test"]["mcc"][0] += 0.05

    assert_barred(
        edited_results(compared, flatter), "record", "mcc of polite under hard on test is not the mean over"
    )


def test_a_better_difference_than_the_runs_have_bars_the_verdict(compared: Compared) -> None:
    def flatter(content: dict[str, Any]) -> None:
        content["verdicts"][0] |= {
            "difference": content["verdicts"][0]["difference"] + 0.1,
            "verdict": "helps",
        }

    assert_barred(
        edited_results(compared, flatter), "record", "the difference on polite is not that of the runs"
    )


def test_a_seed_that_is_a_copy_of_another_bars_the_verdict(compared: Compared) -> None:
    folders = {r.seed: compared.root / r.folder for r in compared.results.runs if r.arm == "hard"}
    first, second = folders[1], folders[2]
    record = json.loads((second / "run.json").read_text())["record"]
    shutil.copyfile(first / "predictions.parquet", second / "predictions.parquet")
    shutil.copyfile(first / "run.json", second / "run.json")
    edit(second / "run.json", lambda content: content["record"].update(seed=2, hash=record["hash"]))
    results = compare(compared.study, runs=compared.runs, workers=1)
    assert_barred(results, "seeds", "seeds 1 and 2 of hard (all) are the same run")


# --- Selection -------------------------------------------------------------------------------------------------------


def test_weights_chosen_on_test_bar_the_verdict(compared: Compared) -> None:
    results = edited_run(compared, "hard", lambda record: record.update(selected_on="test"))
    assert_barred(results, "selection", "hard, seed 2: its weights were chosen on test, not on validation")


@pytest.fixture
def epochs(unequal: Compared, tmp_path: Path, one_thread: None) -> Compared:
    """A study with two evaluations a run in one arm, to be changed at will."""
    shutil.copytree(unequal.file.parent, tmp_path / "copy")
    folder = tmp_path / "copy"
    return Compared(folder / "study.yaml", folder / "runs", unequal.results, unequal.spy)


def other_epoch(record: dict[str, Any]) -> None:
    """Take the evaluation that selection did not prefer, as who looks at the test split would."""
    other = next(line for line in record["history"] if line["step"] != record["best_step"])
    record.update(best_step=other["step"], best_epoch=other["epoch"])


def test_another_epoch_than_validations_best_bars_the_verdict(epochs: Compared) -> None:
    results = edited_record(epochs, "longer", other_epoch)
    (text,) = [o.text for o in results.objections if o.kind == "selection"]
    assert text.startswith("longer, seed 2: epoch ")
    assert "was kept, though by its own history epoch" in text
    assert {v.interval is None for v in results.verdicts if v.arm == "longer"} == {True}
    assert {v.interval is None for v in results.verdicts if v.arm == "hard"} == {False}


def test_scores_that_do_not_follow_from_the_validation_metrics_bar_the_verdict(epochs: Compared) -> None:
    def cover_up(record: dict[str, Any]) -> None:
        other_epoch(record)
        for line in record["history"]:
            line["score"] = 1.0 if line["step"] == record["best_step"] else 0.0

    results = edited_record(epochs, "longer", cover_up)
    (text,) = [o.text for o in results.objections if o.kind == "selection"]
    assert "the selection score of epoch 1 is not that of its validation metrics" in text


def test_other_weights_than_the_selected_ones_bar_the_verdict(compared: Compared) -> None:
    def swap(record: dict[str, Any]) -> None:
        record["metrics"]["topic"]["validation"]["loss"] *= 1.2

    results = edited_record(compared, "hard", swap)
    assert "selection" in kinds(results)["hard"]
    assert any("kept weights' validation loss of topic" in o.text for o in results.objections)


def test_an_unfair_baseline_bars_every_arm_that_is_compared_with_it(compared: Compared) -> None:
    results = edited_record(compared, "single", lambda record: record.update(selected_on="test"))
    assert kinds(results) == {"single": ["selection"]}
    assert all(v.interval is None and "single polite, seed 2" in v.marks[0] for v in results.verdicts)


def test_a_run_that_diverged_must_count_as_failed(compared: Compared) -> None:
    def diverge(record: dict[str, Any]) -> None:
        record["history"][0].update(train_loss=None, validation_loss=None, score=None)

    results = edited_record(compared, "hard", diverge)
    assert any("not finite, and yet it doesn't count as failed" in o.text for o in results.objections)
