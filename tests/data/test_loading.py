from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from sharewise.data import reading
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


def test_one_file_is_read_once(files, monkeypatch):
    calls = []
    real = reading.read_records

    def counting(source, **options):
        calls.append((source, options["columns"]))
        return real(source, **options)

    monkeypatch.setattr("sharewise.data.sources.read_records", counting)
    options = {"train": "train.csv", "validation": "valid.csv", "text": "text"}
    data = {"one": DataOptions(**options), "two": DataOptions(**options | {"validation": "./valid.csv"})}
    tasks = {
        "good": BinaryOptions(data="one", label="good"),
        "stars": MulticlassOptions(data="two", label="stars"),
    }
    loaded = load(data, tasks, folder=files)
    assert calls == [("train.csv", ["text", "good", "stars"]), ("valid.csv", ["text", "good", "stars"])]
    assert [len(table) for table in loaded.tables.values()] == [6, 4]
    assert loaded.test is None


def test_absolute_paths_and_other_folders(files, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    data = {
        "d": DataOptions(train=str(files / "train.csv"), validation=str(files / "valid.csv"), text="text")
    }
    assert (
        len(load(data, {"good": TASKS["good"].model_copy(update={"data": "d"})}, folder=elsewhere).train) == 3
    )


def cut_study(folder, rows: list[str], **options: str):
    (folder / "all.csv").write_text(csv(*rows, header="text,label,id"))
    data = {"d": DataOptions(train="all.csv", text="text", **options)}
    return load(data, {"y": MulticlassOptions(data="d", label="label")}, folder=folder)


def test_fractions_are_cut_from_train(tmp_path):
    rows = [f"text {i},{'yes' if i % 10 == 0 else 'no'},{i // 4}" for i in range(400)]
    data = cut_study(tmp_path, rows, validation="10%", test="20%")
    assert [len(table) for table in data.tables.values()] == [280, 40, 80]
    assert [int(table.targets["y"].sum()) for table in data.tables.values()] == [28, 4, 8]
    numbers = np.concatenate([table.rows for table in data.tables.values()])
    assert sorted(numbers.tolist()) == list(range(400))
    assert all(
        table.texts["text"].to_list() == [f"text {i}" for i in table.rows] for table in data.tables.values()
    )
    again = cut_study(tmp_path, rows, validation="10%", test="20%")
    assert all(np.array_equal(again.tables[s].rows, data.tables[s].rows) for s in data.tables)


def test_fractions_keep_groups_whole(tmp_path):
    rows = [f"text {i},{'yes' if i % 10 == 0 else 'no'},{i // 4}" for i in range(400)]
    data = cut_study(tmp_path, rows, validation="10%", test="20%", group="id")
    groups = [set(table.groups.tolist()) for table in data.tables.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 100
    assert not any("group(s) have rows in both" in note for note in data.notes)


def test_fractions_keep_equal_texts_together(tmp_path):
    rows = [f"text {i % 50},{'yes' if i % 2 else 'no'},x" for i in range(200)]
    data = cut_study(tmp_path, rows, validation="10%", test="20%")
    texts = [set(table.texts["text"]) for table in data.tables.values()]
    assert sum(map(len, texts)) == 50


def test_test_file_beside_a_cut_validation(files):
    options = DataOptions(train="train.csv", validation="40%", test="test.csv", text="text")
    data = load({"reviews": options}, {"good": TASKS["good"]}, folder=files)
    assert [len(table) for table in data.tables.values()] == [2, 1, 2]
    assert any("all cells of the validation split hold" in note for note in data.notes)


def fails(folder, rows: list[str], header: str = "text,label,id", task=None, **options) -> str:
    (folder / "t.csv").write_text(csv(*rows, header=header))
    (folder / "v.csv").write_text(csv("v,a,v1", "w,b,v2", header="text,label,id"))
    options = {"train": "t.csv", "validation": "v.csv", "text": "text"} | options
    tasks = {"y": task or MulticlassOptions(data="d", label="label", labels=("a", "b"))}
    with pytest.raises(UserError) as error:
        load({"d": DataOptions(**options)}, tasks, folder=folder)
    return str(error.value)


def test_label_outside_the_declared_set(tmp_path):
    task = MulticlassOptions(data="d", label="label", labels=("offensive", "none"))
    assert fails(tmp_path, ["x,none,1", "y,,2", "z,ofensive,3"], task=task) == (
        "t.csv, line 4, column 'label': 'ofensive' is no label of task 'y'; did you mean 'offensive'?\n"
        "  Expected: one of offensive, none, or an empty cell where there is no label\n"
        "  To do: correct the cell, or add the label under `tasks.y.labels`"
    )


def test_label_that_training_lacks(tmp_path):
    task = MulticlassOptions(data="d", label="label")
    said = fails(tmp_path, ["x,b,1", "y,c,2"], task=task)
    assert said.startswith("v.csv, line 2, column 'label': 'a' is no label of task 'y'")


def test_place_is_right_after_left_out_rows_and_a_cut(tmp_path):
    rows = ['"two\nlines",1,a', ",,b", *[f"t{i},{i},c" for i in range(20)]]
    rows[15] = "t13,13 stars,c"
    said = fails(tmp_path, rows, task=RegressionOptions(data="d", label="label"), validation="50%")
    assert said.startswith(
        "t.csv, line 18, column 'label': '13 stars' is no label of task 'y'\n  Expected: a finite number"
    )


@pytest.mark.parametrize(
    ("row", "column", "more"),
    [(" ,a,2", "text", ""), (",a,2\n,b,3", "text", " (2 such rows in all)"), ("x,a,", "id", "")],
)
def test_empty_text(tmp_path, row, column, more):
    said = fails(tmp_path, ["x,a,1", row], text=("text", "id"))
    assert said.startswith(f"t.csv, line 3, column '{column}': the text is empty{more}\n")


def test_empty_text_without_a_label_is_left_out(files):
    (files / "train.csv").write_text(csv("a,1,5,p", ",,,q", "c,0,4,r", header="text,good,stars,id"))
    assert len(load(DATA, {"good": TASKS["good"]}, folder=files).train) == 2


def test_text_column_of_numbers(tmp_path):
    pl.DataFrame({"text": [1, 2], "label": ["a", "b"]}).write_parquet(tmp_path / "t.parquet")
    said = fails(tmp_path, ["x,a,1"], train="t.parquet")
    assert said.startswith("t.parquet, column 'text': values of type Int64\n  Expected: texts")


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (["x,,1", "y, ,2"], {}, "tasks.y: column 'label' holds no label in the train split (t.csv)"),
        (
            ["x,,1", "y, ,2"],
            {"validation": "10%"},
            "tasks.y: column 'label' holds no label in the train split",
        ),
        (
            ["x,a,1", "y,a,2"],
            {},
            "tasks.y: every cell of column 'label' holds the same label for training (t.csv)",
        ),
        (["x,a,1", "y,b,2"], {"validation": "1%"}, "data.d.validation: 1% of 2 row(s) leaves none"),
        (
            ["x,a,1", "y,b,2"],
            {"validation": "t.csv"},
            "data.d.validation: t.csv is the train split of this data set",
        ),
        (
            ["x,a,1", "y,b,2"],
            {"test": "./v.csv"},
            "data.d.test: ./v.csv is the validation split of this data set",
        ),
        (["x,a,1", "y,b,2"], {"text": "txt"}, "t.csv: there is no column 'txt'; did you mean 'text'?"),
        (["x,a,1", "y,b,2"], {"group": "ids"}, "t.csv: there is no column 'ids'"),
        (["x,a,1", "y,b,2"], {"test": "none.csv"}, "data.d.test: there is no file 'none.csv'"),
    ],
)
def test_mistakes(tmp_path, rows, options, message):
    assert fails(tmp_path, rows, **options).startswith(message)


def two_tasks(folder, split: str) -> str:
    (folder / "none.csv").write_text(csv("x,1,", "y,0,", header="text,a,b"))
    (folder / "full.csv").write_text(csv("x,1,1", "y,0,0", header="text,a,b"))
    (folder / "other.csv").write_text(csv("x,1,1", "z,0,0", header="text,a,b"))
    options = {"train": "full.csv", "validation": "other.csv", "text": "text"} | {split: "none.csv"}
    tasks = {name: BinaryOptions(data="d", label=name) for name in "ab"}
    with pytest.raises(UserError) as error:
        load({"d": DataOptions(**options)}, tasks, folder=folder)
    return str(error.value)


@pytest.mark.parametrize(
    ("split", "action"),
    [
        ("train", "fill the column"),
        ("validation", "declare a larger fraction or another file under `data.d.validation`"),
        ("test", "or leave `test` out of every data set"),
    ],
)
def test_task_without_cells_in_a_split(tmp_path, split, action):
    said = two_tasks(tmp_path, split)
    assert said.startswith(f"tasks.b: column 'b' holds no label in the {split} split (none.csv)")
    assert action in said


def test_test_split_in_one_data_set_only(files):
    data = DATA | {"pairs": DataOptions(train="train.jsonl", validation="valid.jsonl", text=("one", "two"))}
    with pytest.raises(UserError, match=r"^data\.pairs: there is no test split, but data\.reviews has one"):
        load(data, TASKS, folder=files)


label_cells = st.sampled_from(["", " ", "nan", "0", "1", "1.0", "0.0", " 1"])


@settings(max_examples=30, deadline=None)
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
