from __future__ import annotations

import pytest

from sharewise.errors import UserError


def test_csv_of_the_standard(read):
    records = read("a.csv", 'text,label\r\n"one, ""two"",\r\nthree",1\r\nfour,0\r\n', "text", "label")
    assert records.frame.rows() == [('one, "two",\r\nthree', "1"), ("four", "0")]
    assert records.lines.tolist() == [2, 4]
    assert records.encoding == "utf-8"
    assert records.notes == ()


def test_only_wanted_columns_in_the_order_of_the_request(read):
    assert read("a.csv", "a,b,c\n1,2,3\n", "c", "a").frame.rows() == [("3", "1")]


def test_all_named_columns_where_none_is_asked_for(read):
    assert read("a.csv", ",a,b\n0,1,2\n").frame.columns == ["a", "b"]


def test_place_of_a_cell(read):
    records = read("a.csv", 'text,label\n"x\ny",1\nz,0\n', "text", "label")
    assert records.where(1, "label") == "a.csv, line 4, column 'label'"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_ending(read, end):
    records = read("a.csv", end.join(["a,b", "1,2", "3,4", ""]), "a", "b")
    assert records.frame.rows() == [("1", "2"), ("3", "4")]
    assert records.lines.tolist() == [2, 3]


def test_no_line_end_at_the_end(read):
    assert read("a.tsv", "a\tb\n1\t2", "a", "b").frame.rows() == [("1", "2")]


def test_line_separators_and_control_characters_are_text(read):
    odd = "one\x0btwo\x0cthree\x1afour\x1cfive\x85six\u2028seven"
    records = read("a.tsv", f"text\tlabel\n{odd}\t1\nend\t0\n", "text")
    assert records.frame["text"].to_list() == [odd, "end"]
    assert records.lines.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "text;label\nx, y;1\n", "semicolons"),
        ("a.csv", "text\tlabel\nx, y\t1\n", "tabs"),
        ("a.tsv", 'text,label\n"x, y",1\n', "commas"),
    ],
)
def test_delimiter_found_out_and_noted(read, name, content, said):
    records = read(name, content, "text", "label")
    assert records.frame.rows() == [("x, y", "1")]
    assert records.notes == (f"{name}: read with {said} between the fields, as its first line shows",)


def test_a_lone_column_may_hold_another_delimiter_in_its_name(read):
    assert read("a.csv", "text;old\nx;y\n", "text;old").frame.rows() == [("x;y",)]


def test_stray_quote_is_a_plain_character(read):
    records = read("a.tsv", 'text\tlabel\n"so it begins\t1\nand ends\t0\n', "text", "label")
    assert records.frame.rows() == [('"so it begins', "1"), ("and ends", "0")]
    assert records.lines.tolist() == [2, 3]
    assert "quotes are read as plain characters" in records.notes[0]
    assert "line 2: a quote is opened in this record and never closed" in records.notes[0]


def test_quoted_word_at_the_start_is_plain(read):
    records = read("a.tsv", 'text\tlabel\n"good" they said\t1\n', "text", "label")
    assert records.frame.rows() == [('"good" they said', "1")]
    assert "text after a closing quote" in records.notes[0]


def test_quotes_within_a_field_are_plain_in_both_readings(read):
    records = read("a.csv", 'text,label\na 5" disk,1\n', "text", "label")
    assert records.frame.rows() == [('a 5" disk', "1")]
    assert records.notes == ()


def test_paired_stray_quotes_swallow_no_lines_of_a_tsv_file(read):
    content = 'text\tlabel\n"one\t1\ntwo\t0\nthree"\t1\n'
    records = read("a.tsv", content, "text", "label")
    assert records.frame.rows() == [('"one', "1"), ("two", "0"), ('three"', "1")]
    assert "1 records with quoting and 3 without are both regular" in records.notes[0]


def test_in_a_csv_file_they_are_quoting_and_noted(read):
    content = 'text,label\n"one,1\ntwo,0\nthree",1\n'
    records = read("a.csv", content, "text", "label")
    assert records.frame.rows() == [("one,1\ntwo,0\nthree", "1")]
    assert "1 records with quoting and 3 without are both regular" in records.notes[0]


def test_blank_lines_are_passed_over_and_counted(read):
    records = read("a.csv", "\na,b\n\n1,2\n  \n3,4\n\n\n", "a", "b")
    assert records.frame.rows() == [("1", "2"), ("3", "4")]
    assert records.lines.tolist() == [4, 6]
    assert records.notes == ("a.csv: 2 blank line(s) passed over, the first is line 3",)


def test_cell_of_ten_megabytes(read):
    cell = "long " * 2_000_000
    assert read("a.csv", f"text,label\n{cell},1\n", "text").frame["text"][0] == cell


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "a.csv: the file is empty"),
        ("  \n\n", "a.csv: the file is empty"),
        (",,\n", "a.csv: the file has no first line with the names of the columns"),
        ("text,label\n", "a.csv: the file holds a header and nothing else"),
        ("text,lable\nx,1\n", "a.csv: there is no column 'label'; did you mean 'lable'?"),
        (
            "text,rating\nx,1\n",
            "a.csv: there is no column 'label'\n  Expected: one of the columns 'text', 'rating'",
        ),
        ("text,label,label\nx,1,2\n", "a.csv: the column 'label' is there 2 times"),
        ("text,label\nx,1\ny,1,2\n", "a.csv, line 3: 3 field(s)\n  Expected: 2 fields, as in the first line"),
        ("text,label\nx,1\ny\n", "a.csv, line 3: 1 field(s)"),
        ('text,label\n"x\ny"\n', "a.csv, line 2: 1 field(s) (the record goes on to line 3)"),
        ('text,label\n"x,1\ny,2,3\n', "a.csv, line 2: a quote is opened in this record and never closed"),
        ('text,label\nx,1\n"y" z,1,1\n', "a.csv, line 3: text after a closing quote"),
        ("text,label\nx,1\ny\0,1\n", "a.csv, line 3: a NUL character"),
    ],
)
def test_mistakes(read, content, message):
    with pytest.raises(UserError) as error:
        read("a.csv", content, "text", "label")
    assert str(error.value).startswith(message)


def test_both_readings_irregular_names_both_places(read):
    with pytest.raises(UserError, match="with quotes read as plain characters it would be line 4"):
        read("a.csv", 'text,label\n"x" y,1\nz,0\n1,2,3\n', "text", "label")


def test_repeated_columns_that_nobody_wants_do_no_harm(read):
    assert read("a.csv", "text,x,x,\na,1,2,3\n", "text").frame.rows() == [("a",)]
