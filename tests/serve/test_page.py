"""The page in headless Chromium, against a real server: type, read, switch language, drop a file, keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `serve` is not installed")

from playwright.sync_api import Browser, Page

from serve.serving import Serving
from sharewise.data.turn import Turn
from sharewise.serve import Scorer

TOKEN = "a-token-for-the-page"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def serving(scorer: Scorer) -> Iterator[Serving]:
    made = Serving(scorer)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def pair_serving(pair_scorer: Scorer) -> Iterator[Serving]:
    made = Serving(pair_scorer, token=TOKEN)
    yield made
    made.stop()


class Opened:
    """A page with what it said and asked for."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.set_default_timeout(20_000)
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(address)
        self.address = address


@pytest.fixture
def opened(request: pytest.FixtureRequest, browser: Browser, serving: Serving) -> Iterator[Opened]:
    width, scheme, locale = getattr(request, "param", (1280, "light", "en-US"))
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, locale=locale
    )
    yield Opened(context.new_page(), serving.address)
    context.close()


@pytest.mark.parametrize(
    ("opened", "done"),
    [((1280, "light", "en-US"), "Answered in"), ((375, "dark", "ko-KR"), "만에 답했습니다"),
     ((375, "light", "ja-JP"), "で答えました"), ((1280, "dark", "fr-FR"), "Answered in")],
    indirect=["opened"],
)  # fmt: skip
def test_a_text_becomes_bars(opened: Opened, scorer: Scorer, done: str) -> None:
    page = opened.page
    page.fill("#text-0", "a lovely 배우 film")
    page.click("#score")
    page.wait_for_selector("#answers:not([hidden])")
    page.get_by_text(done).wait_for()
    answer = scorer.score(["a lovely 배우 film"])[0]
    assert page.locator("#bars > li").count() == 3
    meters = page.locator("#bars li[data-task=topic] [role=meter]")
    for i, p in enumerate(answer["topic"].probabilities.values()):
        assert float(meters.nth(i).get_attribute("aria-valuenow")) == pytest.approx(p, abs=2e-3)
    chosen = page.locator("#bars li[data-task=topic] .bar.chosen")
    assert chosen.get_attribute("data-label") == answer["topic"].decision
    mark = page.locator("#bars li[data-task=polite] .threshold")
    assert mark.evaluate("e => e.style.left") == "70%"
    assert page.locator("#bars li[data-task=topic] .tag").count() == 1
    assert page.locator("#bars li[data-task=stars] strong").inner_text() == f"{answer['stars'].decision:.3f}"
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert opened.said == []
    assert all(url.startswith((opened.address, "data:")) for url in opened.asked)


def test_the_language_is_switched_and_kept(opened: Opened) -> None:
    page = opened.page
    page.fill("#text-0", "a lovely film")
    page.click("#score")
    page.wait_for_selector("#answers:not([hidden])")
    for language, button, label in (
        ("ko", "평가하기", "글"),
        ("ja", "判定する", "テキスト"),
        ("en", "Score", "Text"),
    ):
        page.click(f"[data-language={language}]")
        assert page.locator("#score").inner_text() == button
        assert page.locator("label[for=text-0]").inner_text() == label
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator(f"[data-language={language}]").get_attribute("aria-pressed") == "true"
    page.click("[data-language=ko]")
    page.reload()
    page.get_by_role("button", name="평가하기").wait_for()
    words = page.evaluate(
        "import('/words.js').then((m) => Object.values(m.WORDS).map((w) => Object.keys(w).join()))"
    )
    assert len(set(words)) == 1


def test_words_are_weighed_with_the_time_shown(opened: Opened) -> None:
    page = opened.page
    page.fill("#text-0", "a 😀 lovely film <b>bold</b>")
    page.click("#score")
    page.locator("#bars li[data-task=topic] button").click()
    page.wait_for_selector("#explanation:not([hidden])")
    assert page.locator("#bars li[data-task=topic] #explanation").count() == 1
    marks = page.locator("#explanation-text mark").all_inner_texts()
    assert marks == ["a", "lovely", "film", "b", "bold", "b"]
    assert page.locator("#explanation-text").inner_text() == "a 😀 lovely film <b>bold</b>"
    assert " ms." in page.locator("#explanation-hint").inner_text()
    assert page.evaluate("document.activeElement.id") == "explanation-title"
    page.click("#explanation summary")
    assert page.locator("#explanation-rows tr").count() == 6
    assert opened.said == []


def test_a_dropped_file_comes_back_scored(opened: Opened, scorer: Scorer, tmp_path: Path) -> None:
    page = opened.page
    page.wait_for_selector("#text-0")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["id,text\\n1,fine\\n2,좋아요\\n3,\\n"], "mine.csv"));
            document.getElementById("drop").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true}));
        }"""
    )
    page.get_by_text("2 rows scored; 1 could not be").wait_for()
    with page.expect_download() as download:
        page.click("#download a")
    assert download.value.suggested_filename == "mine-scored.csv"
    download.value.save_as(tmp_path / "scored.csv")
    lines = (tmp_path / "scored.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1] for line in lines] == ["text", "fine", "좋아요"]
    assert lines[1].split(",")[2] == scorer.score(["fine"])[0]["polite"].decision


def test_a_chosen_file_that_is_wrong_is_said(opened: Opened, tmp_path: Path) -> None:
    page = opened.page
    page.wait_for_selector("#text-0")
    (tmp_path / "a.docx").write_text("x")
    page.set_input_files("#file", tmp_path / "a.docx")
    page.get_by_role("alert").get_by_text("not csv, tsv").wait_for()
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    page.set_input_files("#file", tmp_path / "a.csv")
    page.get_by_role("alert").get_by_text("which columns hold the text").wait_for()


def test_keys_alone_are_enough(opened: Opened) -> None:
    page = opened.page
    page.wait_for_selector("#text-0")
    assert page.evaluate("document.activeElement.id") == "text-0"
    page.keyboard.press("Control+Enter")
    assert page.get_by_role("alert").inner_text() == "Write something first."
    page.keyboard.type("a film")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "score"
    page.keyboard.press("Enter")
    page.wait_for_selector("#answers:not([hidden])")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('li').dataset.task") == "polite"
    page.keyboard.press("Space")
    page.wait_for_selector("#explanation:not([hidden])")
    named = page.evaluate(
        "[...document.querySelectorAll('button, input, textarea, a, [role=meter]')].every("
        "(e) => e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim())"
    )
    assert named


def test_a_question_and_an_answer_behind_a_token(browser: Browser, pair_serving: Serving) -> None:
    context = browser.new_context(locale="en-US")
    opened = Opened(context.new_page(), pair_serving.address)
    page = opened.page
    page.wait_for_selector("#token-form:not([hidden])")
    page.fill("#token", "wrong")
    page.keyboard.press("Enter")
    page.get_by_text("does not know this token").wait_for()
    page.fill("#token", TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_selector("#text-1")
    assert page.locator("#fields label").all_inner_texts() == ["Question", "Answer"]
    page.fill("#text-0", "What is it?")
    page.fill("#text-1", "A lamp.")
    page.click("#score")
    page.wait_for_selector("#answers:not([hidden])")
    page.locator("#bars li[data-task=polite] button").click()
    page.wait_for_selector("#explanation:not([hidden])")
    assert page.locator("#explanation-text mark").all_inner_texts() == ["What", "is", "it", "A", "lamp"]
    context.close()


def test_earlier_turns_are_asked_for_where_the_model_knows_them(
    browser: Browser, opened: Opened, turn_scorer: Scorer
) -> None:
    opened.page.wait_for_selector("#text-0")
    assert opened.page.locator("#earlier").count() == 0
    serving = Serving(turn_scorer)
    context = browser.new_context(locale="ja-JP")
    try:
        page = Opened(context.new_page(), serving.address).page
        page.get_by_label("これまでの発話").fill("배우의 연기\n\n a lovely film ")
        page.fill("#text-0", "why?")
        page.fill("#text-1", "because")
        page.click("#score")
        page.wait_for_selector("#answers:not([hidden])")
        turn = Turn("why?", "because", ("배우의 연기", "a lovely film"))
        p = turn_scorer.score([turn])[0]["polite"].probabilities["yes"]
        shown = page.locator("#bars li[data-task=polite] [role=meter]").get_attribute("aria-valuenow")
        assert float(shown or "nan") == pytest.approx(p, abs=2e-3)
    finally:
        context.close()
        serving.stop()


def test_colours_have_contrast_in_both_schemes(browser: Browser, serving: Serving) -> None:
    """Text has at least 4.5 : 1 against what is behind it (WCAG 2.2, level AA)."""
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, locale="en-US")
        page = Opened(context.new_page(), serving.address).page
        page.fill("#text-0", "a film")
        page.click("#score")
        page.wait_for_selector("#answers:not([hidden])")
        page.click("#bars li button")
        page.wait_for_selector("#explanation:not([hidden])")
        low = page.evaluate(
            """() => {
                const linear = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
                const light = (c) => c.reduce((s, v, i) => s + linear(v / 255) * [.2126, .7152, .0722][i], 0);
                const rgb = (s) => s.match(/[\\d.]+/g).map(Number);
                const behind = (e) => {
                    const c = rgb(getComputedStyle(e).backgroundColor);
                    return c.length === 3 || c[3] > 0 ? c.slice(0, 3) : behind(e.parentElement);
                };
                return [...document.querySelectorAll('h1,h2,h3,h4,p,label,button,span,strong,a.button')]
                    .filter((e) => e.textContent.trim() && e.offsetParent && !e.closest('[hidden]'))
                    .map((e) => { const [a, b] = [light(rgb(getComputedStyle(e).color).slice(0, 3)), light(behind(e))];
                        return [e.textContent.slice(0, 30), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]; })
                    .filter(([, ratio]) => ratio < 4.5);
            }"""
        )
        assert low == []
        context.close()
