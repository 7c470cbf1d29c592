import re
from html.parser import HTMLParser

import pytest

from report.fixtures import CRITERIA, KOREAN, dialogue_results
from sharewise.report import html

_VOID = {"meta", "link", "br", "wbr", "hr"}


class _Page(HTMLParser):
    """Checks nesting, and gathers ids, links and headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.scripts = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.headings += [tag] if tag in ("h1", "h2", "h3") else []
        self.scripts += tag == "script"
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(dialogue) -> str:
    return html(dialogue)


def test_elements_are_nested_ids_unique_and_links_lead_somewhere(page):
    parsed = _Page(page)
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link.removeprefix("#") for link in parsed.links} <= set(parsed.ids)
    assert parsed.headings[0] == "h1"
    assert parsed.headings.count("h1") == 1


def test_the_page_is_small_and_asks_for_nothing(page):
    assert len(page.encode()) < 3_000_000
    outside = re.findall(r"(?:href|src|action)=\"(?!#|data:)[^\"]*|url\((?!#)[^)]*|@import", page)
    assert outside == []


def test_names_from_users_are_text():
    evil = "<script>alert('x')</script>"
    results = dialogue_results(names=(evil, '"onload="x', *CRITERIA[2:]), seeds=(1, 2, 3), epochs=1)
    text = html(results.model_copy(update={"study": evil, "warnings": [evil]}))
    parsed = _Page(text)
    assert parsed.scripts == 1
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_dollars_in_names_are_text(published):
    assert "<h1>$title</h1>" in html(published.model_copy(update={"study": "$title"}))


def test_simulated_data_carry_a_banner(published):
    assert 'class="notice simulated"' in html(published.model_copy(update={"simulated": True}))
    assert 'class="notice simulated"' not in html(published)


def test_a_large_study_stays_under_three_megabytes():
    arms = ("single", "hard", "grouped", "interaction", "uncertainty", "pcgrad", "w28", "w37")
    results = dialogue_results(names=KOREAN, arms=arms, seeds=(1, 2, 3), epochs=3)
    assert len(html(results).encode()) < 3_000_000
