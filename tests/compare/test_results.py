"""The schema of results.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sharewise.compare import load_results
from sharewise.compare.results import Results
from sharewise.errors import UserError
from tiny_study import Compared

TOP = "schema study sharewise git versions machine tasks arms runs verdicts warnings"
TASK = "kind metric higher_is_better rows baselines"
ARM = "models parameters seconds examples_per_second updates"
RUN = "arm task seed best_epoch metrics"
VERDICT = (
    "task arm baseline metric difference interval interval_family p p_adjusted m seeds df variance deciding_rows "
    "preliminary not_worse verdict detectable"
)


def test_what_every_reader_may_count_on_is_there(trained: Compared) -> None:
    content = json.loads((trained.root / "results.json").read_text(encoding="utf-8"))
    assert set(TOP.split()) <= content.keys()
    assert content["schema"] == 1
    for task in content["tasks"].values():
        assert set(TASK.split()) <= task.keys()
        assert task["metric"] in task["baselines"]["majority"]
        assert task["rows"].keys() == {"train", "validation", "test"}
    for arm in content["arms"].values():
        assert set(ARM.split()) <= arm.keys()
        assert arm["updates"].keys() == content["tasks"].keys()
    assert [arm["models"] for arm in content["arms"].values()] == [4, 1]
    for run in content["runs"]:
        assert set(RUN.split()) <= run.keys()
        for by_split in run["metrics"].values():
            assert by_split.keys() == {"validation", "test"}
            assert "loss" in by_split["test"]
    for verdict in content["verdicts"]:
        assert set(VERDICT.split()) <= verdict.keys()
        assert verdict["variance"] is None or verdict["variance"].keys() == {"rows", "seeds", "interaction"}
        assert verdict["verdict"] in ("helps", "hurts", "equivalent", "inconclusive")


def test_a_folder_or_its_file_is_read(trained: Compared) -> None:
    assert load_results(trained.root) == load_results(trained.root / "results.json") == trained.results


def test_written_and_read_they_are_the_same(trained: Compared) -> None:
    text = trained.results.model_dump_json(by_alias=True)
    assert Results.model_validate_json(text) == trained.results


def test_where_there_are_none_the_message_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"there is no results\.json\n  Expected: a study's folder below runs/"
    ):
        load_results(tmp_path)
    with pytest.raises(UserError, match=r"there is no results\.json"):
        load_results(tmp_path / "nowhere" / "results.json")


@pytest.mark.parametrize(
    ("change", "place"),
    [({"schema": 2}, "schema"), ({"tasks": {"a": {}}}, r"tasks\.a\.kind"), ({"more": 1}, "more")],
)
def test_another_schema_is_refused_with_its_place(
    trained: Compared, tmp_path: Path, change: dict[str, object], place: str
) -> None:
    content = json.loads((trained.root / "results.json").read_text(encoding="utf-8"))
    file = tmp_path / "results.json"
    file.write_text(json.dumps(content | change))
    with pytest.raises(
        UserError, match=rf"results\.json: {place}: .*\n  To do: run `sharewise compare STUDY` again"
    ):
        load_results(file)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "results.json"
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"results\.json: "):
        load_results(file)
