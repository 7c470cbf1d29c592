"""The page in a real browser: headless Chromium, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from browsing import Opened, assert_whole
from report.fixtures import CRITERIA, KOREAN, dialogue_results
from sharewise import compare, load_study
from sharewise.data.corpus import write_dialogues
from sharewise.report import write_reports

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL = (
    "encoder={scratch: {layers: 1, width: 32, vocabulary: 800}}",
    "training.epochs=1",
    "training.batch_tokens=1024",
    "training.precision=fp32",
    "training.max_length=48",
)
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = dialogue_results(names=KOREAN, arms=("single", "hard", "grouped"), seeds=(1, 2, 3), epochs=3)
    return write_reports(results, tmp_path_factory.mktemp("report"))["html"]


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
    for section in ("scores", "metrics", "epochs", "peaks", "joint", "differing", "cost", "fairness"):
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
    heading = table.locator("thead th").nth(4)
    heading.locator("button").click()
    means = [float(text.split()[0]) for text in table.locator("tbody tr td:nth-child(5)").all_inner_texts()]
    assert means == sorted(means)
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").click()
    assert table.locator("tbody tr td:nth-child(5)").first.inner_text().startswith(f"{max(means):.4f}")


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
    assert page.locator("#fairness table").first.is_visible()
    assert page.locator("#differing details").first.is_hidden()
    context.close()


@pytest.fixture(scope="module")
def dialogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the bundled dialogues, by a small study that was really trained."""
    folder = tmp_path_factory.mktemp("dialogues")
    write_dialogues(folder, language="ko", rows=400, seed=1, length="short")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DIALOGUES", str(folder))
        environment.setenv("OMP_NUM_THREADS", "1")
        study = load_study(EXAMPLES / "dialogue-quality" / "demo.yaml", overrides=SMALL)
        results = compare(study, runs=folder / "runs", workers=1)
    return write_reports(results, folder)["html"]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_the_report_of_the_bundled_dialogues_is_whole(
    browser: Browser, dialogues: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    opened = Opened(context.new_page(), dialogues)
    assert opened.page.locator(".notice.simulated").is_visible()
    assert_whole(opened, tasks=CRITERIA, labels=2)
    context.close()
