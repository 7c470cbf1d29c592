"""Drafts of studies from real data: what a user of `sharewise init` gets."""

from pathlib import Path

import pytest

from sharewise.data.loading import load
from sharewise.study import Study, draft, load_study

pytestmark = pytest.mark.real


def _study(files: list[Path], folder: Path) -> Study:
    (folder / "study.yaml").write_text(draft(files, folder=folder), encoding="utf-8")
    return load_study(folder / "study.yaml")


def test_amcd(real_data, tmp_path):
    study = _study([real_data / "amcd" / f"EN_{s}.tsv" for s in ("train", "valid", "test")], tmp_path)
    assert study.data["EN"].text == "sentence"
    assert (study.tasks["is_counterfactual"].kind, study.encoder.name) == (
        "binary",
        "FacebookAI/roberta-base",
    )
    tables = load(study.data, study.tasks, folder=study.folder).tables
    assert {split: len(table) for split, table in tables.items()} == {
        "train": 4018,
        "validation": 335,
        "test": 670,
    }


def test_korean_hate_speech(real_data, tmp_path):
    study = _study([real_data / "korean_hate_speech" / f for f in ("train.tsv", "dev.tsv")], tmp_path)
    assert {name: task.kind for name, task in study.tasks.items()} == {
        "contain_gender_bias": "binary",
        "bias": "multiclass",
        "hate": "multiclass",
    }
    assert (study.data["korean_hate_speech"].test, study.encoder.name) == ("10%", "klue/roberta-base")
    tasks = load(study.data, study.tasks, folder=study.folder).tasks
    assert tasks["bias"].labels == ("gender", "none", "others")


def test_jsts(real_data, tmp_path):
    study = _study([real_data / "jsts" / f for f in ("train.jsonl", "valid.jsonl")], tmp_path)
    assert study.data["jsts"].text == ("sentence1", "sentence2")
    assert study.tasks["label"].kind == "regression"
    assert len(load(study.data, study.tasks, folder=study.folder).validation) == 1457


def test_votes_are_no_tasks(real_data, tmp_path):
    study = _study([real_data / "hate_offensive_votes" / "labeled_data.csv"], tmp_path)
    assert {name: task.kind for name, task in study.tasks.items()} == {"class": "multiclass"}
    assert study.data["labeled_data"].text == "tweet"


def test_three_languages_are_three_data_sets(real_data, tmp_path):
    files = [
        real_data / "amcd" / f"{lang}_{s}.tsv"
        for lang in ("EN", "DE", "JP")
        for s in ("train", "valid", "test")
    ]
    study = _study(files, tmp_path)
    assert list(study.tasks) == [f"{lang}_is_counterfactual" for lang in ("EN", "DE", "JP")]
    assert study.encoder.name == "FacebookAI/xlm-roberta-base"
