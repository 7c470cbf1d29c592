"""Seeds or arms that were added after verdicts had been seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharewise.compare.results import Results
from sharewise.compare.second_look import earlier_results, is_second_look
from tiny_study import Compared


@pytest.fixture
def earlier(trained: Compared) -> Results:
    return trained.results


def test_earlier_results_are_those_on_disk_if_any(trained: Compared, tmp_path: Path) -> None:
    assert earlier_results(trained.root) == trained.results
    assert earlier_results(tmp_path) is None
    (tmp_path / "results.json").write_text("{}")
    assert earlier_results(tmp_path) is None


def test_a_first_look_and_the_same_look_again_are_none(earlier: Results) -> None:
    assert not is_second_look(None, earlier.runs)
    assert not is_second_look(earlier, earlier.runs)
    assert not is_second_look(earlier, earlier.runs[:5])


def test_more_runs_after_verdicts_are_one_and_stay_one(earlier: Results) -> None:
    before = earlier.model_copy(update={"runs": earlier.runs[:10]})
    assert is_second_look(before, earlier.runs)
    assert is_second_look(earlier.model_copy(update={"second_look": True}), earlier.runs)


def test_more_runs_before_there_was_a_verdict_are_none(earlier: Results) -> None:
    untold = [v.model_copy(update={"interval": None}) for v in earlier.verdicts]
    before = earlier.model_copy(update={"runs": earlier.runs[:10], "verdicts": untold})
    assert not is_second_look(before, earlier.runs)


def test_another_comparison_of_the_same_name_is_none(earlier: Results) -> None:
    others = [r.model_copy(update={"hash": f"other {r.hash}"}) for r in earlier.runs]
    before = earlier.model_copy(update={"runs": others, "second_look": True})
    assert not is_second_look(before, earlier.runs)
