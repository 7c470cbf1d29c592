"""Whatever bytes a file holds, it is read or refused with one message, and no row of it is lost."""

from __future__ import annotations

import gzip
import io

import hypothesis.strategies as st
import polars as pl
import pytest
import zstandard
from hypothesis import example, given, settings

from sharewise.data.reading import read_records
from sharewise.data.reading.windows import read_windows
from sharewise.errors import UserError

TABLE = 'text,label\n"a, b",1\n한글 "q",0\nlast,1.0\n'
LINES = '{"text": "a, b", "label": 1}\n{"text": "한글", "label": null}\n{"text": "x", "label": true}\n'


def _parquet() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"text": ["a, b", "한글", None], "label": [1.0, None, 0.0]}).write_parquet(file)
    return file.getvalue()


SOUND = {
    "t.csv": TABLE.encode(),
    "t.tsv": TABLE.replace(",", "\t").encode("utf-8-sig"),
    "t.jsonl": LINES.encode(),
    "t.csv.gz": gzip.compress(TABLE.encode()),
    "t.jsonl.zst": zstandard.compress(LINES.encode()),
    "t.parquet": _parquet(),
}
PIECES = (
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"{",
    b"]",
    b"\\ud800",
    b"NaN",
)


@st.composite
def harmed(draw: st.DrawFn) -> tuple[str, bytes]:
    """A sound file after a few cuts, insertions and changed bytes; or bytes from nowhere under its name."""
    name = draw(st.sampled_from(list(SOUND)))
    if draw(st.integers(0, 7)) == 0:
        return name, draw(st.binary(max_size=60))
    content = SOUND[name]
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        harm = draw(st.sampled_from(["cut", "piece", "byte", "twice"]))
        if harm == "cut":
            content = content[:place]
        elif harm == "piece":
            content = content[:place] + draw(st.sampled_from(PIECES)) + content[place:]
        elif harm == "byte":
            content = content[:place] + bytes([draw(st.integers(0, 255))]) + content[place + 1 :]
        else:
            content += content[place:]
    return name, content


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("any_bytes")


@settings(max_examples=300, deadline=None)
@given(harmed())
@example(("t.csv", b"text,label\n"))
@example(("t.jsonl", b"[" * 5000))
@example(("t.jsonl", b'{"\\ud800text": "x"}\n'))
def test_read_as_a_whole(folder, case):
    name, content = case
    (folder / name).write_bytes(content)
    refused = ""
    try:
        records = read_records(name, folder=folder, columns=None, key="data.d.train")
    except UserError as error:
        refused = str(error)
    if refused:
        assert name in refused or "data.d" in refused
        return
    assert records.frame.height > 0
    assert records.lines is None or len(records.lines) == records.frame.height
    for column in records.frame.get_columns():
        if column.dtype == pl.String:
            "".join(column.drop_nulls().to_list()).encode("utf-8")


@settings(max_examples=300, deadline=None)
@given(harmed(), st.integers(1, 4))
def test_read_in_windows(folder, case, rows):
    name, content = case
    (folder / name).write_bytes(content)
    refused = ""
    try:
        windows = list(read_windows(str(folder / name), rows=rows))
    except UserError as error:
        refused = str(error)
    if refused:
        assert name in refused or "--encoding" in refused
        return
    for window in windows:
        assert len(window.places) == window.frame.height
        assert window.frame.height + len(window.bad) <= rows
        for bad in window.bad:
            assert bad.reason
            bad.content.encode("utf-8")
    if not name.endswith(".parquet"):
        places = [place for w in windows for place in sorted([*w.places, *(b.place for b in w.bad)])]
        assert places == sorted(places), "every row once, in the order of the file"
