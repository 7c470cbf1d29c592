from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharewise.data.corpus import CRITERIA, write_dialogues
from sharewise.data.loading import load
from sharewise.errors import UserError
from sharewise.study import draft, load_study

_TEXTS = [f"This is the sentence with number {n}, and it is long." for n in range(40)]


def _write(file: Path, **columns) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame({"text": _TEXTS, **columns})
    if file.suffix == ".jsonl":
        frame.write_ndjson(file)
    else:
        frame.write_csv(file)
    return file


def _loaded(folder: Path, text: str):
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return load_study(folder / "study.yaml")


def test_splits_columns_and_labels_are_found(tmp_path):
    files = [
        _write(
            tmp_path / "data" / f"{split}.csv",
            tone=["warm", "cold", "cold", "cold"] * 10,
            stars=[1, 2, 3, 4] * 10,
        )
        for split in ("train", "dev")
    ]
    text = draft(files, name="first", folder=tmp_path)
    study = _loaded(tmp_path, text)
    assert study.name == "first"
    data = study.data["data"]
    assert (data.train, data.validation, data.test) == ("data/train.csv", "data/dev.csv", "10%")
    assert data.text == "text"
    assert study.tasks["tone"].positive == "warm"
    assert study.tasks["stars"].kind == "multiclass"
    assert "cold: 75.0%, warm: 25.0%" in text
    assert "a guess: the rarer of the two" in text
    assert "or regression" in text
    read = load(study.data, study.tasks, folder=study.folder)
    assert len(read.train) + len(read.test) == 40


def test_several_data_sets_with_the_same_columns(tmp_path):
    files = [_write(tmp_path / name, y=[0, 1] * 20) for name in ("a.csv", "b.jsonl")]
    study = _loaded(tmp_path, draft(files, folder=tmp_path))
    assert study.name == "a-b"
    assert {name: task.data for name, task in study.tasks.items()} == {"a_y": "a", "b_y": "b"}


def test_a_split_that_lacks_a_column_is_left_out(tmp_path):
    train = _write(tmp_path / "x_train.csv", y=[0, 1] * 20)
    test = _write(tmp_path / "x_test.csv")
    text = draft([train, test], folder=tmp_path)
    assert "# no column y, so left out: test: x_test.csv" in text
    assert _loaded(tmp_path, text).data["x"].test == "10%"


def test_a_single_task_is_pointed_out(tmp_path):
    text = draft([_write(tmp_path / "x.csv", y=[0, 1] * 20)], folder=tmp_path)
    assert "one task only, and nothing to share" in text


@pytest.mark.parametrize(
    ("texts", "encoder"),
    [
        (["이 문장은 한국어로 쓰여 있다"], "klue/roberta-base"),
        (["これは日本語で書かれた文です"], "sbintuitions/modernbert-ja-130m"),
        (["a plain English sentence"], "FacebookAI/roberta-base"),
        (["Köln und Düsseldorf grüßen schön"], "FacebookAI/xlm-roberta-base"),
    ],
)
def test_the_encoder_follows_the_writing(tmp_path, texts, encoder):
    file = _write(tmp_path / "x.csv", y=[0, 1] * 20, text=[f"{texts[0]} {n}" for n in range(40)])
    assert _loaded(tmp_path, draft([file], folder=tmp_path)).encoder.name == encoder


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_the_bundled_corpus(tmp_path, language):
    files = write_dialogues(tmp_path / "corpus", language=language, rows=600, seed=1)
    study = _loaded(tmp_path, draft(list(files.values()), folder=tmp_path))
    data = study.data["corpus"]
    assert (data.train, data.validation, data.test) == tuple(
        f"corpus/{s}.csv" for s in ("train", "validation", "test")
    )
    assert data.text == ("human_question", "bot_response")
    assert data.group == "dialogue_id"
    assert {name: (task.kind, task.label, task.votes) for name, task in study.tasks.items()} == {
        c: ("binary", f"{c}_majority", {"yes": f"{c}_yes_count", "no": f"{c}_no_count"}) for c in CRITERIA
    }
    found = load(study.data, study.tasks, folder=study.folder)
    assert all(found.train.votes[name].sum(axis=1).tolist() == [3] * 480 for name in study.tasks)
    assert len(load(study.data, study.tasks, folder=study.folder).train) == 480


def test_the_context_that_a_draft_names_is_valid(tmp_path):
    files = write_dialogues(tmp_path / "corpus", language="en", rows=200, seed=1)
    text = draft(list(files.values()), folder=tmp_path)
    lines = [line for line in text.splitlines() if line.startswith("    # context: ")]
    assert len(lines) == 2
    for line in lines:
        study = _loaded(tmp_path, text.replace(line, line.replace("# context", "context", 1)))
        turns = load(study.data, study.tasks, folder=study.folder).train
        row = turns.earlier.tolist().index(3)
        assert turns.texts["context"].list.len()[row] in (3, 6)
        assert turns.texts["text"][row - 3] in turns.texts["context"][row][0], "the oldest is first"


def test_criteria_without_a_majority_are_known_by_their_votes(tmp_path):
    counts = {"fair_yes_count": [3, 2, 1, None] * 10, "fair_no_count": [0, 1, 2, None] * 10}
    text = draft([_write(tmp_path / "x.csv", **counts)], folder=tmp_path)
    study = _loaded(tmp_path, text)
    task = study.tasks["fair"]
    assert (task.label, task.votes) == (None, {"yes": "fair_yes_count", "no": "fair_no_count"})
    assert "yes: 66.7% of 30 rows with votes" in text
    assert "3 raters a row, not all of one mind in 66.7%" in text
    assert len(load(study.data, study.tasks, folder=study.folder).train) == 24


def test_majorities_that_are_none_are_counted(tmp_path):
    counts = {"fair_yes_count": [3, 2, 1, 2] * 10, "fair_no_count": [0, 1, 2, 2] * 10}
    text = draft([_write(tmp_path / "x.csv", fair_majority=[1, 0, 0, 1] * 10, **counts)], folder=tmp_path)
    assert (
        "3 or 4 raters a row, not all of one mind in 75.0%; 10 ties; in 10 rows the label is not the" in text
    )
    assert _loaded(tmp_path, text).tasks["fair"].label == "fair_majority"


def test_counts_that_are_no_counts_are_no_votes(tmp_path):
    columns = {"fair_yes_count": ["many", "few"] * 20, "fair_no_count": [0, 1] * 20}
    study = _loaded(tmp_path, draft([_write(tmp_path / "x.csv", **columns)], folder=tmp_path))
    assert all(task.votes is None for task in study.tasks.values())


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "no column looks like a label"),
        ({"text": list(range(40)), "y": [0, 1] * 20}, "no column holds text"),
    ],
)
def test_data_that_make_no_study(tmp_path, columns, words):
    with pytest.raises(UserError, match=words):
        draft([_write(tmp_path / "x.csv", **columns)])


def test_a_missing_file(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        draft([tmp_path / "gone.csv"])


@settings(deadline=None, max_examples=25)
@given(
    name=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12),
    labels=st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=3, unique=True),
)
def test_any_column_name_and_labels_make_a_study_that_loads(tmp_path_factory, name, labels):
    folder = tmp_path_factory.mktemp("draft")
    if "${" in name or name in ("text", ""):
        return
    file = folder / "x.parquet"
    pl.DataFrame({"text": _TEXTS, name: [labels[n % len(labels)] for n in range(40)]}).write_parquet(file)
    text, refused = "", ""
    try:
        text = draft([file], folder=folder)
    except UserError as error:
        refused = str(error)
    if refused:
        assert "no column looks like a label" in refused
    else:
        (task,) = _loaded(folder, text).tasks.values()
        assert task.label == name
