"""The main job from end to end: nothing is trained twice, nothing is lost, and arms are paired."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from sharewise.compare import RunSpec, compare, study_folder, train_one
from sharewise.compare.auditing import audit_study
from sharewise.compare.packing import threads_set
from sharewise.compare.results import Results, RunRecord
from sharewise.data.tokens import tokenize
from sharewise.errors import RunError, UserError
from sharewise.files import locked
from sharewise.models.saved import load_model
from sharewise.study import load_study
from sharewise.train.scoring import score_split
from tiny_study import Compared, Spy, SpyRun, numbers, read_rows, tiny_study, write_study

ALONE = {"tasks.loud": None, "tasks.topic": None, "tasks.good": None, "data.reviews": None}


def again(compared: Compared, changes: Mapping[str, Any] | None = None) -> tuple[Results, Spy]:
    """Compare a copy of the trained study once more, perhaps with other keys."""
    spy = Spy()
    study = tiny_study(compared.file.parent, changes)
    return compare(study, runs=compared.runs, observer=spy, workers=1), spy


def run_of(results: Results, arm: str, task: str, seed: int) -> RunRecord:
    return next(r for r in results.runs if (r.arm, r.task, r.seed) == (arm, task, seed))


def test_every_arm_task_and_seed_is_trained_and_told_of(trained: Compared) -> None:
    assert len(trained.results.runs) == len(trained.spy.made) == 15
    assert trained.spy.cached == []
    assert trained.spy.numbers == [(number, 15) for number in range(1, 16)]
    for told in trained.spy.runs.values():
        assert told.started == (0, told.steps[-1])
        assert told.steps == list(range(1, len(told.steps) + 1))
        assert (len(told.evaluations), told.ended) == (1, 1)


def test_there_is_a_verdict_for_every_task_and_arm(trained: Compared) -> None:
    verdicts = trained.results.verdicts
    assert [(v.arm, v.task, v.baseline, v.seeds, v.m) for v in verdicts] == [
        ("hard", task, "single", 3, 4) for task in ("polite", "loud", "topic", "good")
    ]
    assert len(trained.results.sentences) == 4
    assert trained.results.recommendation is not None


def test_results_on_disk_are_those_returned(trained: Compared) -> None:
    written = Results.model_validate_json((trained.root / "results.json").read_text())
    assert written == trained.results
    assert trained.root == study_folder(trained.study, trained.runs)


def test_single_gets_the_updates_that_its_task_gets_in_the_shared_arm(trained: Compared) -> None:
    results = trained.results
    for seed in (1, 2, 3):
        shared = run_of(results, "hard", "all", seed)
        for task in results.tasks:
            alone = run_of(results, "single", task, seed)
            assert alone.updates == alone.updates_made == {task: shared.updates[task]}
            assert shared.updates[task] == shared.updates_made[task] > 0
    # Tasks with holes, and of a smaller data set, get fewer; else the test says nothing.
    assert len(set(run_of(results, "hard", "all", 1).updates.values())) > 1


def test_predictions_join_with_the_users_files(trained: Compared) -> None:
    folder = trained.file.parent
    record = run_of(trained.results, "hard", "all", 2)
    frame = pl.read_parquet(trained.root / record.folder / "predictions.parquet")
    for task, labels in {n: t.labels for n, t in trained.results.tasks.items()}.items():
        for split, file in (("validation", "valid.csv"), ("test", "test.csv")):
            rows = read_rows(folder / ("reviews.csv" if task == "good" else file))
            part = frame.filter(pl.col("task") == task, pl.col("split") == split)
            assert part.height == trained.results.tasks[task].rows[split] > 0
            for row, target, output in part.select("row", "target", "output").iter_rows():
                assert rows[row][task] == labels[int(target)]
                assert sum(output) == pytest.approx(1.0) if len(labels) > 2 else 0 <= output[0] <= 1
            if task != "good":
                assert sorted(part["row"]) == [i for i, row in enumerate(rows) if row[task]]
    cut = frame.filter(pl.col("task") == "good")
    assert cut["row"].n_unique() == cut.height


def test_what_the_study_can_show_is_told_once_the_baseline_is_trained(trained: Compared) -> None:
    (powers,) = trained.spy.foreseen
    # The others answer every row alike, which tells nothing of models that learn.
    assert {"polite", "loud"} <= {power.task for power in powers}
    for power in powers:
        assert power.trained
        assert power.comparisons == 4
        mean, _ = trained.results.arms["single"].summary[power.task]["test"][power.metric]
        assert power.quality == pytest.approx(mean)


def test_an_audit_after_training_takes_what_the_baseline_showed(trained: Compared, tmp_path: Path) -> None:
    (foreseen,) = trained.spy.foreseen
    found = {power.task: power for power in audit_study(trained.study, runs=trained.runs).power}
    for power in foreseen:
        assert found[power.task] == power
    before = {power.task: power for power in audit_study(trained.study, runs=tmp_path).power}
    assert not any(power.trained for power in before.values())
    assert all(
        before[task].trained == found[task].trained for task in set(found) - {p.task for p in foreseen}
    )
    # Another seed has no run yet, so nothing is known again.
    more = load_study(trained.file, overrides=["seeds=[1, 2, 3, 4]"])
    assert not any(power.trained for power in audit_study(more, runs=trained.runs).power)


def test_compared_again_nothing_is_trained_and_nothing_changes(compared: Compared) -> None:
    results, spy = again(compared)
    assert spy.made == []
    assert spy.foreseen == []
    assert len(spy.cached) == 15
    assert numbers(results) == numbers(compared.results)
    assert results.arms == compared.results.arms  # Seconds too.


def test_an_added_seed_trains_its_own_runs_and_is_a_second_look(compared: Compared) -> None:
    results, spy = again(compared, {"seeds": [1, 2, 3, 4]})
    assert len(spy.made) == 5
    assert all(label.endswith("seed 4") for label in spy.made)
    before = {run.hash for run in compared.results.runs}
    assert before < {run.hash for run in results.runs}
    assert {v.seeds for v in results.verdicts} == {4}
    assert results.second_look
    assert all(any("second look" in mark for mark in v.marks) for v in results.verdicts)
    assert not compared.results.second_look
    settled, spy = again(compared, {"seeds": [1, 2, 3, 4]})
    assert spy.made == []
    assert settled.second_look


def test_an_added_arm_trains_its_own_runs_and_one_that_says_the_same_none(compared: Compared) -> None:
    arms = {
        "hard": {},
        "weighted": {"tasks": {"polite": {"weight": 2.0}}},
        "same": {"training": {"epochs": 1}},
        "twin": {"tasks": {"polite": {"weight": 2.0}}},
    }
    results, spy = again(compared, {"arms": arms})
    assert spy.made == [f"weighted, seed {seed}" for seed in (1, 2, 3)]
    assert len(spy.cached) == 15 + 3 + 3
    assert len(spy.foreseen) == 1
    assert list(results.arms) == ["single", "hard", "weighted", "same", "twin"]
    assert results.arms["same"].summary == results.arms["hard"].summary
    assert results.arms["twin"].summary == results.arms["weighted"].summary
    assert results.arms["weighted"].summary != results.arms["hard"].summary
    assert len(results.verdicts) == 16


def test_a_renamed_arm_is_not_trained_again(compared: Compared) -> None:
    results, spy = again(compared, {"arms": {"shared": {}}})
    assert spy.made == []
    assert list(results.arms) == ["single", "shared"]
    assert results.arms["shared"].summary == compared.results.arms["hard"].summary
    assert not results.second_look


def test_a_changed_target_trains_only_what_saw_it(compared: Compared) -> None:
    file = compared.file.parent / "train.csv"
    file.write_text(file.read_text().replace(",1,food", ",0,food"))
    _, spy = again(compared, {"seeds": [1]})
    assert spy.made == ["single loud, seed 1", "hard, seed 1"]


def test_hard_with_one_task_is_single_bit_for_bit(tmp_path: Path, one_thread: None) -> None:
    study = tiny_study(tmp_path, {**ALONE, "seeds": [1], "tasks.polite.weight": 3.0})
    results = compare(study, runs=tmp_path / "runs", workers=1)
    alone, shared = run_of(results, "single", "polite", 1), run_of(results, "hard", "all", 1)
    assert alone.folder != shared.folder
    assert alone.metrics == shared.metrics
    assert [h.model_copy(update={"seconds": 0.0}) for h in alone.history] == [
        h.model_copy(update={"seconds": 0.0}) for h in shared.history
    ]
    files = [tmp_path / "runs" / "tiny" / run.folder / "predictions.parquet" for run in (alone, shared)]
    assert pl.read_parquet(files[0]).equals(pl.read_parquet(files[1]))
    assert results.verdicts[0].difference == 0.0


def test_without_a_test_split_there_are_validation_numbers_and_no_verdict(
    tmp_path: Path, one_thread: None
) -> None:
    study = tiny_study(tmp_path, {**ALONE, "seeds": [1], "data.talk.test": None})
    results = compare(study, runs=tmp_path / "runs", workers=1)
    assert results.scored == "validation"
    assert (results.verdicts, results.sentences, results.recommendation) == ([], [], None)
    assert [w for w in results.warnings if "no test split" in w and "no verdict" in w]
    assert results.tasks["polite"].baselines["majority"]["mcc"] == 0.0
    for run in results.runs:
        assert list(run.metrics["polite"]) == ["validation"]
        frame = pl.read_parquet(tmp_path / "runs" / "tiny" / run.folder / "predictions.parquet")
        assert frame["split"].unique().to_list() == ["validation"]


def test_one_run_made_by_hand_is_not_made_again(tmp_path: Path, one_thread: None) -> None:
    study = tiny_study(tmp_path, {**ALONE, "seeds": [1]})
    runs = tmp_path / "runs"
    (made,) = train_one(study, arm="hard", seed=1, runs=runs)
    assert (made.record.arm, made.record.task, made.record.seed) == ("hard", "all", 1)
    spy = Spy()
    results = compare(study, runs=runs, observer=spy, workers=1)
    assert (spy.cached, spy.made) == (["hard, seed 1"], ["single polite, seed 1"])
    assert made.record in results.runs


def test_an_arm_that_the_study_lacks_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"no arm 'hrad'; did you mean `hard`\?\n  Expected: one of single, hard"
    ):
        train_one(tiny_study(tmp_path), arm="hrad", seed=1, runs=tmp_path / "runs")


def test_two_comparisons_of_one_study_do_not_meet(compared: Compared) -> None:
    with (
        locked(compared.root / ".lock", busy="-"),
        pytest.raises(RunError, match="another process is comparing this study"),
    ):
        compare(compared.study, runs=compared.runs)


def test_a_run_that_vanishes_is_missed(tmp_path: Path, one_thread: None) -> None:
    class Eraser(Spy):
        def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> SpyRun:
            for file in tmp_path.glob("runs/tiny/*/*/*/run.json"):
                file.unlink()
            return super().on_run(spec, number=number, total=total, cached=cached)

    study = tiny_study(tmp_path, {**ALONE, "seeds": [1]})
    with pytest.raises(RunError, match=r"single polite, seed 1: the run was made but is not in"):
        compare(study, runs=tmp_path / "runs", observer=Eraser(), workers=1)


def test_a_failure_leaves_what_was_made(tmp_path: Path, one_thread: None) -> None:
    class Failing(Spy):
        def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> SpyRun:
            if number == 2:
                raise OSError("the disk is full")
            return super().on_run(spec, number=number, total=total, cached=cached)

    study = tiny_study(tmp_path, {**ALONE, "seeds": [1]})
    with pytest.raises(OSError, match="the disk is full"):
        compare(study, runs=tmp_path / "runs", observer=Failing(), workers=1)
    spy = Spy()
    compare(study, runs=tmp_path / "runs", observer=spy, workers=1)
    assert (spy.cached, spy.made) == (["single polite, seed 1"], ["hard, seed 1"])


@pytest.fixture(scope="module")
def kept_all(tmp_path_factory: pytest.TempPathFactory) -> tuple[Compared, list[Path]]:
    """A study all of whose weights are kept."""
    folder = tmp_path_factory.mktemp("all")
    changes = {"keep": "all", "seeds": [1], "data.reviews": None, "tasks.good": None, "tasks.loud": None}
    file, spy = write_study(folder, changes), Spy()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        results = compare(tiny_study(folder, changes), runs=folder / "runs", observer=spy, workers=1)
    compared = Compared(file, folder / "runs", results, spy)
    return compared, [compared.root / run.folder / "model" for run in results.runs]


def test_all_weights_are_kept_where_the_study_says_so(kept_all: tuple[Compared, list[Path]]) -> None:
    compared, models = kept_all
    assert len(models) == 3
    assert all((model / "sharewise.json").is_file() for model in models)
    assert not list(compared.root.rglob("checkpoints"))


def test_a_kept_model_scores_as_its_run_did(kept_all: tuple[Compared, list[Path]]) -> None:
    from sharewise.compare.workspace import Workspace

    compared, models = kept_all
    tables = Workspace(compared.study, compared.runs / ".cache").base.tables
    for folder in models:
        model = load_model(folder)
        frame = pl.read_parquet(folder.parent / "predictions.parquet")
        for split in ("validation", "test"):
            table = tables[split]
            with threads_set(1):
                scores = score_split(
                    lambda tokens, _, sharing=model.sharing: sharing(tokens),
                    tasks=model.tasks,
                    table=table,
                    store=tokenize(table.texts, model.tokenizer, max_length=model.max_length),
                    device=next(model.sharing.parameters()).device,
                )
            for task, found in scores.items():
                part = frame.filter(pl.col("task") == task, pl.col("split") == split)
                # Models in training compute with faster layers: the same but for rounding.
                assert_allclose(np.stack(part["output"].to_list()), found.scores, rtol=0, atol=1e-6)
                assert part.height == len(found.rows) > 0
