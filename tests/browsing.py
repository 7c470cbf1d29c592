"""A report in headless Chromium: what the page shows, says, and asks for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, or skip the test where there is none."""
    if shutil.which(CHROMIUM) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is absent, and CI must have it")
        pytest.skip(f"{CHROMIUM} is absent (CHROMIUM names another)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Opened:
    """A page with what it said and asked for."""

    def __init__(self, page: Page, report: Path) -> None:
        self.page = page
        self.report = report
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(report.as_uri())

    def unfold(self) -> None:
        """Open all that is folded."""
        self.page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")


def assert_whole(opened: Opened, *, tasks: Sequence[str], labels: int) -> None:
    """Find verdicts, plot and tables of a finished study of one arm beside `single`, on any screen.

    Args:
        opened: the page.
        tasks: names of all tasks, with verdicts.
        labels: of each task.
    """
    page = opened.page
    assert page.locator("#answer .verdict").inner_text().startswith("Recommended: ")
    sentences = page.locator("#verdicts .items li").all_inner_texts()
    for task in tasks:
        assert sum(f" {task}" in sentence for sentence in sentences) >= 1
    plot = page.locator("#verdicts figure svg[role=img]:visible")
    assert plot.count() == 1
    drawn = plot.locator("text").all_text_contents()
    assert all(any(text.startswith(task[:8]) for text in drawn) for task in tasks)
    for section in ("verdicts", "scores", "metrics", "epochs", "joint", "differing", "cost", "fairness"):
        assert page.locator(f"#{section} table:visible").count() > 0, section
    assert page.locator("#scores tbody tr").count() == len(tasks)
    assert page.locator("#scores tbody small", has_text=" rows").count() == len(tasks)
    assert page.locator("#differing details").count() == len(tasks)
    assert page.locator("#differing details table:visible").count() == 0
    page.locator("#differing summary").first.click()
    confusions = page.locator("#differing details").first.get_by_role("region", name="Confusions")
    assert confusions.locator("tbody tr:visible").count() == 2 * labels
    opened.unfold()
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]
    assert opened.said == []
    assert opened.asked == [opened.report.as_uri()]
