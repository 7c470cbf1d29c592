"""Soft and majority targets as arms of one study, with the verdict between them."""

from __future__ import annotations

import random

import pytest

from sharewise import compare
from sharewise.compare.results import Results
from sharewise.report import write_reports
from sharewise.study import load_study
from tiny_study import tiny_study, write_rows

TASK = {"data": "talk", "kind": "binary", "votes": {"yes": "y", "no": "n"}, "ties": "last"}
CHANGES = {
    "tasks": {"polite": TASK},
    "data.reviews": None,
    "training.batch_rows": 8,
    "seeds": [1, 2],
    "keep": "none",
    "arms": {
        "majority": {},
        "soft": {"tasks": {"polite": {"targets": "soft"}}, "baseline": "majority"},
        "agreed": {"tasks": {"polite": {"vote_weights": "agreement"}}},
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("voted")


@pytest.fixture(scope="module")
def results(folder) -> Results:
    study = tiny_study(folder, CHANGES)
    draw = random.Random(1)
    for name in ("train", "valid", "test"):
        rows = []
        for i in range(32):
            yes = draw.choice([0, 1, 2, 3, 4])
            rows.append(
                {"text": f"{'lovely ' * yes}{'awful ' * (4 - yes)}{i}", "y": str(yes), "n": str(4 - yes)}
            )
        write_rows(folder / f"{name}.csv", rows)
    return compare(study, runs=folder / "runs", workers=1)


def test_soft_is_judged_against_majority(results):
    judged = {(v.arm, v.baseline) for v in results.verdicts}
    assert judged == {("majority", "single"), ("soft", "majority"), ("agreed", "single")}
    assert set(results.arms) == {"single", "majority", "soft", "single[agreed]", "agreed"}


def test_targets_change_the_model_and_not_the_truth(results):
    by_arm = {run.arm: run for run in results.runs if run.seed == 1}
    assert len({run.hash for arm, run in by_arm.items() if arm in ("majority", "soft", "agreed")}) == 3
    losses = {arm: run.metrics["polite"]["test"]["loss"] for arm, run in by_arm.items()}
    assert len({losses["majority"], losses["soft"], losses["agreed"]}) == 3
    assert losses["majority"] == losses["single"]
    assert results.tasks["polite"].rows == {"train": 32, "validation": 32, "test": 32}


def test_every_arm_is_held_against_the_votes(results):
    for run in results.runs:
        found = run.metrics["polite"]["test"]
        assert found["vote_cross_entropy"] >= found["vote_entropy"] > 0
        assert found["vote_brier"] > 0
    soft = next(run for run in results.runs if run.arm == "soft").metrics["polite"]["test"]
    # What it is trained on is what the metric measures.
    assert soft["loss"] == pytest.approx(soft["vote_cross_entropy"], rel=1e-4)
    assert "vote_entropy" in results.tasks["polite"].baselines["majority"]


def test_the_report_shows_it(results, tmp_path):
    written = write_reports(results, tmp_path)
    text = "\n".join(p.read_text(encoding="utf-8") for p in written.values() if p.suffix in (".md", ".html"))
    assert "Against the raters&#x27; votes" in text or "Against the raters' votes" in text
    assert "Cross-entropy against the votes" in text


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"polite": {"targets": "sfot"}}, "did you mean `soft`?"),
        ({"polite": {"ties": "first"}}, "says what the task is, which every arm shares"),
    ],
)
def test_what_an_arm_may_not_say(folder, keys, words, tmp_path):
    from sharewise.errors import UserError

    with pytest.raises(UserError, match=None) as error:
        tiny_study(tmp_path, CHANGES | {"arms": {"soft": {"tasks": keys}}})
    assert words in str(error.value)
    assert load_study(folder / "study.yaml").resolve("soft").tasks["polite"].targets == "soft"
