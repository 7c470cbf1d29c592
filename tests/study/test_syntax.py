import pytest

from study.studies import refusal


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("name: x\ndata:\n\ttrain: y\n", "line 3, column 1", "a tab"),
        ("name:\tx\n", "line 1, column 6", "a tab"),
        ("training\n  epochs: 3\n", "line 1, column 1", "no colon"),
        ("name: x\ntraining\nseeds: 1\n", "line 2, column 1", "no colon"),
        ("name:demo\nseeds: [1]\n", "line 1, column 6", "space is missing after the colon"),
        ("training:\n  epochs:3\n  patience: 2\n", "line 2, column 10", "space is missing after the colon"),
        ("a: 1\n\n# no\n  b: 2\n", "line 4, column 3", "line up"),
        ("a: 1\n\n  b: 2\n", "line 3, column 4", "indented deeper"),
        ("a: 1\n   b: 2\n", "line 2, column 5", "indented deeper"),
        ("name: a: b\n", "line 1, column 8", "second `: `"),
        ("seeds: [1, 2\nname: x\n", "line 2", "`[` of line 1 is not closed"),
        ("a: {b: 1\nname: x\n", "line 2", "`{` of line 1 is not closed"),
        ("a: {b: 1 c: 2}\n", "line 1", "a comma is missing"),
        ("a: {b: 1}}\n", "line 1, column 10", "`}` that was never opened"),
        ("a: [1]]\n", "line 1, column 7", "`]` that was never opened"),
        ("name: 'x\nb: 1\n", "line 1, column 7", "never closed"),
        ('name: "x" y\n', "line 1, column 11", "follows a closed quote"),
        ("training:\n    epochs: 3\n  patience: 2\n", "line 3, column 3", "line up"),
        ('train: "C:\\data\\new.csv"\n', "line 1", "single quotes"),
        ("text: @col\n", "line 1, column 7", "can't begin with `@`"),
        ("test: %10\n", "line 1, column 7", "can't begin with `%`"),
        ("a: `x`\n", "line 1, column 4", "can't begin with ``` "),
        ("seeds: *x\n", "line 1", "no such anchor"),
        ("train: *.csv\n", "line 1", "quotes"),
        ("data: {train: ${DATA}/x.csv}\n", "line 1", '"${…}"'),
        ("a: 1\n---\nb: 2\n", "line 2", "second document"),
        ("[a]\nb = 1\n", "line 2", "second document"),
        ("a: \x01\n", "line 1, column 4", "U+0001"),
        ("tasks:\n  - a: 1\n  b: 2\n", "line 3", "line up"),
        ("a: |x\n", "line 1", "quotes"),
        ("a: [1,\n", "line 1", "is not closed"),
    ],
)
def test_syntax_is_answered_with_line_and_remedy(tmp_path, text, place, words):
    message = refusal(tmp_path, text)
    assert message.startswith(f"study.yaml, {place}")
    assert words.strip() in message


def test_the_line_is_shown_with_a_mark(tmp_path):
    message = refusal(tmp_path, "name: demo\ntext: @col\n")
    assert "    2 | text: @col\n      |       ^" in message


def test_marks_stand_right_under_wide_letters(tmp_path):
    message = refusal(tmp_path, "이름: @열\n")
    assert "    1 | 이름: @열\n      |       ^" in message


def test_a_tab_is_made_visible(tmp_path):
    assert "    2 | →b: 1" in refusal(tmp_path, "a:\n\tb: 1\n")
