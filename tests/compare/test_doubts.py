"""The warnings of results.json."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sharewise.compare import plan_arms, plan_runs
from sharewise.compare.doubts import about_learning, about_runs, about_surroundings, about_texts
from sharewise.compare.results import RunRecord, TaskRecord
from sharewise.compare.running import FinishedRun, find_run
from sharewise.compare.workspace import Workspace
from tiny_study import Compared, change_cell, tiny_study, write_data


@pytest.fixture
def task(trained: Compared) -> TaskRecord:
    return trained.results.tasks["polite"]


@pytest.fixture
def record(trained: Compared) -> RunRecord:
    return trained.results.runs[0]


def runs(
    record: RunRecord, scores: dict[int, float | None], metric: str = "mcc", arm: str = "hard"
) -> list[RunRecord]:
    """Runs of these seeds with these values on test."""
    return [
        record.model_copy(
            update={
                "arm": arm,
                "seed": seed,
                "metrics": {"polite": {"test": {} if value is None else {metric: value}}},
            }
        )
        for seed, value in scores.items()
    ]


def with_metric(task: TaskRecord, metric: str, constant: float | None) -> dict[str, TaskRecord]:
    baseline = {} if constant is None else {metric: constant}
    return {"polite": task.model_copy(update={"metric": metric, "baselines": {"majority": baseline}})}


def test_models_at_or_under_the_constant_answer_are_counted_with_arm_task_and_seed(
    task: TaskRecord, record: RunRecord
) -> None:
    records = runs(record, {1: 0.0, 2: 0.3, 5: -0.1}) + runs(record, {1: 0.2}, arm="single")
    assert about_learning(with_metric(task, "mcc", 0.0), records, "test") == [
        "hard, polite: did not learn with 2 of 3 seeds (1, 5): its mcc on test is no better than a constant answer's"
    ]


def test_a_lone_seed_is_named_plainly(task: TaskRecord, record: RunRecord) -> None:
    (warning,) = about_learning(
        with_metric(task, "accuracy", 0.9), runs(record, {7: 0.9}, "accuracy"), "test"
    )
    assert "did not learn with seed 7:" in warning


@pytest.mark.parametrize(
    ("metric", "constant", "score", "warned"),
    [
        ("accuracy", 0.9, 0.901, False),
        ("accuracy", 0.9, 0.899, True),
        ("mae", 1.2, 1.1, False),  # Lower is better.
        ("mae", 1.2, 1.2, True),
        ("brier", 0.2, 0.3, True),
        ("pearson", None, 0.2, False),  # Not defined for a constant answer: chance is 0.
        ("pearson", None, 0.0, True),
        ("pearson", None, None, True),
        ("mcc", 0.0, None, True),
        ("auroc", None, None, False),  # Not defined for anything where test holds one label only.
    ],
)
def test_better_is_what_the_metric_says(
    task: TaskRecord,
    record: RunRecord,
    metric: str,
    constant: float | None,
    score: float | None,
    warned: bool,
) -> None:
    tasks = with_metric(task, metric, constant)
    assert bool(about_learning(tasks, runs(record, {1: score}, metric), "test")) == warned


def test_failed_runs_and_what_happened_on_the_way_are_told(record: RunRecord) -> None:
    failed = record.model_copy(update={"failed": "the loss was not finite", "notes": ["out of memory"]})
    assert about_runs([record, failed]) == [
        f"{record.folder}: out of memory",
        f"{record.folder}: this run failed: the loss was not finite",
    ]


@pytest.fixture
def found(trained: Compared) -> FinishedRun:
    study = trained.study
    run = find_run(plan_runs(study)[0], Workspace(study, trained.runs / ".cache"), trained.root)
    assert run is not None
    return run


def test_equal_surroundings_raise_no_doubt(found: FinishedRun) -> None:
    assert about_surroundings([found, found]) == []


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        (
            {"versions": {"torch": "2.12", "numpy": "2.0"}},
            "the runs were made with different library versions: torch 2.13 (2 runs), 2.12 (1 run)",
        ),
        (
            {"machine": {"processor": "B", "accelerator": "H100"}},
            "the runs were made with different machines: processor A (2 runs), B (1 run); "
            "accelerator none (2 runs), H100 (1 run)",
        ),
    ],
)
def test_differing_surroundings_are_told_with_what_differs(
    found: FinishedRun, changes: dict[str, Any], warning: str
) -> None:
    one = replace(found, versions={"torch": "2.13", "numpy": "2.0"}, machine={"processor": "A"})
    assert about_surroundings([one, one, replace(one, **changes)]) == [warning]


def test_differing_precisions_are_told(found: FinishedRun) -> None:
    other = replace(found, record=found.record.model_copy(update={"precision": "bf16"}))
    (warning,) = about_surroundings([found, other])
    assert warning.endswith("different precisions: precision fp32 (1 run), bf16 (1 run)")


def test_texts_that_were_cut_are_counted_once_for_all_arms(tmp_path: Path) -> None:
    write_data(tmp_path)
    for row in (3, 7):
        change_cell(tmp_path / "train.csv", row, "text", "one long text after another")
    arms = {"hard": {}, "more": {"training": {"epochs": 2}}, "longer": {"training": {"max_length": 9}}}
    study = tiny_study(tmp_path, {"training.max_length": 8, "arms": arms})
    found = about_texts(Workspace(study, tmp_path / "cache"), plan_arms(study))
    assert found == [f"train: 2 of 55 texts are longer than {n} tokens and were cut" for n in (8, 9)]
