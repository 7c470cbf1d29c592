"""What the audit must find in the real data, and in the simulated dialogues what they were made to show."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sharewise.audit import Audit
from sharewise.compare.auditing import audit_study
from sharewise.data.corpus import write_dialogues
from sharewise.data.corpus.criteria import (
    CORRELATIONS,
    CRITERIA,
    DISAGREEMENT_SHARES,
    ROWS_WITHOUT_DISAGREEMENT,
)
from sharewise.study import Study


def audited(folder: Path, data: dict[str, Any], tasks: dict[str, Any]) -> Audit:
    study = Study(name="audited", data={"d": data}, tasks=tasks, encoder={"scratch": {"vocabulary": 300}})
    return audit_study(study, runs=folder)


@pytest.fixture
def amcd(real_data: Path, tmp_path: Path):
    @cache
    def of(language: str) -> Audit:
        data = {s: str(real_data / f"amcd/{language}_{f}.tsv") for s, f in
                (("train", "train"), ("validation", "valid"), ("test", "test"))}  # fmt: skip
        task = {"data": "d", "kind": "binary", "label": "is_counterfactual"}
        return audited(tmp_path, data | {"text": "sentence"}, {"y": task})

    return of


@pytest.mark.real
def test_the_leaks_of_amcd_jp(amcd):
    audit = amcd("JP")
    found = {(o.split, o.within): o for o in audit.leakage.overlaps}
    assert found["test", "train"].exact == 27
    assert found["validation", "train"].exact == 14
    assert found["validation", "train"].exact_texts == 13
    assert found["validation", "test"].exact == 3
    repeats = {r.split: r.exact for r in audit.leakage.repeats}
    assert repeats["train"] == 70
    leak = next(f for f in audit.findings if f.key == "leak.exact" and f.severity == "problem")
    assert leak.count == len(leak.rows) == 27
    for place in leak.rows:
        lines = Path(place.file).read_text(encoding="utf-8").splitlines()
        where, _, line = place.note.rpartition(", line ")
        train = Path(place.file).with_name(where).read_text(encoding="utf-8").splitlines()
        assert lines[place.line - 1].split("\t")[0] == train[int(line) - 1].split("\t")[0]


@pytest.mark.real
def test_amcd_en_is_clean(amcd):
    assert [(o.exact, o.normalised) for o in amcd("EN").leakage.overlaps] == [(0, 0)]


@pytest.mark.real
def test_gender_bias_follows_from_bias(real_data, tmp_path):
    data = {"train": str(real_data / "korean_hate_speech/train.tsv"), "text": "comments",
            "test": str(real_data / "korean_hate_speech/dev.tsv")}  # fmt: skip
    tasks = {
        "gender": {"data": "d", "kind": "binary", "label": "contain_gender_bias"},
        "bias": {"data": "d", "kind": "multiclass", "label": "bias"},
    }
    audit = audited(tmp_path, data, tasks)
    assert audit.relations.pairs[0].value == pytest.approx(1)
    assert [f.tasks for f in audit.findings if f.key == "redundant"] == [("gender", "bias")]


@pytest.mark.real
def test_the_raters_of_the_tweets(real_data, tmp_path):
    data = {"train": str(real_data / "hate_offensive_votes/labeled_data.csv"), "text": "tweet", "test": "10%"}
    votes = {"0": "hate_speech", "1": "offensive_language", "2": "neither"}
    audit = audited(
        tmp_path, data, {"y": {"data": "d", "kind": "multiclass", "label": "class", "votes": votes}}
    )
    (agreement,) = audit.agreement
    assert agreement.rows == 24_783
    assert agreement.alpha == pytest.approx(0.543, abs=0.001)
    assert not [f for f in audit.findings if f.key == "outvoted"]


@pytest.mark.real
def test_numbers_on_pairs(real_data, tmp_path):
    data = {"train": str(real_data / "jsts/train.jsonl"), "test": str(real_data / "jsts/valid.jsonl"),
            "text": ["sentence1", "sentence2"]}  # fmt: skip
    audit = audited(tmp_path, data, {"y": {"data": "d", "kind": "regression", "label": "label"}})
    assert audit.balance[0].means["train"][0] == pytest.approx(2.28, abs=0.01)
    assert not audit.power[0].known


def test_the_simulated_dialogues_show_what_they_were_made_to(tmp_path):
    write_dialogues(tmp_path, language="ko", rows=12_000, seed=1, length="short")
    data = {
        **{split: str(tmp_path / f"{split}.csv") for split in ("train", "validation", "test")},
        "text": ["human_question", "bot_response"],
        "group": "dialogue_id",
        "slice": "turn",
    }
    tasks = {
        c: {"data": "d", "kind": "binary", "label": f"{c}_majority",
            "votes": {"yes": f"{c}_yes_count", "no": f"{c}_no_count"}}
        for c in CRITERIA
    }  # fmt: skip
    audit = audited(tmp_path, data, tasks)
    values = {frozenset((p.one, p.other)): p.value for p in audit.relations.pairs}
    for pair, published in CORRELATIONS.items():
        assert values[frozenset(pair)] == pytest.approx(published, abs=0.03)
    groups = {frozenset(g.tasks) for g in audit.relations.groups if len(g.tasks) > 1}
    assert groups == {
        frozenset(("interestingness", "specificity")),
        frozenset(("unbias", "harmlessness")),
        frozenset(("consistency", "no_hallucination")),
    }
    shares = {a.task: a.disagreement_share for a in audit.agreement}
    assert shares == pytest.approx(DISAGREEMENT_SHARES, abs=0.02)
    assert audit.difficulty[0].share == pytest.approx(ROWS_WITHOUT_DISAGREEMENT, abs=0.01)
    falls = {e.task: e.bins for e in audit.effects if e.by == "turn"}
    for task, fall in (("no_hallucination", 0.157), ("harmlessness", 0.148)):
        first, *later = falls[task]
        rest = sum(b.value * b.rows for b in later) / sum(b.rows for b in later)
        assert 1 - rest / first.value == pytest.approx(fall, abs=0.03)
    assert {f.tasks for f in audit.findings if f.key == "effect" and "turn" in f.says} >= {
        ("no_hallucination",),
        ("harmlessness",),
    }
