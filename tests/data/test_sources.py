from __future__ import annotations

import pytest

from sharewise.data import sources
from sharewise.data.options import DataOptions
from sharewise.data.sources import read_sources
from sharewise.errors import UserError
from sharewise.tasks import BinaryOptions, MulticlassOptions

TASKS = {
    "good": BinaryOptions(data="one", label="good"),
    "stars": MulticlassOptions(data="two", label="stars"),
}


@pytest.fixture
def folder(tmp_path, write):
    write("train.csv", "a,1,5", "b,0,1", header="text,good,stars")
    write("valid.csv", "c,1,5", header="text,good,stars")
    return tmp_path


def options(**keys: str) -> DataOptions:
    return DataOptions(**{"train": "train.csv", "validation": "valid.csv", "text": "text"} | keys)


def test_one_file_is_read_once(folder, monkeypatch):
    calls = []

    def counting(source, **keys):
        calls.append((source, keys["columns"], keys["key"]))
        return read_records(source, **keys)

    read_records = sources.read_records
    monkeypatch.setattr(sources, "read_records", counting)
    data = {"one": options(), "two": options(validation="./valid.csv", test="10%")}
    records = read_sources(data, TASKS, folder=folder)
    columns = ["text", "good", "stars"]
    assert calls == [("train.csv", columns, "data.one.train"), ("valid.csv", columns, "data.one.validation")]
    assert list(records) == [(d, s) for d in ("one", "two") for s in ("train", "validation")]
    assert records["one", "train"] is records["two", "train"]


def test_another_encoding_is_another_reading(folder):
    records = read_sources({"one": options(), "two": options(encoding="latin-1")}, TASKS, folder=folder)
    assert records["one", "train"].encoding == "utf-8"
    assert records["two", "train"].encoding == "latin-1"


def test_absolute_paths(folder, tmp_path_factory):
    data = {"one": options(train=str(folder / "train.csv"), validation="10%")}
    records = read_sources(data, TASKS, folder=tmp_path_factory.mktemp("elsewhere"))
    assert records["one", "train"].frame.columns == ["text", "good"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"validation": "train.csv"},
            r"^data\.one\.validation: train\.csv is the train split of this data set already",
        ),
        (
            {"test": "./valid.csv"},
            r"^data\.one\.test: \./valid\.csv is the validation split of this data set already",
        ),
        ({"validation": "hub:x#a", "test": "hub:x#a"}, r"^data\.one\.test: hub:x#a is the validation split"),
        ({"test": "none.csv"}, r"^data\.one\.test: there is no file 'none\.csv'"),
    ],
)
def test_mistakes(folder, keys, message):
    with pytest.raises(UserError, match=message):
        read_sources({"one": options(**keys)}, TASKS, folder=folder)
