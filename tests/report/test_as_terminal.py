import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from report.fixtures import KOREAN, dialogue_results
from sharewise.report import print_results
from sharewise.report.as_terminal import wrap


def _printed(results, width: int, *, terminal: bool = False) -> str:
    stream = io.StringIO()
    print_results(
        results,
        Console(
            file=stream, width=width, force_terminal=terminal, color_system="truecolor" if terminal else None
        ),
    )
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_console_and_no_number_is_cut(dialogue, width):
    text = _printed(dialogue, width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    for verdict in dialogue.verdicts:
        assert f"{100 * verdict.difference:+.2f}".replace("-", "−") in text


def test_korean_names_fit_too():
    results = dialogue_results(names=KOREAN, arms=("single", "hard", "grouped"), seeds=(1, 2, 3), epochs=1)
    text = _printed(results, 80)
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert "언어적_수용성" in text


def test_a_file_gets_no_colours_and_asterisks_for_bold(published):
    text = _printed(published, 100)
    assert "\x1b" not in text
    assert "0.0446*" in text


def test_a_terminal_gets_colours_for_verdicts(dialogue):
    text = _printed(dialogue, 120, terminal=True)
    assert "\x1b[1;32mhelps" in text
    assert "\x1b[1;31mhurts" in text
    assert "0.7141*" not in text


def test_brackets_in_names_are_text(dialogue):
    assert "[bold]x" in _printed(dialogue.model_copy(update={"study": "[bold]x"}), 80)


def test_wrapping_counts_wide_characters_double():
    assert wrap("한국어 문장 하나", 11) == ["한국어 문장", "하나"]
    assert wrap("", 10) == [""]
