from __future__ import annotations

import polars as pl
import pytest

from sharewise.errors import UserError


def test_types_as_written(read):
    records = read(
        "a.jsonl",
        '{"text": "x", "n": 1, "f": 1.5, "b": true}\n{"text": "y", "n": null, "f": 2, "b": null}\n',
    )
    assert records.frame.schema == {"text": pl.String, "n": pl.Int64, "f": pl.Float64, "b": pl.Boolean}
    assert records.frame.rows() == [("x", 1, 1.5, True), ("y", None, 2.0, None)]
    assert records.lines.tolist() == [1, 2]


def test_lacking_keys_are_holes_and_blank_lines_are_noted(read):
    records = read("a.ndjson", '{"text": "x"}\n\n{"text": "y", "label": 1}\n\n', "text", "label")
    assert records.frame.rows() == [("x", None), ("y", 1)]
    assert records.lines.tolist() == [1, 3]
    assert records.notes == ("a.ndjson: 1 blank line(s) passed over, the first is line 2",)
    assert records.where(1, "label") == "a.ndjson, line 3, column 'label'"


def test_mixed_types_become_text(read):
    records = read("a.jsonl", '{"x": 1}\n{"x": "1"}\n{"x": true}\n{"x": null}\n', "x")
    assert records.frame["x"].to_list() == ["1", "1", "true", None]


def test_only_line_feeds_end_a_line(read):
    records = read("a.jsonl", '{"text": "a\u2028b\x85c"}\r\n{"text": "d"}\r\n', "text")
    assert records.frame["text"].to_list() == ["a\u2028b\x85c", "d"]


def test_not_a_number_is_a_float(read):
    assert read("a.jsonl", '{"x": 1}\n{"x": NaN}\n', "x").frame["x"].is_nan().to_list() == [False, True]


def test_whole_numbers_beyond_64_bits(read):
    assert read("a.jsonl", f'{{"x": {2**70}}}\n', "x").frame["x"].to_list() == [float(2**70)]


def test_column_of_nulls(read):
    assert read("a.jsonl", '{"x": null}\n', "x").frame.schema == {"x": pl.String}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "a.jsonl: the file is empty"),
        ('{"text": "x"}\n{"text": \n', "a.jsonl, line 2: no valid JSON"),
        ('[\n{"text": "x"}\n]\n', "a.jsonl, line 1: no valid JSON"),
        ("[1, 2]\n", "a.jsonl, line 1: a JSON array\n  Expected: one JSON object a line"),
        ("3\n", "a.jsonl, line 1: a JSON number"),
        ('{"text": "x"}\n{"text": "y", "text": "z"}\n', "a.jsonl, line 2: the key 'text' is there twice"),
        ('{"text": "x"}\n{"text": ["y"]}\n', "a.jsonl, line 2, column 'text': a JSON array"),
        ('{"txt": "x"}\n', "a.jsonl: there is no column 'text'; did you mean 'txt'?"),
        ('{"text": "\\ud83d"}\n', "a.jsonl, line 1, column 'text': half of a surrogate pair"),
        ('{"text": ' + "[" * 100_000, "a.jsonl, line 1: no valid JSON"),
        ('{"text": ' + "9" * 5000 + "}", "a.jsonl, line 1: no valid JSON"),
    ],
)
def test_mistakes(read, content, message):
    with pytest.raises(UserError) as error:
        read("a.jsonl", content, "text")
    assert str(error.value).startswith(message)
