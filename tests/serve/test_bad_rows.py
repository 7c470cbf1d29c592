"""Every message that the guide on predicting shows is the one that its row or file gets, and no row is lost."""

from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path

import polars as pl
import pytest
import zstandard

from sharewise.errors import UserError
from sharewise.serve import predict_file

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "predict.md").read_text(encoding="utf-8")
REASONS, MESSAGES = (
    dict(re.findall(r"^\| ([^|]+) \| `(.+)` \|$", GUIDE.partition(head)[2].partition("\n\n")[0], re.M))
    for head in ("| a row with | reason |", "| a file that | message |")
)
HEAD = b"text,n\nlamp,1\n"
TAIL = b"film,2\n"


def stored(texts: list[str | None]) -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"text": texts}).write_parquet(file)
    return file.getvalue()


def lines(bad: str) -> bytes:
    return f'{{"text": "lamp"}}\n{bad}\n{{"text": "film"}}\n'.encode()


# Each between two rows that are scored.
ROWS: dict[str, tuple[str, bytes]] = {
    "more fields than the first line": ("csv", HEAD + b"a,b,c\n" + TAIL),
    "fewer fields": ("csv", HEAD + b"a\n" + TAIL),
    "an empty text": ("csv", HEAD + b" ,1\n" + TAIL),
    "bytes of another encoding": ("csv", HEAD + "배우,1\n".encode() * 30 + b"\xb0\xa1,2\n" + TAIL),
    "a NUL character": ("csv", HEAD + b"a\0b,1\n" + TAIL),
    "unsound quotes": ("csv", HEAD + b'"x, y",1\n' * 30 + b'"a" b,1\n' + TAIL),
    "no JSON": ("jsonl", lines("{text: x}")),
    "JSON that is no object": ("jsonl", lines("[1]")),
    "no such key": ("jsonl", lines('{"txt": "x"}')),
    "half of a surrogate pair": ("jsonl", lines('{"text": "\\ud800"}')),
    "a null in a Parquet file": ("parquet", stored(["lamp", None, "film"])),
}

FILES: dict[str, tuple[str, bytes]] = {
    "isn't there": ("none.csv", b""),
    "is a folder": ("folder.csv", b""),
    "is empty": ("new.csv", b""),
    "has a header alone": ("new.csv", b"text,n\n"),
    "has a column twice": ("new.csv", b"text,text\na,b\n"),
    "lacks the column": ("new.csv", b"txt,n\na,b\n"),
    "ends within its gzip": ("new.csv.gz", gzip.compress(HEAD)[:-9]),
    "ends within its Zstandard frame": ("new.csv.zst", zstandard.compress(HEAD)[:-3]),
    "is no Parquet file": ("new.parquet", HEAD * 9),
    "changes while it is read": ("new.csv", HEAD + TAIL),
    "has bad rows alone": ("new.csv", b"text,n\n,1\n,2\n"),
}


def test_every_row_of_the_tables_is_tested():
    assert list(REASONS) == list(ROWS)
    assert list(MESSAGES) == list(FILES)


@pytest.mark.parametrize("bad", ROWS)
def test_reason(tmp_path, scorer, bad):
    kind, content = ROWS[bad]
    file, out = tmp_path / f"new.{kind}", tmp_path / "out.jsonl"
    file.write_bytes(content)
    with pytest.raises(UserError) as error:
        predict_file(scorer, file, out)
    assert f": {REASONS[bad]}" in str(error.value).partition("\n")[0]
    done = predict_file(scorer, file, out, on_error="apart")
    (apart,) = map(json.loads, done.rejected_file.read_text(encoding="utf-8").splitlines())
    assert apart["reason"] == REASONS[bad]
    assert f" {apart['place']}: {REASONS[bad]}" in str(error.value)
    scored = [json.loads(line)["text"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert (scored[0], scored[-1], done.rows, done.rejected) == ("lamp", "film", len(scored), 1)


@pytest.mark.parametrize("harm", FILES)
def test_message(tmp_path, scorer, monkeypatch, harm):
    monkeypatch.chdir(tmp_path)
    name, content = FILES[harm]
    if harm == "is a folder":
        Path(name).mkdir()
    elif harm != "isn't there":
        Path(name).write_bytes(content)

    def compute(texts, tasks):
        if harm == "changes while it is read":
            with Path(name).open("ab") as more:
                more.write(TAIL)
        return scorer.scores(texts, tasks)

    with pytest.raises(UserError) as error:
        predict_file(scorer, name, "out.jsonl", on_error="apart", window=1, compute=compute)
    assert str(error.value).partition("\n")[0] == MESSAGES[harm]
    assert not Path("out.jsonl").exists()
