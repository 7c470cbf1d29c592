"""The page in a real browser: headless Chromium, without a network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from report.fixtures import KOREAN, dialogue_results
from sharewise.report import write_reports

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if shutil.which(CHROMIUM) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is absent, and CI must have it")
        pytest.skip(f"{CHROMIUM} is absent (CHROMIUM names another)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = dialogue_results(names=KOREAN, arms=("single", "hard", "grouped"), seeds=(1, 2, 3), epochs=3)
    return write_reports(results, tmp_path_factory.mktemp("report"))["html"]


class Opened:
    """A page with what it said and asked for."""

    def __init__(self, page: Page, report: Path) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(report.as_uri())


@pytest.fixture(
    params=[(1280, "light"), (1280, "dark"), (375, "light"), (375, "dark")], ids=lambda p: f"{p[0]}-{p[1]}"
)
def opened(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Opened]:
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=False
    )
    yield Opened(context.new_page(), report)
    context.close()


def test_the_page_shows_verdicts_plot_and_tables_and_says_and_asks_nothing(opened: Opened, report: Path):
    page = opened.page
    assert page.locator("#verdicts .items li").count() > 0
    assert page.locator("#verdicts figure svg[role=img]:visible").count() == 1
    assert page.locator("#curves svg:visible").count() == 27
    for section in ("scores", "metrics", "epochs", "joint", "cost"):
        assert page.locator(f"#{section} table:visible").count() > 0
    assert page.locator("#verdicts svg text", has_text="환각_없음").count() > 0
    assert opened.said == []
    assert opened.asked == [report.as_uri()]


def test_the_page_never_scrolls_sideways_but_wide_tables_do(opened: Opened):
    page = opened.page
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]
    boxes = page.locator(".scroll").all()
    assert any(box.evaluate("e => e.scrollWidth > e.clientWidth") for box in boxes)


def test_a_heading_sorts_its_table_by_number(opened: Opened):
    table = opened.page.locator("#scores table").first
    heading = table.locator("thead th").nth(3)
    heading.locator("button").click()
    means = [float(text.split()[0]) for text in table.locator("tbody tr td:nth-child(4)").all_text_contents()]
    assert means == sorted(means)
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").click()
    assert table.locator("tbody tr td:nth-child(4)").first.inner_text().startswith(f"{max(means):.4f}")


def test_text_and_lines_stand_out_from_the_paper(opened: Opened):
    """Colours come from the page in either scheme: nothing of a chart is drawn in the paper's own colour."""
    colours = opened.page.evaluate(
        """() => {
            const paper = getComputedStyle(document.body).backgroundColor;
            const texts = [...document.querySelectorAll('svg text')].map((e) => getComputedStyle(e).fill);
            const lines = [...document.querySelectorAll('#curves svg path[stroke]')]
                .map((e) => getComputedStyle(e).stroke);
            return { paper, drawn: [...new Set([...texts, ...lines])] };
        }"""
    )
    assert colours["paper"] not in colours["drawn"]
    assert "none" not in colours["drawn"]


def test_without_javascript_the_page_is_whole(browser: Browser, report: Path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("table").count() > 10
    assert page.locator("thead button").count() == 0
    context.close()


def test_paper_shows_the_tables_in_dark_ink(browser: Browser, report: Path):
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(report.as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("nav").is_hidden()
    context.close()
