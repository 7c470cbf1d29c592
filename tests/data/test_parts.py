from __future__ import annotations

import numpy as np
import polars as pl
import pytest

ROWS = [f"text {i},{'b' if i % 10 == 0 else 'a'},{i // 4}" for i in range(400)]


def test_fractions_are_cut_from_train(study):
    data = study(*ROWS, validation="10%", test="20%")
    tables = data.tables.values()
    assert [len(table) for table in tables] == [280, 40, 80]
    assert [int(table.targets["y"].sum()) for table in tables] == [28, 4, 8]
    assert sorted(np.concatenate([table.rows for table in tables]).tolist()) == list(range(400))
    for table in tables:
        assert table.texts["text"].to_list() == [f"text {i}" for i in table.rows]
    again = study(*ROWS, validation="10%", test="20%")
    assert all(np.array_equal(again.tables[split].rows, data.tables[split].rows) for split in data.tables)


def test_fractions_keep_groups_whole(study):
    data = study(*ROWS, validation="10%", test="20%", group="id")
    groups = [set(table.groups.tolist()) for table in data.tables.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 100
    assert data.notes == ()


def test_fractions_keep_equal_texts_together(study):
    rows = [f"text {i % 50},{'b' if i % 2 else 'a'},x" for i in range(200)]
    texts = [set(table.texts["text"]) for table in study(*rows, validation="10%", test="20%").tables.values()]
    assert sum(map(len, texts)) == 50


def test_a_blank_group_is_a_group_of_its_own(study):
    rows = ["k,a,1", "l,b,", "m,a,1.0", "n,b, ", "o,a,nan"]
    groups = study(*rows, group="id").train.groups.tolist()
    assert groups[0] == groups[2]
    assert len(set(groups)) == 4


def test_a_group_over_declared_splits_is_kept_and_noted(study):
    data = study("k,a,v1", "l,b,2", group="id")
    assert data.train.groups[0] == data.validation.groups[0]
    assert data.notes == (
        "data.d: 1 group(s) have rows in both train and validation; the rows are kept, but scores on validation "
        "may be too good",
    )


def test_rows_without_a_label_are_left_out_and_counted(study):
    data = study("k,a,1", "l,,2", ",nan,3", "m,b,4")
    assert data.train.rows.tolist() == [0, 3]
    assert data.notes == ("t.csv: 2 of 4 rows hold no label and were left out",)


@pytest.mark.parametrize(
    ("rows", "text", "column", "more"),
    [
        ([" ,a,2"], "text", "text", ""),
        ([",a,2", ",b,3"], "text", "text", " (2 such rows in all)"),
        (["k,a,"], ("text", "id"), "id", ""),
        ([",a,1"], ("text", "id"), "text", ""),
    ],
)
def test_empty_text(fails, rows, text, column, more):
    said = fails("x,a,1", *rows, text=text)
    assert said.startswith(f"t.csv, line 3, column '{column}': the text is empty{more}\n")


def test_text_column_of_numbers(fails, tmp_path):
    pl.DataFrame({"text": [1, 2], "label": ["a", "b"]}).write_parquet(tmp_path / "t.parquet")
    said = fails("x,a,1", train="t.parquet")
    assert said.startswith("t.parquet, column 'text': values of type Int64\n  Expected: texts")


def test_a_fraction_too_small_for_a_row(fails):
    said = fails("x,a,1", "y,b,2", validation="1%")
    assert said.startswith("data.d.validation: 1% of 2 row(s) leaves none\n  Expected: a row at least\n")


def test_a_fraction_too_small_for_a_group(fails):
    said = fails("x,a,1", "y,b,1", "z,b,1", validation="30%", group="id")
    assert "Expected: a row at least; groups are never split\n" in said
