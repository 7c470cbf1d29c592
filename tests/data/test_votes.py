from __future__ import annotations

import numpy as np
import pytest

from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.errors import UserError
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions

HEADER = "text,label,yes,no,r1,r2"


def read(tmp_path, *rows, task, **options):
    (tmp_path / "t.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    (tmp_path / "v.csv").write_text(f"{HEADER}\nv,1,3,0,1,1\nw,0,0,3,0,0\n")
    declared = DataOptions(train="t.csv", validation="v.csv", text="text", **options)
    return load({"d": declared}, {"y": task}, folder=tmp_path)


def binary(**keys):
    return BinaryOptions(data="d", label="label", **keys)


def test_counts_are_read_in_the_order_of_the_labels(tmp_path):
    data = read(
        tmp_path, "a,1,3,0,1,1", "b,0, 1.0 ,2,,", "c,1,,,0,1", task=binary(votes={"yes": "yes", "no": "no"})
    )
    assert data.train.votes["y"].tolist() == [[0, 3], [2, 1], [0, 0]]
    assert data.validation.votes["y"].tolist() == [[0, 3], [3, 0]]


def test_labels_name_their_columns_too(tmp_path):
    task = MulticlassOptions(data="d", label="label", votes={"1": "yes"})
    assert read(tmp_path, "a,1,3,0,,", "b,0,1,2,,", task=task).train.votes["y"].tolist() == [[0, 3], [0, 1]]


def test_a_column_a_rater_is_counted(tmp_path):
    data = read(tmp_path, "a,1,,,1,0", "b,0,,,0,", "c,1,,,,", task=binary(votes=("r1", "r2")))
    assert data.train.votes["y"].tolist() == [[1, 1], [1, 0], [0, 0]]


def test_votes_change_no_target_and_no_digest(tmp_path):
    rows = ["a,1,3,0,1,1", "b,0,1,2,0,1"]
    plain = read(tmp_path, *rows, task=binary())
    voted = read(tmp_path, *rows, task=binary(votes=("r1", "r2")), slice="yes")
    assert plain.train.votes == {}
    assert np.array_equal(plain.train.targets["y"], voted.train.targets["y"])
    assert plain.train.text_digest() == voted.train.text_digest()
    assert plain.tasks["y"].describe() == voted.tasks["y"].describe()


@pytest.mark.parametrize("cell", ["-1", "1.5", "x", "inf", "99999999999"])
def test_what_is_no_count_is_located(tmp_path, cell):
    with pytest.raises(UserError) as error:
        read(tmp_path, "a,1,3,0,,", f"b,0,{cell},2,,", task=binary(votes={"yes": "yes", "no": "no"}))
    assert f"t.csv, line 3, column 'yes': '{cell}' is no number of votes" in str(error.value)


def test_a_rater_who_chose_no_label_is_located(tmp_path):
    with pytest.raises(UserError, match=r"t\.csv, line 2, column 'r2': '7' is no label of task 'y'"):
        read(tmp_path, "a,1,,,1,7", "b,0,,,0,0", task=binary(votes=("r1", "r2")))


def test_a_key_that_is_no_label(tmp_path):
    with pytest.raises(
        UserError, match=r"tasks\.y\.votes\.yess: 'yess' is no label of this task; did you mean 'yes'"
    ):
        read(tmp_path, "a,1,3,0,,", "b,0,1,2,,", task=binary(votes={"yess": "yes", "no": "no"}))


def test_numbers_have_no_votes(tmp_path):
    task = RegressionOptions(data="d", label="label", votes=("r1", "r2"))
    with pytest.raises(UserError, match=r"tasks\.y\.votes: the label of a regression task is a number"):
        read(tmp_path, "a,1,3,0,,", "b,0,1,2,,", task=task)


def test_a_votes_column_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"t\.csv: there is no column 'yse'; did you mean 'yes'"):
        read(tmp_path, "a,1,3,0,,", "b,0,1,2,,", task=binary(votes={"yes": "yse", "no": "no"}))


def test_slices_are_texts_and_null_elsewhere(tmp_path):
    data = {
        "a": DataOptions(train="t.csv", validation="v.csv", text="text", slice=("yes", "r1")),
        "b": DataOptions(train="t.csv", validation="v.csv", text="text"),
    }
    (tmp_path / "t.csv").write_text(f"{HEADER}\na,1,3,,,\nb,0,4,,9,\n")
    (tmp_path / "v.csv").write_text(f"{HEADER}\na,1,3,,,\nb,0,4,,9,\n")
    tasks = {name: BinaryOptions(data=name, label="label") for name in data}
    table = load(data, tasks, folder=tmp_path).train
    assert table.slices["yes"].to_list() == ["3", "4", None, None]
    assert [value or None for value in table.slices["r1"]] == [None, "9", None, None]
    assert [o.file for o in table.origins] == ["t.csv", "t.csv"]
    assert table.lines.tolist() == [2, 3, 2, 3]
