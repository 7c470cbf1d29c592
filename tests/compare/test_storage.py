"""What a finished run leaves on disk, and reading it back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sharewise.compare.storage import read_predictions, read_run, write_predictions, write_run
from sharewise.compare.workspace import Workspace
from sharewise.data.table import StudyData
from sharewise.train import TaskScores
from tiny_study import Compared


@pytest.fixture(scope="module")
def data(trained: Compared) -> StudyData:
    return Workspace(trained.study, trained.runs / ".cache").base


@pytest.fixture
def scores(data: StudyData) -> dict[str, dict[str, TaskScores]]:
    """Answers of heads of different widths, on splits of different sizes."""
    draw = np.random.default_rng(0)
    return {
        split: {
            name: TaskScores(
                rows=np.flatnonzero(data.tables[split].present(name)),
                targets=data.tables[split].targets[name][data.tables[split].present(name)],
                scores=draw.random(
                    (int(data.tables[split].present(name).sum()), task.outputs), dtype=np.float32
                ),
                loss=0.5,
            )
            for name, task in data.tasks.items()
        }
        for split in ("validation", "test")
    }


LOSSES = {t: {s: {"loss": 0.5} for s in ("validation", "test")} for t in ("polite", "loud", "topic", "good")}


def test_predictions_come_back_as_they_were(
    tmp_path: Path, data: StudyData, scores: dict[str, dict[str, TaskScores]]
) -> None:
    file = tmp_path / "predictions.parquet"
    write_predictions(file, data, scores)
    back = read_predictions(file, data, LOSSES)
    assert back is not None
    assert {split: list(by_task) for split, by_task in back.items()} == {
        split: list(by_task) for split, by_task in scores.items()
    }
    for split, by_task in scores.items():
        for task, one in by_task.items():
            other = back[split][task]
            assert np.array_equal(one.rows, other.rows)
            assert np.array_equal(one.targets, other.targets)
            assert np.array_equal(one.scores, other.scores)
            assert other.scores.dtype == np.float32
            assert other.loss == 0.5


def test_predictions_have_a_line_a_cell_in_five_columns(
    tmp_path: Path, data: StudyData, scores: dict[str, dict[str, TaskScores]]
) -> None:
    file = tmp_path / "predictions.parquet"
    write_predictions(file, data, scores)
    frame = pl.read_parquet(file)
    assert frame.columns == ["row", "task", "target", "output", "split"]
    assert frame.schema["output"] == pl.List(pl.Float32)
    cells = sum(int(t.present(n).sum()) for s, t in data.tables.items() if s != "train" for n in data.tasks)
    assert frame.height == cells
    widths = frame.group_by("task").agg(pl.col("output").list.len().unique())
    assert dict(widths.iter_rows()) == {"polite": [1], "loud": [1], "topic": [3], "good": [1]}


def test_predictions_of_other_rows_or_damaged_ones_are_not_read(
    tmp_path: Path, data: StudyData, scores: dict[str, dict[str, TaskScores]]
) -> None:
    file = tmp_path / "predictions.parquet"
    assert read_predictions(file, data, LOSSES) is None
    write_predictions(file, data, scores)
    frame = pl.read_parquet(file)
    frame.with_columns(pl.col("row") + 1).write_parquet(file)
    assert read_predictions(file, data, LOSSES) is None
    frame.drop("output").write_parquet(file)
    assert read_predictions(file, data, LOSSES) is None
    file.write_bytes(file.read_bytes()[:100])
    assert read_predictions(file, data, LOSSES) is None


def test_a_record_comes_back_as_it_was(tmp_path: Path, trained: Compared) -> None:
    record = trained.results.runs[0]
    write_run(tmp_path / "run.json", record, {"versions": {"torch": "1"}})
    assert read_run(tmp_path / "run.json") == (record, {"versions": {"torch": "1"}})


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"record": {"arm": "hard"}}'])
def test_a_record_that_is_not_whole_is_not_there(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "run.json"
    if content is not None:
        file.write_text(content)
    assert read_run(file) is None
