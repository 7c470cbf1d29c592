from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from sharewise.data.table import Table
from support import COLUMNS, TASKS, make_data, make_table, pick


def texts_table(rows, groups=None) -> Table:
    number = len(rows)
    return Table(
        split="train",
        texts=pl.DataFrame(rows, schema={"text": pl.String, "pair": pl.String}, orient="row"),
        targets={"t": np.zeros((number, 1), dtype=np.float32)},
        groups=np.arange(number) if groups is None else np.asarray(groups),
        sources=np.zeros(number, dtype=np.int32),
        rows=np.arange(number),
        datasets=("d",),
        grouped=groups is not None,
    )


def test_a_cell_is_present_unless_it_is_a_hole():
    table = make_table("train", rows=20)
    for task in TASKS:
        expected = [not np.isnan(value) for value in table.targets[task][:, 0].tolist()]
        assert table.present(task).tolist() == expected
        assert 0 < sum(expected) < 20


def test_one_missing_number_makes_a_wide_cell_a_hole():
    wide = replace(
        texts_table([("a", None), ("b", None)]),
        targets={"t": np.array([[1, np.nan], [0, 1]], dtype=np.float32)},
    )
    assert wide.present("t").tolist() == [False, True]


def test_present_any_is_a_cell_of_at_least_one_task():
    table = make_table("train", rows=20)
    reviews = table.present_any(COLUMNS["reviews"])
    assert reviews.tolist() == (table.sources == 0).tolist()
    assert table.present_any(TASKS).all()


def test_length_is_the_number_of_rows():
    assert len(make_table("test", rows=7)) == 7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([("a", None)], [("b", None)]),
        ([("a", None)], [("a", None), ("a", None)]),
        ([("a", "b")], [("b", "a")]),
        ([("ab", "c")], [("a", "bc")]),
        ([("a", None)], [("a", "")]),
        ([("a", None), ("b", None)], [("b", None), ("a", None)]),
        ([("a", "b"), ("c", "d")], [("a", "bc"), ("", "d")]),
    ],
)
def test_other_texts_have_another_digest(one, other):
    assert texts_table(one).text_digest() != texts_table(other).text_digest()


def test_equal_texts_have_an_equal_digest_and_groups_count():
    rows = [("a", "b"), ("c", None)]
    assert texts_table(rows).text_digest() == texts_table(rows).text_digest()
    assert texts_table(rows).text_digest() != texts_table(rows, groups=[0, 0]).text_digest()


def test_a_target_digest_sees_values_and_holes_of_its_own_task():
    table = make_table("train", rows=20)
    before = {task: table.target_digest(task) for task in TASKS}
    assert {task: pick(table, range(20)).target_digest(task) for task in TASKS} == before
    row = int(np.flatnonzero(table.present("stars"))[0])
    for value in (4.5, np.nan):
        targets = {task: values.copy() for task, values in table.targets.items()}
        targets["stars"][row] = value
        changed = replace(table, targets=targets)
        assert changed.target_digest("stars") != before["stars"]
        assert changed.target_digest("spam") == before["spam"]


def test_tables_are_the_splits_that_exist():
    data = make_data()
    assert list(data.tables) == ["train", "validation", "test"]
    assert list(replace(data, test=None).tables) == ["train", "validation"]
