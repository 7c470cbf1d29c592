from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.errors import UserError
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions


def csv(*rows: str, header: str = "text,label") -> str:
    return "\n".join([header, *rows]) + "\n"


@pytest.fixture
def files(tmp_path):
    """Two data sets: reviews with two tasks and holes, pairs with one; all splits declared."""
    header = "text,good,stars,id"
    (tmp_path / "train.csv").write_text(csv("a,1,5,p", "b,,1,p", "c,0,,q", "d,,,r", "e,1,2,", header=header))
    (tmp_path / "valid.csv").write_text(csv("f,1,1,s", "g,0,5,t", header=header))
    (tmp_path / "test.csv").write_text(csv("h,0,2,u", "i,1,1,p", header=header))
    pair_rows = '{"one": "x", "two": "y", "same": 0.5}\n{"one": "v", "two": "w", "same": 2}\n'
    for split in ("train", "valid", "test"):
        (tmp_path / f"{split}.jsonl").write_text(pair_rows)
    return tmp_path


DATA = {
    "reviews": DataOptions(
        train="train.csv", validation="valid.csv", test="test.csv", text="text", group="id"
    ),
    "pairs": DataOptions(
        train="train.jsonl", validation="valid.jsonl", test="test.jsonl", text=("one", "two")
    ),
}
TASKS = {
    "same": RegressionOptions(data="pairs", label="same"),
    "good": BinaryOptions(data="reviews", label="good"),
    "stars": MulticlassOptions(data="reviews", label="stars"),
}


def test_two_data_sets_become_one_table(files):
    data = load(DATA, TASKS, folder=files)
    train = data.train
    assert list(data.tasks) == ["same", "good", "stars"]
    assert train.datasets == ("reviews", "pairs")
    assert train.texts.rows() == [("a", None), ("b", None), ("c", None), ("e", None), ("x", "y"), ("v", "w")]
    assert train.texts.schema == {"text": pl.String, "pair": pl.String}
    assert train.sources.tolist() == [0, 0, 0, 0, 1, 1]
    assert train.rows.tolist() == [0, 1, 2, 4, 0, 1]
    nan = float("nan")
    for task, values in {
        "same": [nan, nan, nan, nan, 0.5, 2],
        "good": [1, nan, 0, 1, nan, nan],
        "stars": [2, 0, nan, 1, nan, nan],
    }.items():
        assert train.targets[task].dtype == np.float32
        np.testing.assert_array_equal(train.targets[task], np.array(values).reshape(-1, 1))
    assert (train.split, data.validation.split, data.test.split) == ("train", "validation", "test")
    assert [len(table) for table in data.tables.values()] == [6, 4, 4]
    assert train.grouped
    assert data.tasks["stars"].labels == ("1", "2", "5")


def test_groups_hold_over_splits_and_are_unique_over_data_sets(files):
    data = load(DATA, TASKS, folder=files)
    first, second, third, blank, *pairs = data.train.groups.tolist()
    assert first == second
    assert len({first, third, blank, *pairs}) == 5
    assert data.test.groups[1] == first
    assert not set(pairs) & set(data.test.groups[:2].tolist())
    assert len({*data.train.groups, *data.validation.groups, *data.test.groups}) == 5 + 4 + 3


def test_notes(files):
    spare = {"spare": DataOptions(train="nowhere.csv", text="text")}
    data = load(spare | DATA, TASKS, folder=files)
    assert data.notes == (
        "data.spare: no task uses this data set; it was not read",
        "train.csv: 1 of 5 rows hold no label and were left out",
        "data.reviews: 1 group(s) have rows in both train and test; the rows are kept, but scores on test may be "
        "too good",
        "tasks.stars: no cell of the validation split holds the label '2'",
        "tasks.stars: no cell of the test split holds the label '5'",
    )
    assert data.train.datasets == ("reviews", "pairs")


def test_test_file_beside_a_cut_validation(files):
    options = DataOptions(train="train.csv", validation="40%", test="test.csv", text="text")
    data = load({"reviews": options}, {"good": TASKS["good"]}, folder=files)
    assert [len(table) for table in data.tables.values()] == [2, 1, 2]
    assert any("all cells of the validation split hold" in note for note in data.notes)


def test_empty_text_without_a_label_is_left_out(files):
    (files / "train.csv").write_text(csv("a,1,5,p", ",,,q", "c,0,4,r", header="text,good,stars,id"))
    assert len(load(DATA, {"good": TASKS["good"]}, folder=files).train) == 2


def test_test_split_in_one_data_set_only(files):
    data = DATA | {"pairs": DataOptions(train="train.jsonl", validation="valid.jsonl", text=("one", "two"))}
    with pytest.raises(UserError, match=r"^data\.pairs: there is no test split, but data\.reviews has one"):
        load(data, TASKS, folder=files)


label_cells = st.sampled_from(["", " ", "nan", "0", "1", "1.0", "0.0", " 1"])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(label_cells, label_cells), min_size=4, max_size=12))
def test_no_cell_is_lost_or_made_up(tmp_path_factory, cells):
    folder = tmp_path_factory.mktemp("cells")
    certain = [("0", "1"), ("1", "0")]
    rows = [*certain, *cells]
    (folder / "t.csv").write_text(csv(*[f"t{i},{a},{b}" for i, (a, b) in enumerate(rows)], header="text,a,b"))
    (folder / "v.csv").write_text(csv("x,0,1", "y,1,0", header="text,a,b"))
    data = {"d": DataOptions(train="t.csv", validation="v.csv", text="text")}
    tasks = {"a": BinaryOptions(data="d", label="a"), "b": RegressionOptions(data="d", label="b")}
    train = load(data, tasks, folder=folder).train

    def value(cell: str) -> float:
        return float(cell.strip() or "nan")

    expected = np.array([[value(a), value(b)] for a, b in rows])
    kept = ~np.isnan(expected).all(axis=1)
    assert train.rows.tolist() == np.flatnonzero(kept).tolist()
    np.testing.assert_array_equal(np.hstack([train.targets["a"], train.targets["b"]]), expected[kept])
