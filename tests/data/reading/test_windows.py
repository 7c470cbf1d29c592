"""Files a window at a time: the same rows as the whole file has, and bad ones told apart."""

from __future__ import annotations

import csv
import gzip
import io
import json

import polars as pl
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sharewise.data.reading.dialect import dialect_of
from sharewise.data.reading.windows import read_windows
from sharewise.errors import UserError

TEXT = 'id,text\n1,안녕\n2,"two\nlines, and a ""quote"""\n3,three\n'


def rows(path, size=2, **options):
    windows = list(read_windows(str(path), rows=size, **options))
    frame = pl.concat([w.frame for w in windows if w.frame.height])
    return frame.rows(), [b for w in windows for b in w.bad], [p for w in windows for p in w.places]


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_csv_with_quotes_in_windows(tmp_path, suffix):
    file = tmp_path / f"a.csv{suffix}"
    content = TEXT.encode()
    if suffix == ".gz":
        content = gzip.compress(content[:20]) + gzip.compress(content[20:])
    elif suffix == ".zst":
        compressor = zstandard.ZstdCompressor()
        content = compressor.compress(content[:20]) + compressor.compress(content[20:])
    file.write_bytes(content)
    found, bad, places = rows(file)
    assert found == [("1", "안녕"), ("2", 'two\nlines, and a "quote"'), ("3", "three")]
    assert bad == []
    assert places == [2, 3, 5]


def test_bad_rows_are_told_apart(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"id,text\n1,a\n2,b,c\n\n3,\xff\xfe\n4,d\0\n5,e\n")
    found, bad, places = rows(file, encoding="utf-8")
    assert found == [("1", "a"), ("5", "e")]
    assert [(b.place, b.reason) for b in bad] == [
        (3, "3 field(s), and the first line has 2"),
        (5, "bytes that are no text in the file's encoding"),
        (6, "a NUL character"),
    ]
    assert places == [2, 7]


def test_a_few_undecodable_rows_make_no_other_encoding(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes("글\n".encode() + "글\n".encode() * 50 + b"\xff\n")
    found, bad, _ = rows(file)
    assert (len(found), len(bad)) == (50, 1)
    file.write_bytes("글\n".encode() + b"caf\xe9\n" * 50)
    with pytest.raises(UserError, match="name it with `--encoding`"):
        rows(file)


def test_a_quote_that_is_never_closed_costs_what_follows_and_is_said(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text('id,text\n1,"whole"\n' + f"2,{'b' * 60}\n" * 20_000 + '3,"open\n4,d\n')
    windows = list(read_windows(str(file), rows=10_000))
    assert sum(w.frame.height for w in windows) == 20_001
    assert [b.reason for w in windows for b in w.bad] == ["the quotes are unsound (unexpected end of data)"]


def test_tsv_with_plain_quotes(tmp_path):
    file = tmp_path / "a.tsv"
    file.write_text('id\ttext\n1\t"so he said\n2\tand "left"\n')
    assert rows(file)[0] == [("1", '"so he said'), ("2", 'and "left"')]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp949"])
def test_encodings_are_found_out(tmp_path, encoding):
    file = tmp_path / "a.csv"
    file.write_text("번호,글\n" + "1,배우의 연기가 정말 좋았다\n" * 50, encoding=encoding)
    found, bad, _ = rows(file)
    assert found[0] == ("1", "배우의 연기가 정말 좋았다")
    assert len(found) == 50
    assert bad == []


def test_json_lines_keep_their_objects(tmp_path):
    file = tmp_path / "a.jsonl"
    lines = [
        '{"text": "a\u2028b", "n": 1}',
        "",
        "[1]",
        '{"text": ',
        '{"text": "\\ud800"}',
        '{"text": null, "x": [1]}',
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    windows = list(read_windows(str(file), rows=10))
    assert [w.objects for w in windows] == [[{"text": "a\u2028b", "n": 1}, {"text": None, "x": [1]}]]
    assert windows[0].frame.rows() == [("a\u2028b", "1", None), (None, None, "[1]")]
    reasons = [b.reason for b in windows[0].bad]
    assert reasons[0].startswith("no JSON object")
    assert reasons[1].startswith("no valid JSON")
    assert reasons[2] == "half of a surrogate pair"
    assert [b.place for b in windows[0].bad] == [3, 4, 5]


def test_parquet_in_windows(tmp_path):
    frame = pl.DataFrame({"id": range(10), "text": [f"t{i}" for i in range(10)]})
    frame.write_parquet(tmp_path / "a.parquet")
    windows = list(read_windows(str(tmp_path / "a.parquet"), rows=4))
    assert pl.concat([w.frame for w in windows]).equals(frame)
    assert [w.share for w in windows] == [0.4, 0.8, 1.0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", b"PK", "the format is not known"),
        ("a.csv", b"", "holds no|no first line"),
        ("a.csv", b"a,b\n", "holds no records"),
        ("a.csv", b"a,a\n1,2\n", "the column 'a' is there 2 times"),
        ("a.csv.gz", gzip.compress(b"a,b\n" * 99)[:-6], "can't be read as gzip"),
        ("a.csv.gz", b"a,b\n1,2\n", "can't be read as gzip"),
        (
            "a.csv.zst",
            zstandard.ZstdCompressor().compress(b"a,b\n1,2\n" * 9)[:-6],
            "can't be read as Zstandard",
        ),
        ("a.parquet", b"PAR1 no", "can't be read as Parquet"),
        ("none.csv", None, "can't be read"),
    ],
)
def test_files_that_cannot_be_read_are_refused(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        list(read_windows(str(tmp_path / name), rows=10))


def test_an_unknown_encoding_is_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a\n1\n")
    with pytest.raises(UserError, match="no encoding 'utf-88'"):
        list(read_windows(str(tmp_path / "a.csv"), rows=10, encoding="utf-88"))


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12), st.integers(1, 5))
def test_whatever_is_written_is_read(tmp_path_factory, cells, size):
    folder = tmp_path_factory.mktemp("h")
    content = io.StringIO(newline="")
    csv.writer(content, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *cells])
    (folder / "a.csv").write_text(content.getvalue(), encoding="utf-8", newline="")
    assert rows(folder / "a.csv", size)[0] == cells
    objects = "".join(json.dumps({"a": a, "b": b}, ensure_ascii=False) + "\n" for a, b in cells)
    (folder / "a.jsonl").write_text(objects, encoding="utf-8", newline="")
    assert rows(folder / "a.jsonl", size)[0] == cells


def test_dialects():
    assert dialect_of("a;b\n1;2\n", ",") == (";", False)
    assert dialect_of('a\tb\n1\t"x\n2\ty"\n', "\t") == ("\t", True)
    assert dialect_of('a,b\n1,"x\n2,y"\n', ",") == (",", False)
