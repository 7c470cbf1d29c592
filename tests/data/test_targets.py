from __future__ import annotations

import numpy as np
import pytest

from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.errors import UserError
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions

NUMBERS = RegressionOptions(data="d", label="label")


def test_label_outside_the_declared_set(fails):
    task = MulticlassOptions(data="d", label="label", labels=("offensive", "none"))
    assert fails("x,none,1", "y,,2", "z,ofensive,3", task=task) == (
        "t.csv, line 4, column 'label': 'ofensive' is no label of task 'y'; did you mean 'offensive'?\n"
        "  Expected: one of offensive, none, or an empty cell where there is no label\n"
        "  To do: correct the cell, or add the label under `tasks.y.labels`"
    )


def test_label_that_training_lacks(fails):
    said = fails("x,b,1", "y,c,2", task=MulticlassOptions(data="d", label="label"))
    assert said.startswith("v.csv, line 2, column 'label': 'a' is no label of task 'y'")


def test_place_is_right_after_left_out_rows_and_a_cut(fails):
    rows = ['"two\nlines",1,a', ",,b", *[f"t{i},{i},c" for i in range(20)]]
    rows[15] = "t13,13 stars,c"
    assert fails(*rows, task=NUMBERS, validation="50%") == (
        "t.csv, line 18, column 'label': '13 stars' is no label of task 'y'\n"
        "  Expected: a finite number, or an empty cell where there is no label\n"
        "  To do: correct the cell"
    )


@pytest.mark.parametrize(
    ("rows", "keys", "message"),
    [
        (["x,,1", "y, ,2"], {}, "tasks.y: column 'label' holds no label in the train split (t.csv)"),
        (
            ["x,,1"],
            {"validation": "10%"},
            "tasks.y: column 'label' holds no label in the train split (t.csv)",
        ),
        (
            ["x,a,1", "y,a,2"],
            {},
            "tasks.y: every cell of column 'label' holds the same label for training (t.csv)",
        ),
        (["x,3,1", "y,3.0,2"], {"task": NUMBERS}, "tasks.y: column 'label' holds 2 number(s), all alike"),
    ],
)
def test_nothing_to_learn_from(fails, rows, keys, message):
    assert fails(*rows, **keys).startswith(message)


@pytest.mark.parametrize(
    ("split", "action"),
    [
        ("train", "fill the column"),
        ("validation", "declare a larger fraction or another file under `data.d.validation`"),
        ("test", "or leave `test` out of every data set"),
    ],
)
def test_task_without_cells_in_a_split(tmp_path, write, split, action):
    header = "text,a,b"
    write("none.csv", "x,1,", "y,0,", header=header)
    write("full.csv", "x,1,1", "y,0,0", header=header)
    write("other.csv", "x,1,1", "z,0,0", header=header)
    options = {"train": "full.csv", "validation": "other.csv", "text": "text"} | {split: "none.csv"}
    tasks = {name: BinaryOptions(data="d", label=name) for name in "ab"}
    with pytest.raises(UserError) as error:
        load({"d": DataOptions(**options)}, tasks, folder=tmp_path)
    assert str(error.value).startswith(f"tasks.b: column 'b' holds no label in the {split} split (none.csv)")
    assert action in str(error.value)


def test_task_without_cells_in_a_cut(tmp_path, write):
    rows = [f"text {i},{i % 2},{i if i < 2 else ''}" for i in range(30)]
    write("all.csv", *rows, header="text,a,b")
    tasks = {name: BinaryOptions(data="d", label=name) for name in "ab"}
    with pytest.raises(UserError, match=r"in the validation split \(10% cut from all\.csv\)"):
        load({"d": DataOptions(train="all.csv", text="text")}, tasks, folder=tmp_path)


def test_labels_that_a_split_lacks_are_noted(study):
    task = MulticlassOptions(data="d", label="label", labels=("a", "b", "c", "d"))
    assert study("x,a,1", "y,b,2", "z,c,3", task=task).notes == (
        "tasks.y: no cell of the train split holds the label 'd'",
        "tasks.y: no cell of the validation split holds the label 'c', 'd'",
    )


def test_one_label_in_a_whole_split_is_noted(study, write):
    write("test.csv", "p,b,1", "q,,2")
    (note,) = study("x,a,1", "y,b,2", test="test.csv").notes[1:]
    assert note == (
        "tasks.y: all cells of the test split hold 'b'; metrics that compare labels have no meaning there"
    )


def test_one_number_in_a_whole_split_is_noted(study, write):
    write("same.csv", "p,2.50,1", "q,2.5,2")
    data = study("x,1,1", "y,2,2", task=NUMBERS, validation="same.csv")
    assert data.notes[0].startswith("tasks.y: all cells of the validation split hold '2.5'")


def test_labels_are_mapped_before_they_are_read(study):
    of_stars = {"1": "bad", "2": "bad", "3": None, "5": "good", "a": "bad", "b": "good"}
    task = MulticlassOptions(data="d", label="label", map=of_stars)
    data = study("p,1,1", "q,3,2", "r,5,3", "s,2,4", task=task)
    assert data.tasks["y"].labels == ("bad", "good")
    np.testing.assert_array_equal(data.train.targets["y"][:, 0], [0, np.nan, 1, 0])
    np.testing.assert_array_equal(data.validation.targets["y"][:, 0], [0, 1])


def test_a_label_that_the_map_lacks_is_located(fails):
    task = MulticlassOptions(data="d", label="label", map={"a": "x", "b": "y"})
    said = fails("p,a,1", "q,c,2", task=task)
    assert said.startswith("t.csv, line 3, column 'label': 'c' is no label of task 'y'")
    assert "one of the keys of `map`: a, b" in said
