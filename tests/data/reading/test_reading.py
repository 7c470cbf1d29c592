from __future__ import annotations

import os

import pytest

from sharewise.data.reading import read_records
from sharewise.errors import UserError


def read_named(folder, source: str, key: str = "data.reviews.train"):
    return read_records(source, folder=folder, columns=["text"], key=key)


def test_paths_are_relative_to_the_study(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.csv").write_text("text\nx\n")
    assert read_named(tmp_path, "sub/a.csv").name == "sub/a.csv"
    assert read_named(tmp_path / "sub", str(tmp_path / "sub" / "a.csv")).frame.height == 1


def test_missing_file_with_the_nearest(tmp_path):
    (tmp_path / "train.csv").write_text("text\nx\n")
    (tmp_path / "notes.md").write_text("no data")
    with pytest.raises(UserError) as error:
        read_named(tmp_path, "trian.csv")
    assert str(error.value).startswith(
        "data.reviews.train: there is no file 'trian.csv'; did you mean 'train.csv'?\n"
        f"  Expected: a file; {tmp_path} holds 'train.csv'\n"
    )


def test_missing_folder(tmp_path):
    with pytest.raises(UserError, match="holds no data files"):
        read_named(tmp_path, "nowhere/train.csv")


def test_folder_in_place_of_a_file(tmp_path):
    (tmp_path / "reviews.csv").mkdir()
    with pytest.raises(UserError, match=r"data\.reviews\.train: reviews\.csv is a folder"):
        read_named(tmp_path, "reviews.csv")


@pytest.mark.parametrize("name", ["a.txt", "a", "a.gz", "a.parquet.gz", "a.json", "a.xlsx", "a.csv.bz2"])
def test_unknown_format(tmp_path, name):
    (tmp_path / name).write_text("text\nx\n")
    with pytest.raises(UserError, match="is of no format that can be read"):
        read_named(tmp_path, name)


def test_endings_in_capitals(tmp_path):
    (tmp_path / "A.CSV").write_text("text\nx\n")
    assert read_named(tmp_path, "A.CSV").frame.height == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text\nx\n")
    path.chmod(0)
    with pytest.raises(UserError, match=r"a\.csv: the file can't be read"):
        read_named(tmp_path, "a.csv")
