"""Every message and note that the guide on data shows is the one that its file gets, in each command that reads it."""

from __future__ import annotations

import gzip
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from sharewise.compare.auditing import audit_study
from sharewise.compare.workspace import Workspace
from sharewise.data import reading
from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.errors import UserError
from sharewise.study import load_study
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "data.md").read_text(encoding="utf-8")
UNDERSTOOD = {
    row[0]: row[1:]
    for row in re.findall(
        r"^\| ([^|]+) \| (\d+ rows, [^|]+) \| (?:`(.+)`|–) \|$",
        GUIDE.partition("## What is understood")[2],
        re.M,
    )
}
MESSAGES = dict(re.findall(r"^\| ([^|]+) \| `(.+)` \|$", GUIDE.partition("## Mistakes")[2], re.M))

HATE = b"text,label\nx,hate\ny,none\n"
GOOD = "text,label\none,1\ntwo,0\nfive,1\nsix,0\n"


@dataclass(frozen=True)
class Given:
    """What is in a data set's training file, under which name, and the keys of the data set and of its task."""

    content: bytes
    name: str = "train.csv"
    data: dict[str, Any] = field(default_factory=dict)
    task: dict[str, Any] = field(default_factory=lambda: {"kind": "multiclass", "labels": ["hate", "none"]})


def csv(*labels: str, kind: str = "binary", text: str = "text", **data: Any) -> Given:
    """A file of these labels, each with a text of its own."""
    lines = ["text,label", *(f"{text} {number},{label}" for number, label in enumerate(labels))]
    return Given("\n".join(lines).encode() + b"\n", data=data, task={"kind": kind})


def binary(content: str | bytes, name: str = "train.csv", **data: Any) -> Given:
    return Given(content.encode() if isinstance(content, str) else content, name, data, {"kind": "binary"})


def jsonl(*rows: str) -> Given:
    return binary("".join(row + "\n" for row in rows), "train.jsonl")


def stored(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


LABELLED = [json.dumps({"text": f"text {n}", "label": n % 2}) for n in range(4)]

MISTAKES: dict[str, Given] = {
    "a file that isn't there": Given(HATE, data={"train": "trian.csv"}),
    "a folder": Given(HATE, data={"train": "folder.csv"}),
    "an unknown ending": Given(HATE, "train.txt"),
    "an empty file": Given(b"", "empty.csv"),
    "a header alone": Given(b"text,label\n"),
    "a column that isn't there": Given(b"text,lable\nx,hate\n"),
    "a column twice": Given(b"text,label,label\nx,hate,none\n"),
    "names with spaces around them": Given(b"text, label\nx,hate\n"),
    "no names at all": Given(b",\nx,hate\n"),
    "too many or too few fields": Given(b"text,label\nx,hate\ny,z,none\n"),
    "a quote never closed": Given(b'text,label\n"x,hate\ny,z,none\n'),
    "text after a closing quote": Given(b'text,label\nx,hate\n"y" z,w,none\n'),
    "a NUL character": Given(b"text,label\nx\0,hate\n"),
    "UTF-16 without its mark": Given(HATE.decode().encode("utf-16-le")),
    "a wrong or mixed encoding": Given("text,label\n가,hate\n".encode() + "가,none\n".encode("cp949")),
    "a declared encoding that isn't it": Given("text,label\n가,hate\n".encode(), data={"encoding": "ascii"}),
    "surrogates written as UTF-8": Given(b"text,label\n\xed\xa0\x80,hate\n"),
    "half of a surrogate pair": Given(b'{"text": "\\ud800", "label": "hate"}\n', "train.jsonl"),
    "an unknown encoding": Given(HATE, data={"encoding": "uft-8"}),
    "a damaged archive": Given(HATE, "train.csv.gz"),
    "an archive that ends too early": Given(gzip.compress(HATE)[:-9], "train.csv.gz"),
    "the same of Zstandard": Given(zstandard.compress(HATE)[:-3], "train.csv.zst"),
    "a file of another kind than its name": Given(gzip.compress(HATE)),
    "a Parquet file that is none": Given(HATE, "train.parquet"),
    "a file that changes while it is read": Given(HATE),
    "JSON that is none": Given(b'{"text": \n', "train.jsonl"),
    "a broken line": jsonl(LABELLED[0], '{"text": "x", "label" 0}', LABELLED[1]),
    "a key twice": jsonl('{"text": "x", "label": 0, "label": 1}'),
    "lists in a column": Given(b'{"text": [], "label": "hate"}\n', "train.jsonl"),
    "a label that isn't one": Given(b"text,label\nx,hate\ny,hatee\n"),
    "a third label of a binary task": csv("1", "0", "True"),
    "an infinity or another number that is none": csv("inf", "1", "2", kind="regression"),
    "the text as a label": Given(HATE, task={"kind": "multiclass", "label": "text"}),
    "an empty text": Given(b"text,label\n ,hate\ny,none\n"),
    "a column without labels": Given(b"text,label\nx,\ny,\n"),
    "one label only": Given(b"text,label\nx,hate\ny,hate\n"),
    "a split without a label of a task": csv("0", "1", validation="valid.csv"),
    "a turn without a number": Given(
        b"text,label,id,turn\nx,hate,1,x\n", data={"context": {"dialogue": "id", "turn": "turn"}}
    ),
    "a fraction of too few rows": Given(HATE, data={"validation": "1%"}),
    "one file for two splits": Given(HATE, data={"validation": "train.csv"}),
    "a test split in one data set only": Given(HATE),
}

ODDITIES: dict[str, Given] = {
    "a byte order mark of UTF-8": binary(b"\xef\xbb\xbf" + GOOD.encode()),
    "UTF-16 with its mark": binary(GOOD.encode("utf-16")),
    "line ends of old Macs": binary(GOOD.replace("\n", "\r")),
    "semicolons for commas": binary(GOOD.replace(",", ";")),
    "a stray quote": binary(GOOD.replace("two", '"two" and more')),
    "quotes within a field": binary(GOOD.replace("two", 'the "two" of it')),
    "blank lines": binary(GOOD.replace("two", "\n\ntwo")),
    "two columns of one name that nobody uses": binary(
        re.sub(r"\n(?=.)", ",,\n", GOOD).replace("l,,", "l,z,z").removesuffix("\n") + ",,\n"
    ),
    "a column without a name": binary(re.sub(r"\n", ",\n", GOOD)),
    "a cell of ten megabytes": binary(GOOD.replace("two", "x" * 10_000_000)),
    "labels `1`, `1.0`, ` 1 ` and `0`": csv("1", "1.0", " 1 ", "0"),
    "labels `True`, `true`, `FALSE` and `false`": csv("True", "true", "FALSE", "false"),
    "labels `NaN`, `nan`, ` ` and none": csv("NaN", "nan", " ", "", "1", "0", "0", "1"),
    "NaN and null in JSON": jsonl(*LABELLED, '{"text": "x", "label": NaN}', '{"text": "y", "label": null}'),
    "a key that a JSON object lacks": jsonl(*LABELLED, '{"text": "x"}'),
    "an emoji as two halves in JSON": jsonl(*LABELLED[:3], '{"text": "\\ud83d\\ude00", "label": 1}'),
    "the word `NA` as a label, mapped to a hole": csv("0", "1", "NA", "0", "1"),
    "the word `NA` as a label": csv("0", "1", "NA", "0", "1", kind="multiclass"),
    "a label that validation lacks": csv("0", "1", "2", "0", kind="multiclass"),
    "a fraction too small to stratify": csv(*"0" * 18, "1", "1", validation="10%"),
    "no test split": binary(GOOD),
}


KINDS = {"binary": BinaryOptions, "multiclass": MulticlassOptions, "regression": RegressionOptions}


def written(folder: Path, given: Given, case: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the files of one case; return the keys of its data sets and of its tasks."""
    (folder / "folder.csv").mkdir()
    valid = {
        "labels `True`, `true`, `FALSE` and `false`": b"text,label\nv,false\nw,true\n",
        "a split without a label of a task": b"text,label\nv,\nw,\n",
        "a turn without a number": b"text,label,id,turn\nv,hate,1,1\nw,none,1,2\n",
    }
    usual = HATE if given.task.get("labels") else b"text,label\nv,0\nw,1\n"
    (folder / "valid.csv").write_bytes(valid.get(case, usual))
    (folder / given.name).write_bytes(given.content)
    data = {"d": {"train": given.name, "validation": "valid.csv", "text": "text"} | given.data}
    tasks = {"y": {"data": "d", "label": "label"} | given.task}
    if "mapped" in case:
        tasks["y"]["map"] = {"0": "0", "1": "1", "NA": None}
    if case == "a test split in one data set only":
        (folder / "test.csv").write_bytes(HATE)
        data["e"] = data["d"] | {"test": "test.csv"}
        tasks["z"] = tasks["y"] | {"data": "e"}
    return data, tasks


def loaded(folder: Path, given: Given, case: str) -> Any:
    data, tasks = written(folder, given, case)
    options = {name: KINDS[keys["kind"]](**keys) for name, keys in tasks.items()}
    return load({name: DataOptions(**keys) for name, keys in data.items()}, options, folder=folder)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another program write to every CSV file while it is read."""
    read = reading.FORMATS[".csv"]

    def changed(request: Any) -> Any:
        with request.path.open("ab") as more:
            more.write(b"z,none\n")
        return read(request)

    monkeypatch.setitem(reading.FORMATS, ".csv", changed)


def test_every_row_of_the_tables_is_tested():
    assert list(MESSAGES) == list(MISTAKES)
    assert list(UNDERSTOOD) == list(ODDITIES)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_message(tmp_path, mistake, request):
    if mistake == "a file that changes while it is read":
        request.getfixturevalue("meanwhile")
    with pytest.raises(UserError) as error:
        loaded(tmp_path, MISTAKES[mistake], mistake)
    assert str(error.value).partition("\n")[0] == MESSAGES[mistake]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_audit_and_a_comparison_say_the_same(tmp_path, mistake, request):
    if mistake == "a file that changes while it is read":
        request.getfixturevalue("meanwhile")
    data, tasks = written(tmp_path, MISTAKES[mistake], mistake)
    keys = {"name": "guide", "data": data, "tasks": tasks, "encoder": {"scratch": {"layers": 1, "width": 32}}}
    (tmp_path / "study.yaml").write_text(json.dumps(keys), encoding="utf-8")
    if mistake == "a test split in one data set only":
        with pytest.raises(UserError, match="`test` is missing"):
            load_study(tmp_path / "study.yaml")
        return
    study = load_study(tmp_path / "study.yaml")
    with pytest.raises(UserError) as error:
        audit_study(study, runs=tmp_path / "runs")
    assert MESSAGES[mistake] in str(error.value)
    with pytest.raises(UserError) as error:
        _ = Workspace(study, tmp_path / "cache").base
    assert MESSAGES[mistake] in str(error.value)


@pytest.mark.parametrize("oddity", ODDITIES)
def test_note(tmp_path, oddity):
    data = loaded(tmp_path, ODDITIES[oddity], oddity)
    expected, note = UNDERSTOOD[oddity]
    labels = list(data.tasks["y"].labels)
    found = f"{len(data.train)} rows, labels {', '.join(labels[:-1])} and {labels[-1]}"
    assert (found, list(data.notes)) == (expected, [note] if note else [])
