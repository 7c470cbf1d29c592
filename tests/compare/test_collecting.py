"""From finished runs to what the reports show."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sharewise.compare import Results, compare
from tiny_study import Compared, read_rows, tiny_study


def again(compared: Compared) -> Results:
    """Collect a copy of the trained study anew."""
    return compare(compared.study, runs=compared.runs, workers=1)


def change_run(compared: Compared, arm: str, change: Any) -> str:
    """Change what is on disk of an arm's first run; return its folder."""
    folder = next(run.folder for run in compared.results.runs if run.arm == arm)
    file = compared.root / folder / "run.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    return folder


def test_facts_of_the_study_are_written_down(trained: Compared) -> None:
    results = trained.results
    assert (results.study, results.seeds, results.scored, results.simulated) == (
        "tiny",
        [1, 2, 3],
        "test",
        False,
    )
    assert results.configuration["training"]["learning_rate"] == 0.01
    assert results.versions["torch"]
    assert results.created.endswith("+00:00")


def test_tasks_tell_cells_shares_and_what_a_constant_answer_scores(trained: Compared) -> None:
    folder, tasks = trained.file.parent, trained.results.tasks
    rows = {split: read_rows(folder / f"{split[:5]}.csv") for split in ("train", "valid", "test")}
    train, test = ([r["topic"] for r in rows[split] if r["topic"]] for split in ("train", "test"))
    topic = tasks["topic"]
    assert (topic.kind, topic.metric, topic.higher_is_better, topic.margin) == (
        "multiclass",
        "macro_f1",
        True,
        None,
    )
    assert topic.rows == {"train": len(train), "validation": 12, "test": len(test)}
    assert topic.labels == ["food", "sport", "travel"]
    assert topic.shares["test"] == pytest.approx({x: test.count(x) / len(test) for x in topic.labels})
    majority = statistics.mode(train)
    assert topic.baselines["majority"]["accuracy"] == pytest.approx(test.count(majority) / len(test))
    assert tasks["polite"].baselines["majority"]["mcc"] == 0.0
    assert tasks["good"].rows["train"] + tasks["good"].rows["validation"] + tasks["good"].rows["test"] == 32


def test_arms_tell_costs_and_means_over_seeds(trained: Compared) -> None:
    results = trained.results
    single, hard = results.arms["single"], results.arms["hard"]
    assert (single.models, hard.models) == (4, 1)
    assert (single.baseline, hard.baseline) == (None, "single")
    assert (single.sharing, hard.sharing) == ("single", "hard")
    runs = [r for r in results.runs if r.arm == "hard"]
    assert hard.seconds == pytest.approx(sum(r.seconds for r in runs))
    assert hard.parameters == runs[0].parameters
    alone = [r.parameters for r in results.runs if r.arm == "single" and r.seed == 1]
    assert single.parameters == sum(alone) > 3 * hard.parameters
    seen = sum(r.rows_seen for r in runs)
    assert hard.examples_per_second == pytest.approx(seen / hard.seconds)
    assert seen == 3 * (40 + results.tasks["good"].rows["train"])
    for task, metric in (("polite", "mcc"), ("topic", "macro_f1")):
        values = [r.metrics[task]["test"][metric] for r in runs]
        expected = (statistics.fmean(values), statistics.stdev(values))
        assert hard.summary[task]["test"][metric] == pytest.approx(expected)
    assert single.updates == pytest.approx(hard.updates)


def test_joint_metrics_count_rows_on_which_all_binary_tasks_have_a_label(compared: Compared) -> None:
    """`good` is of another data set, so that no row has all three: then there are none."""
    assert compared.results.arms["hard"].joint == {"validation": {}, "test": {}}
    assert compared.results.joint_baseline == {}


def test_joint_metrics_of_single_are_those_of_its_models_together(tmp_path: Path, one_thread: None) -> None:
    changes = {"tasks.topic": None, "tasks.good": None, "data.reviews": None, "seeds": [1]}
    results = compare(tiny_study(tmp_path, changes), runs=tmp_path / "runs", workers=1)
    rows = read_rows(tmp_path / "test.csv")
    both = [i for i, row in enumerate(rows) if row["loud"]]
    right = dict.fromkeys(both, 0)
    for run in (r for r in results.runs if r.arm == "single"):
        frame = pl.read_parquet(tmp_path / "runs" / "tiny" / run.folder / "predictions.parquet")
        for row, target, output in frame.filter(split="test").select("row", "target", "output").iter_rows():
            if row in right:
                right[row] += (output[0] > 0.5) == (target == 1)
    expected = sum(count == 2 for count in right.values()) / len(both)
    assert results.arms["single"].joint["test"]["exact_match"] == (pytest.approx(expected), 0.0)
    train = read_rows(tmp_path / "train.csv")
    polite = statistics.mode(row["polite"] for row in train)
    loud = statistics.mode(row["loud"] for row in train if row["loud"])
    constant = sum(rows[i]["polite"] == polite and rows[i]["loud"] == loud for i in both) / len(both)
    assert results.joint_baseline["exact_match"] == pytest.approx(constant)
    assert set(results.joint_baseline) == {"exact_match", "micro_f1", "macro_f1"}


def test_models_that_did_not_learn_are_warned_of_and_stay_in_the_numbers(trained: Compared) -> None:
    results = trained.results
    for arm in results.arms:
        for name, task in results.tasks.items():
            constant = task.baselines["majority"][task.metric]
            runs = [r for r in results.runs if r.arm == arm and name in r.metrics]
            stuck = [r.seed for r in runs if r.metrics[name]["test"][task.metric] <= constant]
            warned = [w for w in results.warnings if w.startswith(f"{arm}, {name}: did not learn")]
            assert len(warned) == bool(stuck)
            assert all(str(seed) in warned[0] for seed in stuck)
            assert len(runs) == 3
    # Eight updates don't teach a small encoder everything, nor nothing: else the test says nothing.
    learned = [w for w in results.warnings if "did not learn" in w]
    assert 0 < len(learned) < 8


def test_other_versions_and_machines_are_warned_of(compared: Compared) -> None:
    assert not [w for w in compared.results.warnings if "different" in w]

    def change(content: dict[str, Any]) -> None:
        content["versions"]["torch"] = "1.0"
        content["machine"]["processor"] = "an abacus"

    change_run(compared, "hard", change)
    warnings = [w for w in again(compared).warnings if "different" in w]
    assert len(warnings) == 2
    assert "different library versions: torch " in warnings[0]
    assert "1.0 (1 run)" in warnings[0]
    assert "different machines: processor " in warnings[1]
    assert "an abacus (1 run)" in warnings[1]


def test_failed_runs_are_warned_of_and_bar_verdicts(compared: Compared) -> None:
    def change(content: dict[str, Any]) -> None:
        content["record"]["failed"] = "the loss was not a finite number at update 7"

    folder = change_run(compared, "hard", change)
    results = again(compared)
    assert f"{folder}: this run failed: the loss was not a finite number at update 7" in results.warnings
    assert len(results.runs) == 15
    for verdict in results.verdicts:
        assert verdict.seeds == 2
        assert any("1 failed seed of hard" in mark for mark in verdict.marks)


def test_what_was_found_out_while_reading_is_told(compared: Compared) -> None:
    file = compared.file.parent / "test.csv"
    file.write_text(file.read_text() + "nobody looked at this,,,\n")
    warnings = compare(compared.study, runs=compared.runs, workers=1).warnings
    assert [w for w in warnings if "test.csv: 1 of 21 rows hold no label and were left out" in w]
