"""Reading through the `datasets` library, from folders in the hub's layout."""

from __future__ import annotations

import sys

import polars as pl
import pytest

from sharewise.data.reading import read_records
from sharewise.errors import UserError

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


@pytest.fixture
def folder(tmp_path):
    """A data set of two splits, one row without a label, and a second configuration."""
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    for split, labels in (("train", [0, 1, -1]), ("test", [1, 0])):
        rows = {"text": [f"{split} {i}" for i in range(len(labels))], "label": labels}
        data = datasets.Dataset.from_dict(rows, features=features)
        (tmp_path / "reviews" / "data").mkdir(parents=True, exist_ok=True)
        data.to_parquet(tmp_path / "reviews" / "data" / f"{split}-00000-of-00001.parquet")
    (tmp_path / "reviews" / "extra").mkdir()
    pl.DataFrame({"text": ["other"], "label": [1.5]}).write_parquet(
        tmp_path / "reviews" / "extra" / "train.parquet"
    )
    (tmp_path / "reviews" / "README.md").write_text(
        "---\nconfigs:\n"
        "- config_name: default\n  data_files:\n"
        "  - {split: train, path: data/train-*}\n  - {split: test, path: data/test-*}\n"
        "- config_name: extra\n  data_files: extra/train.parquet\n---\n"
    )
    return tmp_path


def read_hub(folder, source: str, key: str = "data.reviews.train"):
    return read_records(source, folder=folder, columns=["text", "label"], key=key)


def test_local_folder_and_missing_labels(folder):
    records = read_hub(folder, "hub:reviews")
    assert records.frame.rows() == [("train 0", 0), ("train 1", 1), ("train 2", None)]
    assert records.where(0, "label") == "hub:reviews, row 1, column 'label'"
    assert records.lines is None


def test_split_by_key_and_by_name(folder):
    assert read_hub(folder, "hub:reviews", "data.reviews.test").frame["text"].to_list() == [
        "test 0",
        "test 1",
    ]
    assert read_hub(folder, "hub:reviews#test").frame["label"].to_list() == [1, 0]
    assert read_hub(folder, f"hub:{folder}/reviews#test").frame.height == 2


def test_configuration(folder):
    assert read_hub(folder, "hub:reviews:extra#train").frame.rows() == [("other", 1.5)]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("hub:reviews#tset", r"has no split 'tset'; did you mean 'test'\?"),
        ("hub:nobody/nothing", r"^data\.reviews\.train: hub:nobody/nothing can't be loaded"),
        ("hub:reviews:none", "can't be loaded"),
    ],
)
def test_mistakes(folder, source, message):
    with pytest.raises(UserError, match=message):
        read_hub(folder, source)


def test_missing_column(folder):
    with pytest.raises(UserError, match=r"^hub:reviews: there is no column 'txt'; did you mean 'text'\?"):
        read_records("hub:reviews", folder=folder, columns=["txt"], key="data.reviews.train")


def test_library_not_installed(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match=r"pip install 'sharewise\[hub\]'"):
        read_hub(folder, "hub:reviews")
