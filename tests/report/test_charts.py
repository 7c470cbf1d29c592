import re

from sharewise.report.charts import draw, shorten, specification, text_width
from sharewise.report.document import Chart


def _chart(label: str) -> Chart:
    layer = {
        "data": {"values": [{"text": label}]},
        "mark": {"type": "text", "color": "var(--ink)"},
        "encoding": {"text": {"field": "text"}, "x": {"value": 5}, "y": {"value": 5}},
    }
    return Chart(f"About {label}", "one word", specification([layer], width=50, height=20))


def test_text_stays_text_and_colours_stay_variables():
    svg = draw(_chart("환각_없음"))
    assert ">환각_없음</text>" in svg
    assert 'fill="var(--ink)"' in svg


def test_the_drawing_says_what_it_shows():
    svg = draw(_chart("일관성"))
    assert svg.startswith("<svg ")
    assert 'role="img"' in svg
    assert 'aria-label="About 일관성: one word"' in svg
    assert "<title>About 일관성: one word</title>" in svg


def test_names_cannot_become_markup():
    svg = draw(_chart('<script>alert("x")</script>'))
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg


def test_the_drawing_refers_to_nothing_outside():
    svg = draw(_chart("a"))
    assert not re.search(r"(?:href|src)\s*=|url\((?!#)", svg)


def test_wide_characters_count_double_and_long_names_are_cut():
    assert text_width("한국", 12) == 24
    assert shorten("short", 12, 200) == "short"
    cut = shorten("a_very_long_name_of_a_task", 12, 80)
    assert cut.endswith("…")
    assert text_width(cut, 12) <= 80
