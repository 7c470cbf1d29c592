"""Confusions, scores by label, and the rows that divide the arms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
import sklearn.metrics as reference

from sharewise.compare import compare
from sharewise.compare.detail import TaskDetail
from sharewise.compare.detailing import MOST_CHARACTERS, MOST_CLASSES, task_detail
from sharewise.compare.results import RunRecord
from sharewise.compare.running import FinishedRun
from sharewise.data.table import Table
from sharewise.stats import expected_calibration_error, mcnemar
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions, Task
from sharewise.train import TaskScores
from tiny_study import Compared, tiny_study

ROWS = 40


def table(targets: Any, texts: Sequence[str] | None = None) -> Table:
    rows = len(targets)
    words = list(texts) if texts else [f"text {i}" for i in range(rows)]
    return Table(
        split="test",
        texts=pl.DataFrame(
            {"text": words, "pair": [None] * rows}, schema={"text": pl.String, "pair": pl.String}
        ),
        targets={"it": np.asarray(targets, dtype=np.float32).reshape(-1, 1)},
        groups=np.arange(rows),
        sources=np.zeros(rows, dtype=np.int32),
        rows=np.arange(rows) + 100,
        datasets=("talk",),
        grouped=False,
    )


def detail(
    task: Task,
    split: Table,
    scores: dict[str, list[Any]],
    record: RunRecord,
    *,
    shown: int = 10,
    failed: int = 0,
) -> TaskDetail:
    """Of arms with these scores, one array a seed; the last ``failed`` seeds of the last arm failed."""
    rows = np.flatnonzero(split.present("it"))
    runs: dict[str, list[FinishedRun]] = {}
    for arm, by_seed in scores.items():
        for seed, outputs in enumerate(by_seed, start=1):
            bad = arm == list(scores)[-1] and seed > len(by_seed) - failed
            own = record.model_copy(
                update={
                    "arm": arm,
                    "seed": seed,
                    "metrics": {"it": {}},
                    "failed": "it diverged" if bad else None,
                }
            )
            answers = TaskScores(rows=rows, targets=split.targets["it"][rows], scores=outputs, loss=0.0)
            found = FinishedRun(record=own, scores={"test": {"it": answers}}, versions={}, machine={})
            runs.setdefault(arm, []).append(found)
    baselines = {arm: None if arm == "single" else "single" for arm in scores}
    return task_detail(task, split, runs, baselines, scored="test", shown=shown)


@pytest.fixture
def record(trained: Compared) -> RunRecord:
    return trained.results.runs[0]


@pytest.fixture
def binary() -> Task:
    return BinaryOptions(data="talk", label="it").build("it", pl.Series(["no", "yes"]))


def test_confusions_scores_by_label_and_tests_of_pairs_equal_the_references(
    binary: Task, record: RunRecord
) -> None:
    random = np.random.default_rng(1)
    truth = random.integers(0, 2, ROWS)
    scores = {arm: [random.random((ROWS, 1)) for _ in range(3)] for arm in ("single", "hard")}
    found = detail(binary, table(truth), scores, record)
    assert found.rows == ROWS
    for arm, by_seed in scores.items():
        decided = [(one[:, 0] > 0.5).astype(int) for one in by_seed]
        own = found.arms[arm]
        assert own.models == 3
        assert own.confusion == sum(reference.confusion_matrix(truth, d) for d in decided).tolist()
        for label, name in enumerate(("no", "yes")):
            values = [reference.f1_score(truth, d, pos_label=label) for d in decided]
            assert own.class_f1[name] == pytest.approx((np.mean(values), np.std(values, ddof=1)))
        errors = [expected_calibration_error(truth, one[:, 0]) for one in by_seed]
        assert own.calibration_error == pytest.approx((np.mean(errors), np.std(errors, ddof=1)))
    assert [(p.arm, p.baseline, p.seed) for p in found.pairs] == [("hard", "single", s) for s in (1, 2, 3)]
    one, other = ((scores[arm][1][:, 0] > 0.5).astype(int) for arm in ("hard", "single"))
    test = mcnemar(truth, one, other)
    assert (found.pairs[1].only_arm, found.pairs[1].only_baseline, found.pairs[1].p) == (
        test.only_first,
        test.only_second,
        test.p,
    )


def test_the_rows_that_divide_the_arms_come_first(binary: Task, record: RunRecord) -> None:
    truth = np.array([1, 1, 0, 1, np.nan, 0])
    # Right by (single, hard) models of three: row 0 (3, 3), 1 (3, 0), 2 (2, 3), 3 (1, 3), 5 (0, 0).
    single = np.array([[0.9, 0.9, 0.1, 0.9, 0.9], [0.9, 0.9, 0.1, 0.1, 0.9], [0.9, 0.9, 0.9, 0.1, 0.9]])
    hard = np.array([[0.9, 0.1, 0.1, 0.9, 0.9]] * 3)
    scores = {arm: [s[:, None] for s in by_seed] for arm, by_seed in (("single", single), ("hard", hard))}
    texts = ["same", "x " * 400, "two of three", "one of\nthree", "hole", "both wrong"]
    found = detail(binary, table(truth, texts), scores, record)
    assert (found.rows, found.disagreeing) == (5, 2)
    assert [row.row for row in found.most] == [101, 103, 102]
    first, second, _ = found.most
    assert (first.dataset, first.target, first.pair) == ("talk", "yes", None)
    assert first.answers == {"single": "yes 3", "hard": "no 3"}
    assert (second.text, second.answers) == ("one of three", {"single": "no 2, yes 1", "hard": "yes 3"})
    assert len(first.text) == MOST_CHARACTERS
    assert first.text.endswith("…")
    assert [row.row for row in detail(binary, table(truth, texts), scores, record, shown=1).most] == [101]
    assert detail(binary, table(truth, texts), scores, record, shown=0).most == []


def test_failed_runs_are_left_out_and_counted(binary: Task, record: RunRecord) -> None:
    scores = {arm: [np.full((4, 1), 0.9)] * 3 for arm in ("single", "hard")}
    found = detail(binary, table([1, 0, 1, 1]), scores, record, failed=1)
    assert {arm: own.models for arm, own in found.arms.items()} == {"single": 3, "hard": 2}
    assert [p.seed for p in found.pairs] == [1, 2]
    assert list(detail(binary, table([1, 0, 1, 1]), scores, record, failed=3).arms) == ["single"]


def test_numbers_have_neither_labels_nor_confusions(record: RunRecord) -> None:
    task = RegressionOptions(data="talk", label="it").build("it", pl.Series([1.0, 5.0]))
    scores = {"single": [np.array([[1.0], [2.0]])], "hard": [np.array([[1.5], [4.0]])]}
    found = detail(task, table([1.0, 4.5]), scores, record)
    assert found.disagreeing is None
    assert [(row.row, row.target, row.answers) for row in found.most] == [
        (101, "4.5", {"single": "2", "hard": "4"}),
        (100, "1", {"single": "1", "hard": "1.5"}),
    ]
    assert found.arms["hard"].confusion is None
    assert found.arms["hard"].class_f1 == {}
    assert found.pairs == []


def test_of_many_labels_no_matrix_is_kept(record: RunRecord) -> None:
    labels = [f"l{i:02}" for i in range(MOST_CLASSES + 1)]
    task = MulticlassOptions(data="talk", label="it").build("it", pl.Series(labels))
    scores = {
        arm: [np.random.default_rng(3).dirichlet(np.ones(len(labels)), 30)] for arm in ("single", "hard")
    }
    found = detail(task, table(np.arange(30) % len(labels)), scores, record)
    assert found.arms["hard"].confusion is None
    assert list(found.arms["hard"].class_f1) == labels


def test_no_row_with_a_target_is_no_matter(binary: Task, record: RunRecord) -> None:
    found = detail(
        binary, table([np.nan]), {"single": [np.zeros((0, 1))], "hard": [np.zeros((0, 1))]}, record
    )
    assert (found.rows, found.disagreeing, found.most) == (0, 0, [])
    assert found.arms["hard"].confusion is None


def test_every_task_of_a_study_has_its_details(trained: Compared) -> None:
    results = trained.results
    assert list(results.details) == list(results.tasks)
    for name, found in results.details.items():
        assert found.rows == results.tasks[name].rows["test"]
        shares = results.tasks[name].shares["test"]
        assert results.tasks[name].smaller_class_rows == round(min(shares.values()) * found.rows)
        assert shares[results.tasks[name].smaller_class or ""] == min(shares.values())
        for own in found.arms.values():
            assert np.sum(own.confusion) == 3 * found.rows


def test_a_study_may_keep_its_texts_to_itself(compared: Compared) -> None:
    study = tiny_study(compared.file.parent, {"report": {"rows": 0}})
    details = compare(study, runs=compared.runs, workers=1).details
    assert [detail.most for detail in details.values()] == [[]] * 4
    assert [replace_rows(d) for d in details.values()] == [
        replace_rows(d) for d in compared.results.details.values()
    ]


def replace_rows(found: TaskDetail) -> TaskDetail:
    return found.model_copy(update={"most": []})
