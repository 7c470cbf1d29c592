from __future__ import annotations

import gzip

import pytest
import zstandard

from sharewise.errors import UserError

CSV = b"text,label\nx,1\n"
COMPRESS = {".gz": gzip.compress, ".zst": zstandard.compress}


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", CSV), ("a.tsv", b"text\tlabel\nx\t1\n"), ("a.jsonl", b'{"text": "x", "label": "1"}')],
)
def test_compressed(read, suffix, name, content):
    assert read(name + suffix, COMPRESS[suffix](content), "text", "label").frame.rows() == [("x", "1")]


@pytest.mark.parametrize("suffix", COMPRESS)
def test_several_frames(read, suffix):
    content = COMPRESS[suffix](CSV) + COMPRESS[suffix](b"y,0\n")
    assert read("a.csv" + suffix, content, "text").frame["text"].to_list() == ["x", "y"]


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize(
    "harm", [lambda data: data[:-3], lambda data: data[:8] + b"????" + data[12:], lambda _: CSV]
)
def test_damaged_or_not_compressed(read, suffix, harm):
    with pytest.raises(UserError, match=r"^a\.csv\.(gz|zst): the file can't be decompressed as"):
        read("a.csv" + suffix, harm(COMPRESS[suffix](CSV * 50)), "text")


@pytest.mark.parametrize("suffix", COMPRESS)
def test_empty(read, suffix):
    with pytest.raises(UserError, match="the file is empty"):
        read("a.csv" + suffix, b"", "text")


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (gzip.compress(CSV), r"let its name end in \.gz"),
        (zstandard.compress(CSV), r"let its name end in \.zst"),
        (b"PAR1....PAR1", r"let its name end in \.parquet"),
        (b"PK\x03\x04....", "Excel workbook"),
    ],
)
def test_content_of_another_kind(read, content, advice):
    with pytest.raises(UserError, match=advice):
        read("a.csv", content, "text")
