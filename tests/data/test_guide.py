"""Every message that the guide on data shows is the one that its mistake gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.errors import UserError
from sharewise.tasks import MulticlassOptions

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "data.md"
MESSAGES = dict(re.findall(r"^\| ([^|]+) \| `(.+)` \|$", GUIDE.read_text().partition("## Mistakes")[2], re.M))

SOUND = b"text,label\nx,hate\ny,none\n"
# For each mistake: the file that is written, its content, and the keys of the data set.
MISTAKES: dict[str, tuple[str, bytes, dict[str, str]]] = {
    "a file that isn't there": ("train.csv", SOUND, {"train": "trian.csv"}),
    "a folder": ("train.csv", SOUND, {"train": "folder.csv"}),
    "an unknown ending": ("train.txt", SOUND, {"train": "train.txt"}),
    "an empty file": ("empty.csv", b"", {"train": "empty.csv"}),
    "a header alone": ("train.csv", b"text,label\n", {}),
    "a column that isn't there": ("train.csv", b"text,lable\nx,hate\n", {}),
    "a column twice": ("train.csv", b"text,label,label\nx,hate,none\n", {}),
    "too many or too few fields": ("train.csv", b"text,label\nx,hate\ny,z,none\n", {}),
    "a quote never closed": ("train.csv", b'text,label\n"x,hate\ny,z,none\n', {}),
    "text after a closing quote": ("train.csv", b'text,label\nx,hate\n"y" z,w,none\n', {}),
    "a NUL character": ("train.csv", b"text,label\nx\0,hate\n", {}),
    "a wrong or mixed encoding": (
        "train.csv",
        "text,label\n가,hate\n".encode() + "가,none\n".encode("cp949"),
        {},
    ),
    "an unknown encoding": ("train.csv", SOUND, {"encoding": "uft-8"}),
    "a damaged archive": ("train.csv.gz", SOUND, {"train": "train.csv.gz"}),
    "JSON that is none": ("train.jsonl", b'{"text": \n', {"train": "train.jsonl"}),
    "lists in a column": ("train.jsonl", b'{"text": [], "label": "hate"}\n', {"train": "train.jsonl"}),
    "a label that isn't one": ("train.csv", b"text,label\nx,hate\ny,hatee\n", {}),
    "an empty text": ("train.csv", b"text,label\n ,hate\ny,none\n", {}),
    "a column without labels": ("train.csv", b"text,label\nx,\ny,\n", {}),
    "one label only": ("train.csv", b"text,label\nx,hate\ny,hate\n", {}),
    "a fraction of too few rows": ("train.csv", SOUND, {"validation": "1%"}),
    "one file for two splits": ("train.csv", SOUND, {"validation": "train.csv"}),
    "a test split in one data set only": ("train.csv", SOUND, {}),
}


def test_every_row_of_the_table_is_tested():
    assert list(MESSAGES) == list(MISTAKES)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_message(tmp_path, mistake):
    name, content, keys = MISTAKES[mistake]
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "valid.csv").write_bytes(SOUND)
    (tmp_path / name).write_bytes(content)
    options = {"train": "train.csv", "validation": "valid.csv", "text": "text"} | keys
    data = {"d": DataOptions(**options)}
    tasks = {"y": MulticlassOptions(data="d", label="label", labels=("hate", "none"))}
    if mistake == "a test split in one data set only":
        (tmp_path / "test.csv").write_bytes(SOUND)
        data["e"] = DataOptions(**options, test="test.csv")
        tasks["z"] = MulticlassOptions(data="e", label="label")
    with pytest.raises(UserError) as error:
        load(data, tasks, folder=tmp_path)
    assert str(error.value).partition("\n")[0] == MESSAGES[mistake]
