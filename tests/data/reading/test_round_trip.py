"""Whatever the csv module writes without loss reads back equal, in every encoding and compression."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import pytest
import zstandard
from hypothesis import HealthCheck, assume, example, given, settings

from sharewise.data.reading import read_records
from sharewise.data.reading.records import Records

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp949", "euc-kr", "cp932", "shift_jis", "euc-jp", "latin-1")
STYLES = (csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_NONE)
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": lambda data: (
        zstandard.compress(data[: len(data) // 2]) + zstandard.compress(data[len(data) // 2 :])
    ),
}
BREAK = re.compile(r"\r\n|\r|\n")

cells = st.text(
    st.one_of(
        st.sampled_from("\",;\t\n\r '\\aZ09éß한글ㅋあア漢字\x1a\x0b\x85\u2028😀"),
        st.characters(exclude_characters="\0", exclude_categories=("Cs",)),
    ),
    max_size=8,
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6))


def read_bytes(folder: Path, name: str, content: bytes, width: int, encoding: str | None) -> Records:
    (folder / name).write_bytes(content)
    columns = [f"column {i}" for i in range(width)]
    return read_records(name, folder=folder, columns=columns, encoding=encoding, key="data.x.train")


def lines_of(table: list[list[str]]) -> list[int]:
    """Where each record begins: a line for the header, then a line a record and one more a line break."""
    lines = [2]
    for row in table:
        lines.append(lines[-1] + 1 + sum(len(BREAK.findall(cell)) for cell in row))
    return lines[:-1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("round_trip")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    table=tables(),
    name=st.sampled_from(["t.csv", "t.tsv"]),
    style=st.sampled_from(STYLES),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(ENCODINGS),
    compression=st.sampled_from(list(COMPRESSIONS)),
)
@example([["a\n\n", ""]], "t.csv", csv.QUOTE_MINIMAL, "\n", "utf-8", "")
@example([[""], [" "]], "t.csv", csv.QUOTE_MINIMAL, "\r\n", "utf-16", ".zst")
def test_delimited(folder, table, name, style, end, encoding, compression):
    delimiter = "," if name == "t.csv" else "\t"
    # The writer itself loses these.
    if style == csv.QUOTE_MINIMAL and end == "\n":
        assume(not any("\r" in cell for row in table for cell in row))
    if style == csv.QUOTE_NONE:
        assume(not any(re.search(r'^"|[\r\n]', cell) or delimiter in cell for row in table for cell in row))
        assume(all(any(row) for row in table))
    # Tabs and line breaks in one quoted cell of a TSV file may look like records; then quotes are plain.
    if delimiter == "\t":
        assume(not any("\t" in cell and BREAK.search(cell) for row in table for cell in row))
    text = io.StringIO()
    quote = None if style == csv.QUOTE_NONE else '"'
    writer = csv.writer(text, delimiter=delimiter, quoting=style, quotechar=quote, lineterminator=end)
    writer.writerow([f"column {i}" for i in range(len(table[0]))])
    writer.writerows(table)
    try:
        data = text.getvalue().encode(encoding)
    except UnicodeEncodeError:
        assume(False)
    assume(data.decode(encoding) == text.getvalue())
    declared = None if encoding in ("utf-8", "utf-8-sig", "utf-16") else encoding
    records = read_bytes(folder, name + compression, COMPRESSIONS[compression](data), len(table[0]), declared)
    assert [list(row) for row in records.frame.rows()] == table
    assert records.lines is not None
    assert records.lines.tolist() == lines_of(table)
    assert records.encoding == encoding


plain_cells = st.text(st.sampled_from('"ab ,한'), max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(plain_cells, min_size=2, max_size=2), min_size=1, max_size=8))
@example([['"a', "1"], ["b", "2"], ['c"', "3"]])
def test_no_line_of_a_file_without_quoting_is_ever_swallowed(folder, table):
    text = "\n".join("\t".join(row) for row in [["column 0", "column 1"], *table])
    records = read_bytes(folder, "plain.tsv", text.encode(), 2, None)
    assert len(records.frame) == len(table)
    assert records.lines.tolist() == list(range(2, len(table) + 2))
