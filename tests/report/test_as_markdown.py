import re

import pytest

from report.fixtures import CRITERIA, dialogue_results
from sharewise.report import markdown
from sharewise.report.as_markdown import inline, line


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", "a\\|b"),
        ("<script>", "&lt;script&gt;"),
        ("no_hallucination", "no_hallucination"),
        ("_under_", "\\_under\\_"),
        ("*a* `b` [c]", "\\*a\\* \\`b\\` \\[c\\]"),
        ("two\nlines", "two lines"),
        ("0.7141", "0.7141"),
    ],
)
def test_no_character_of_a_name_means_markup(text, escaped):
    assert inline(text) == escaped


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("# a", "\\# a"), ("- a", "\\- a"), ("1. a", "1\\. a"), ("1.5 points", "1.5 points")],
)
def test_no_line_begins_a_list_or_heading(text, escaped):
    assert line(text) == escaped


def test_every_table_row_has_as_many_cells_as_its_heading():
    names = ("a|b", "<script>alert(1)</script>", *CRITERIA[2:])
    text = markdown(dialogue_results(names=names, seeds=(1, 2, 3), epochs=2))
    # Fenced code is text in any case.
    assert "<script" not in re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    blocks = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    assert len(blocks) > 10
    for block in blocks:
        counts = {len(re.findall(r"(?<!\\)\|", row)) for row in block.splitlines()}
        assert len(counts) == 1


def test_the_published_table_is_in_the_markdown(published):
    text = markdown(published)
    assert "| Metric | Single AMCD | Single MARC | Multi AMCD | Multi MARC |" in text
    assert "| Loss | 0.0648 | **0.1695** | **0.0446** | 0.1766 |" in text


def test_all_parts_but_the_charts_are_there(dialogue):
    text = markdown(dialogue)
    titles = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert titles == [
        "Verdicts",
        "Scores",
        "All metrics, arm beside arm",
        "Epoch by epoch",
        "Peaks and over-fitting",
        "Joint metrics and class shares",
        "Where the arms differ",
        "Cost",
        "Fairness",
        "Warnings",
        "How to reproduce",
    ]
    assert text.count("<details>") == text.count("</details>") > 3
    for sentence in dialogue.sentences:
        assert inline(sentence) in text
