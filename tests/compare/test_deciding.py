"""Calibration and thresholds from the study file to the model: nothing trained for them, nothing learned from test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sharewise import Scorer, compare
from sharewise.compare import ship
from sharewise.compare.results import Results
from sharewise.compare.storage import SPLITS_SCORED
from sharewise.errors import UserError
from sharewise.models.calibration import decided
from sharewise.report import write_reports
from sharewise.study import Study, load_study
from tiny_study import Compared, Spy, write_study

KEYS = {
    "tasks.polite.threshold": "tuned",
    "tasks.polite.calibration": "temperature",
    "tasks.topic.calibration": "isotonic",
    "tasks.good.threshold": 0.3,
}
CONCERNED = {"polite", "topic", "good"}


def declared(trained: Compared) -> Study:
    return load_study(write_study(trained.file.parent, KEYS))


def again(trained: Compared, **options) -> tuple[Results, Spy]:
    spy = Spy()
    return compare(declared(trained), runs=trained.runs, observer=spy, workers=1, **options), spy


def test_declaring_them_trains_nothing_and_changes_what_is_said(compared):
    results, spy = again(compared)
    assert spy.made == []
    for run in results.runs:
        own = CONCERNED & set(run.metrics)
        assert set(run.calibration) == own & {"polite", "topic"}
        assert set(run.thresholds) == own & {"polite", "good"}
        before = next(
            r for r in compared.results.runs if (r.arm, r.task, r.seed) == (run.arm, run.task, run.seed)
        )
        assert before.calibration == before.thresholds == {}
        for task in run.metrics:
            assert run.metrics[task]["test"]["loss"] == before.metrics[task]["test"]["loss"]
            assert task in CONCERNED or run.metrics[task] == before.metrics[task]
            # Neither a threshold nor a temperature changes an order.
            if task == "polite":
                auroc = before.metrics[task]["test"]["auroc"]
                assert run.metrics[task]["test"]["auroc"] == pytest.approx(auroc)
    # Who has seen the verdicts may not choose how decisions are made without saying so.
    assert results.second_look
    assert not results.objections
    assert set(results.fitted) == CONCERNED
    assert {arm for found in results.fitted.values() for arm in found} == {"single", "hard"}
    assert results.fitted["polite"]["hard"].temperature is not None
    assert results.fitted["good"]["hard"].after is None
    assert results.fitted["good"]["hard"].thresholds == {"1": (0.3, 0.0)}


def test_verdicts_are_of_the_same_decisions_as_the_tables(compared):
    results, _ = again(compared)
    for verdict in results.verdicts:
        runs = [run for run in results.runs if verdict.task in run.metrics]
        means = [
            np.mean([r.metrics[verdict.task]["test"][verdict.metric] for r in runs if r.arm == arm])
            for arm in (verdict.arm, verdict.baseline)
        ]
        assert verdict.difference == pytest.approx(means[0] - means[1])


def test_the_test_split_is_not_touched(compared):
    """Whatever a model answers to the test split, what is fitted stays as it is."""
    before, _ = again(compared)
    for path in compared.root.rglob("predictions.parquet"):
        frame = pl.read_parquet(path, glob=False)
        turned = pl.when(pl.col("split") == "test").then(pl.col("output").list.eval(1 - pl.element()))
        assert {"test", "validation"} == set(frame["split"]) == set(SPLITS_SCORED)
        frame.with_columns(turned.otherwise(pl.col("output")).alias("output")).write_parquet(path)
    after, spy = again(compared)
    assert spy.made == []
    for old, new in zip(before.runs, after.runs, strict=True):
        assert (old.calibration, old.thresholds) == (new.calibration, new.thresholds)
        assert {t: m["validation"] for t, m in old.metrics.items()} == {
            t: m["validation"] for t, m in new.metrics.items()
        }
    assert any(o.metrics != n.metrics for o, n in zip(before.runs, after.runs, strict=True))


def test_models_say_and_do_what_the_report_says(compared):
    """Models that were saved before answer as fitted: kept ones, and the recommended one."""
    results, _ = again(compared)
    kept = next(r for r in results.runs if r.arm == "hard" and (compared.root / r.folder / "model").is_dir())
    for folder in (compared.root / kept.folder / "model", compared.root / "model"):
        scorer = Scorer.load(folder)
        assert set(scorer.calibration) == {"polite", "topic"}
        assert set(scorer.thresholds) == {"polite", "good"}
    scorer = Scorer.load(compared.root / kept.folder / "model")
    assert scorer.thresholds["polite"] == kept.thresholds["polite"]
    saved = scorer.models[0].manifest.metrics["polite"]["test"]
    assert saved.value == pytest.approx(kept.metrics["polite"]["test"]["mcc"])
    rows = pl.read_csv(compared.file.parent / "test.csv")
    task = scorer.tasks["polite"]
    found = decided(
        task, scorer.scores(rows["text"].to_list(), ["polite"])["polite"], scorer.thresholds["polite"]
    )
    truth = task.encode(rows["polite"])
    assert np.mean(found == truth[:, 0]) == pytest.approx(kept.metrics["polite"]["test"]["accuracy"])
    card = (compared.root / kept.folder / "model" / "README.md").read_text(encoding="utf-8")
    assert "| polite | binary | no, yes | " in card
    assert " yes |" in card


def test_a_study_that_takes_them_back_is_as_before(compared):
    again(compared)
    results = compare(load_study(write_study(compared.file.parent)), runs=compared.runs, workers=1)
    for run, before in zip(results.runs, compared.results.runs, strict=True):
        assert run.metrics == before.metrics
    assert Scorer.load(compared.root / "model").thresholds == {}


def test_new_runs_save_what_was_fitted(tmp_path, one_thread):
    study = load_study(write_study(tmp_path, KEYS | {"seeds": [1], "arms": {"hard": {}}}))
    results = compare(study, runs=tmp_path / "runs", workers=1)
    run = next(r for r in results.runs if r.arm == "hard")
    scorer = Scorer.load(tmp_path / "runs" / "tiny" / run.folder / "model")
    assert dict(scorer.thresholds) == run.thresholds
    assert dict(scorer.calibration) == run.calibration


def test_an_arm_may_decide_otherwise_without_a_run_of_its_own(compared, tmp_path):
    """It is held against models of one task that decide as it does, or against the arm that it names."""
    own = {
        "tasks": {"polite": {"threshold": "tuned", "calibration": "temperature"}, "good": {"threshold": 0.3}}
    }
    arms = {"hard": {}, "tuned": own, "against": own | {"baseline": "hard"}}
    spy = Spy()
    study = load_study(write_study(compared.file.parent, {"arms": arms}))
    results = compare(study, runs=compared.runs, observer=spy, workers=1)
    assert spy.made == []
    assert list(results.arms) == ["single", "hard", "single[tuned]", "tuned", "against"]
    assert results.arms["tuned"].baseline == "single[tuned]"
    runs = {(r.arm, r.seed, t): r for r in results.runs for t in r.metrics}
    for task, expected in (("polite", 1), ("good", 1), ("loud", 0)):
        for arm in ("tuned", "against", "single[tuned]"):
            assert len(runs[arm, 1, task].thresholds.get(task, ())) == expected
    for arm in ("single", "hard"):
        assert runs[arm, 1, "polite"].thresholds == runs[arm, 1, "polite"].calibration == {}
    assert runs["hard", 2, "polite"].folder == runs["tuned", 2, "polite"].folder
    assert set(results.fitted["polite"]) == {"single[tuned]", "tuned", "against"}
    # What differs between an arm and its baseline is told; a threshold on both sides is no difference.
    assert [(o.kind, o.arm) for o in results.objections] == [("rule", "against")]
    assert "calibration temperature against none of polite" in results.objections[0].text
    assert "threshold 0.3 against none of good" in results.objections[0].text
    difference = next(v.difference for v in results.verdicts if (v.arm, v.task) == ("against", "good"))
    means = [
        np.mean([runs[arm, s, "good"].metrics["good"]["test"]["mcc"] for s in (1, 2, 3)])
        for arm in ("tuned", "hard")
    ]
    assert difference == pytest.approx(means[0] - means[1])
    # One folder on disk, and each arm's model decides as the arm does.
    assert Scorer.load(ship(results, compared.root, tmp_path / "a", arm="tuned").folder).thresholds[
        "good"
    ] == (0.3,)
    assert Scorer.load(ship(results, compared.root, tmp_path / "b", arm="hard").folder).thresholds == {}


def test_a_threshold_of_an_arm_is_refused_where_it_stands(compared):
    keys = {"arms": {"hard": {}, "tuned": {"tasks": {"polite": {"threshold": {"on": 0.4}}}}}}
    file = write_study(compared.file.parent, keys)
    with pytest.raises(UserError) as caught:
        compare(load_study(file), runs=compared.runs, workers=1)
    line = 1 + next(i for i, text in enumerate(file.read_text().splitlines()) if "threshold" in text)
    assert caught.value.problem.startswith(
        f"{file}, line {line}, arms.tuned.tasks.polite.threshold: 'on' is no label of this task"
    )


def test_reports_show_reliability_before_and_after(compared, tmp_path: Path):
    results, _ = again(compared)
    written = write_reports(results, tmp_path)
    texts = {
        p.suffix: p.read_text(encoding="utf-8") for p in written.values() if p.suffix in (".md", ".html")
    }
    for text in texts.values():
        assert "Calibration and thresholds" in text
        assert "ECE before" in text
    assert "polite: as trained" in texts[".html"]
    assert "polite: calibrated" in texts[".html"]
    assert "good: calibrated" not in texts[".html"]
    plain = write_reports(compared.results, tmp_path / "plain")
    assert all(
        "Calibration and thresholds" not in p.read_text(encoding="utf-8")
        for p in plain.values()
        if p.suffix == ".md"
    )
