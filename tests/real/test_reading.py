"""The four real data sets, read as they stand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.data.reading import read_records
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions

pytestmark = pytest.mark.real

AMCD = ["sentence", "is_counterfactual"]
COMMENTS = ["comments", "contain_gender_bias", "bias", "hate"]
TWEETS = ["count", "hate_speech", "offensive_language", "neither", "class", "tweet"]
PAIRS = ["sentence1", "sentence2", "label"]
FILES = [
    ("amcd/EN_train.tsv", AMCD, 4018),
    ("amcd/EN_valid.tsv", AMCD, 335),
    ("amcd/EN_test.tsv", AMCD, 670),
    ("amcd/DE_train.tsv", AMCD, 5600),
    ("amcd/DE_valid.tsv", AMCD, 466),
    ("amcd/DE_test.tsv", AMCD, 934),
    ("amcd/JP_train.tsv", AMCD, 5600),
    ("amcd/JP_valid.tsv", AMCD, 466),
    ("amcd/JP_test.tsv", AMCD, 934),
    ("korean_hate_speech/train.tsv", COMMENTS, 7896),
    ("korean_hate_speech/dev.tsv", COMMENTS, 471),
    ("hate_offensive_votes/labeled_data.csv", TWEETS, 24783),
    ("jsts/train.jsonl", PAIRS, 12451),
    ("jsts/valid.jsonl", PAIRS, 1457),
]
VALUES = {
    "is_counterfactual": {"0", "1"},
    "contain_gender_bias": {"True", "False"},
    "bias": {"none", "gender", "others"},
    "hate": {"none", "offensive", "hate"},
    "class": {"0", "1", "2"},
}


@pytest.mark.parametrize(("name", "columns", "rows"), FILES)
def test_rows_columns_and_values(real_data, name, columns, rows):
    records = read_records(name, folder=real_data, columns=columns, key="data.real.train")
    assert records.frame.columns == columns
    assert records.frame.height == rows
    assert records.encoding == "utf-8"
    assert records.notes == ()
    for column in set(columns) & set(VALUES):
        assert set(records.frame[column]) == VALUES[column]


@pytest.mark.parametrize("name", [name for name, _, _ in FILES if not name.endswith(".jsonl")])
def test_cells_are_those_that_another_reader_finds(real_data, name):
    records = read_records(name, folder=real_data, columns=None, key="data.real.train")
    other = pl.read_csv(
        real_data / name,
        separator="\t" if name.endswith(".tsv") else ",",
        infer_schema=False,
    )
    assert records.frame.equals(other.select(records.frame.columns).fill_null(""))


def test_line_numbers_over_line_breaks(real_data):
    name = "hate_offensive_votes/labeled_data.csv"
    records = read_records(name, folder=real_data, columns=["tweet"], key="data.real.train")
    lines = (real_data / name).read_bytes().split(b"\n")
    assert (np.diff(records.lines) > 1).sum() > 500
    for row in range(0, records.frame.height, 37):
        first = records.frame["tweet"][row].split("\n")[0].replace('"', '""').encode()
        assert first in lines[records.lines[row] - 1]


def test_control_characters_of_amcd_are_text(real_data):
    records = read_records("amcd/JP_train.tsv", folder=real_data, columns=AMCD, key="data.real.train")
    assert records.frame["sentence"].str.contains("\x1a", literal=True).sum() > 0
    assert records.lines.tolist() == list(range(2, 5602))


def test_votes_add_up(real_data):
    name = "hate_offensive_votes/labeled_data.csv"
    votes = read_records(name, folder=real_data, columns=TWEETS[:4], key="data.real.train").frame.cast(
        pl.Int64
    )
    assert (votes["count"] == votes.select(pl.sum_horizontal(TWEETS[1:4])).to_series()).all()


def test_similarities_are_numbers_in_range(real_data):
    frame = read_records("jsts/train.jsonl", folder=real_data, columns=PAIRS, key="data.real.train").frame
    assert frame.schema == {"sentence1": pl.String, "sentence2": pl.String, "label": pl.Float64}
    assert (frame["label"].min(), frame["label"].max()) == (0.0, 5.0)


def test_one_table_of_four_data_sets(real_data):
    data = {
        "counterfactual": DataOptions(
            train="amcd/JP_train.tsv",
            validation="amcd/JP_valid.tsv",
            test="amcd/JP_test.tsv",
            text="sentence",
        ),
        "comments": DataOptions(
            train="korean_hate_speech/train.tsv",
            validation="10%",
            test="korean_hate_speech/dev.tsv",
            text="comments",
        ),
        "tweets": DataOptions(train="hate_offensive_votes/labeled_data.csv", test="10%", text="tweet"),
        "similarity": DataOptions(
            train="jsts/train.jsonl", test="jsts/valid.jsonl", text=("sentence1", "sentence2")
        ),
    }
    tasks = {
        "counterfactual": BinaryOptions(data="counterfactual", label="is_counterfactual"),
        "gender_bias": BinaryOptions(data="comments", label="contain_gender_bias"),
        "bias": MulticlassOptions(data="comments", label="bias"),
        "hate": MulticlassOptions(data="comments", label="hate", labels=("none", "offensive", "hate")),
        "offensive": MulticlassOptions(data="tweets", label="class"),
        "similarity": RegressionOptions(data="similarity", label="label"),
    }
    loaded = load(data, tasks, folder=real_data)
    assert loaded.notes == ()
    assert loaded.tasks["gender_bias"].labels == ("false", "true")
    assert loaded.tasks["bias"].labels == ("gender", "none", "others")
    sizes = {split: np.bincount(table.sources).tolist() for split, table in loaded.tables.items()}
    assert sizes["train"][0] == 5600
    assert sizes["validation"][0] == 466
    assert [sizes["test"][i] for i in (0, 1, 3)] == [934, 471, 1457]
    assert sizes["train"][1] + sizes["validation"][1] == 7896
    assert sizes["train"][2] + sizes["validation"][2] + sizes["test"][2] == 24783
    assert sizes["validation"][1:] == pytest.approx([790, 2478, 1245], abs=2)
    assert sizes["test"][2] == pytest.approx(2478, abs=2)
    for split in ("train", "validation"):
        bias = loaded.tables[split].targets["bias"]
        assert np.nanmean(bias == 0) * len(bias) / sizes[split][1] == pytest.approx(0.1552, abs=0.002)
    assert loaded.train.texts["pair"].null_count() == sum(sizes["train"][:3])
