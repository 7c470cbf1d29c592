from __future__ import annotations

import datetime as dt
import decimal

import polars as pl
import pytest

from sharewise.data.reading import read_records
from sharewise.errors import UserError


def read_frame(folder, frame: pl.DataFrame, *columns: str):
    frame.write_parquet(folder / "a.parquet")
    return read_records("a.parquet", folder=folder, columns=columns or None, key="data.x.train")


def test_types_are_kept(tmp_path):
    frame = pl.DataFrame({"text": ["x", None], "n": [1, 2], "f": [0.5, None], "b": [True, False]})
    records = read_frame(tmp_path, frame)
    assert records.frame.equals(frame)
    assert records.lines is None
    assert records.encoding is None
    assert records.where(1, "n") == "a.parquet, row 2, column 'n'"


def test_other_types_become_plain(tmp_path):
    frame = pl.DataFrame(
        {
            "c": pl.Series(["x", "y"], dtype=pl.Categorical),
            "d": [dt.date(2020, 1, 2), None],
            "m": pl.Series([decimal.Decimal("1.5"), None], dtype=pl.Decimal(10, 2)),
            "z": pl.Series([None, None], dtype=pl.Null),
        }
    )
    records = read_frame(tmp_path, frame)
    assert records.frame.rows() == [("x", "2020-01-02", 1.5, None), ("y", None, None, None)]
    assert records.frame.schema == {"c": pl.String, "d": pl.String, "m": pl.Float64, "z": pl.String}


def test_wanted_columns_in_order(tmp_path):
    assert read_frame(tmp_path, pl.DataFrame({"a": [1], "b": [2], "c": [3]}), "c", "a").frame.rows() == [
        (3, 1)
    ]


def test_lists_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"^a\.parquet, column 'x': values of type List"):
        read_frame(tmp_path, pl.DataFrame({"x": [[1]]}), "x")


def test_missing_column(tmp_path):
    with pytest.raises(UserError, match=r"^a\.parquet: there is no column 'lable'; did you mean 'label'\?"):
        read_frame(tmp_path, pl.DataFrame({"label": [1]}), "lable")


def test_no_rows(tmp_path):
    with pytest.raises(UserError, match="the file holds no rows"):
        read_frame(tmp_path, pl.DataFrame({"x": []}, schema={"x": pl.String}), "x")


@pytest.mark.parametrize("content", [b"", b"text,label\nx,1\n", b"PAR1 and no more"])
def test_no_parquet(read, content):
    with pytest.raises(UserError, match=r"^a\.parquet: the file can't be read as Parquet"):
        read("a.parquet", content, "x")
