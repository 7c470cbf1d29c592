"""A finished run on disk: run.json, history.jsonl, predictions.parquet, model/."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from sharewise.compare.results import RunRecord
from sharewise.data.table import StudyData
from sharewise.files import write_text, write_whole
from sharewise.tasks import Array
from sharewise.train import TaskScores

Scores = dict[str, dict[str, TaskScores]]
SPLITS_SCORED = ("validation", "test")


def write_predictions(path: Path, data: StudyData, scores: Mapping[str, Mapping[str, TaskScores]]) -> None:
    """Write the selected model's answers: row, task, target, output, split.

    ``row`` is the row's zero-based number in its data set's file; ``target`` the class index or number that was
    trained on (for several labels a row null, and ``targets`` says 0 or 1 of each); ``output`` the activated outputs
    (probabilities, or the number).
    """
    frames = [
        pl.DataFrame(
            {
                "row": data.tables[split].rows[s.rows],
                "task": pl.Series([task]).new_from_index(0, len(s.rows)),
                **_target_columns(s.targets),
                # Tasks have heads of different widths: lists, as polars' arrays would have to be of one.
                "output": pl.Series(s.scores).cast(pl.List(pl.Float32)),
                "split": pl.Series([split]).new_from_index(0, len(s.rows)),
            }
        )
        for split, by_task in scores.items()
        for task, s in by_task.items()
    ]
    write_whole(path, pl.concat(frames, how="diagonal").write_parquet)


def _target_columns(targets: Array) -> dict[str, pl.Series]:
    if targets.shape[1] == 1:
        return {"target": pl.Series(targets[:, 0])}
    empty = pl.Series([None], dtype=pl.Float32).new_from_index(0, len(targets))
    return {"target": empty, "targets": pl.Series(targets).cast(pl.List(pl.Float32))}


def read_predictions(
    path: Path, data: StudyData, losses: Mapping[str, Mapping[str, Mapping[str, float]]]
) -> Scores | None:
    """Read answers back, in the order of the table's rows.

    Args:
        path: predictions.parquet of a run.
        data: the study's data, as the run had them.
        losses: task -> split -> metrics with ``loss``, from the run's record.

    Returns:
        split -> task -> answers, or None where the file is missing, damaged, or not of these data.
    """
    try:
        # Names of folders hold brackets and commas, and mean themselves.
        frame = pl.read_parquet(path, glob=False)
        scores: Scores = {split: {} for split in losses[next(iter(losses))]}
        for task, by_split in losses.items():
            for split, metrics in by_split.items():
                table = data.tables[split]
                part = frame.filter(pl.col("split") == split, pl.col("task") == task)
                rows = np.flatnonzero(table.present(task))
                targets = table.targets[task][rows]
                if not np.array_equal(table.rows[rows], part["row"].to_numpy()):
                    return None
                outputs = part["output"].list.to_array(data.tasks[task].outputs).to_numpy()
                scores[split][task] = TaskScores(
                    rows=rows, targets=targets, scores=outputs, loss=metrics.get("loss", float("nan"))
                )
    except (OSError, pl.exceptions.PolarsError):
        return None
    return scores


def write_run(path: Path, record: RunRecord, facts: Mapping[str, Any]) -> None:
    """Write run.json, last of all files: where it is, the run is complete."""
    content = {"record": record.model_dump(mode="json")} | dict(facts)
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1))


def read_run(path: Path) -> tuple[RunRecord, dict[str, Any]] | None:
    """Read run.json: the record and the other facts, or None where the run isn't complete or can't be read."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return RunRecord.model_validate(content.pop("record")), content
    except (OSError, ValueError, KeyError, TypeError):
        return None
