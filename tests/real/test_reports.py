"""The report of a study of real sentences in three languages, trained small, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from browsing import Opened, assert_whole
from sharewise import compare, load_study
from sharewise.compare import Results, load_results
from sharewise.report import write_reports

STUDY = Path(__file__).parents[2] / "examples" / "counterfactual-reviews" / "study.yaml"
SMALL = (
    "encoder={scratch: {layers: 1, width: 64, vocabulary: 1500}}",
    "training.epochs=2",
    "training.learning_rate=4e-3",
    "training.batch_tokens=384",
    "training.precision=fp32",
    "training.max_length=32",
)
SENTENCES = {"train": 600, "valid": 120, "test": 300}
"""Of each language and split, the first."""
TASKS = ("english", "german", "japanese")
pytestmark = [pytest.mark.real, pytest.mark.browser]


@pytest.fixture(scope="module")
def folder(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compared study of the first sentences."""
    folder = tmp_path_factory.mktemp("amcd")
    for file in sorted((real_data / "amcd").glob("*.tsv")):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = lines[: SENTENCES[file.stem.split("_")[1]] + 1]
        (folder / file.name).write_text("".join(kept), encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AMCD", str(folder))
        environment.setenv("OMP_NUM_THREADS", "1")
        results = compare(load_study(STUDY, overrides=SMALL), runs=folder, workers=1)
    write_reports(results, folder)
    return folder


@pytest.fixture(scope="module")
def results(folder: Path) -> Results:
    return load_results(next(folder.glob("*/results.json")))


def test_every_language_has_a_verdict_its_majority_and_its_rows(results: Results) -> None:
    assert [verdict.task for verdict in results.verdicts] == list(TASKS)
    assert results.objections == []
    assert any(detail.most for detail in results.details.values())
    for task in TASKS:
        record, detail = results.tasks[task], results.details[task]
        assert record.baselines["majority"]["accuracy"] > 0.5
        assert record.smaller_class_rows is not None
        assert 0 < record.smaller_class_rows < record.rows["test"] / 2
        assert len(detail.most) <= 10
        assert all(len(row.text) <= 300 for row in detail.most)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_the_report_is_whole(
    browser: Browser, folder: Path, results: Results, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    opened = Opened(context.new_page(), folder / "report.html")
    assert_whole(opened, tasks=TASKS, labels=2)
    for place, task in enumerate(TASKS):
        shown = opened.page.locator("#differing details").nth(place).locator("td.prose")
        assert shown.all_text_contents() == [row.text for row in results.details[task].most]
    context.close()
