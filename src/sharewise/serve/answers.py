"""What a scorer says of a text: decisions, probabilities, and how they become columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from sharewise.models.calibration import decided
from sharewise.tasks import Array, Task

Decision = str | float | list[str]


@dataclass(frozen=True)
class Answer:
    """What a model says of one text and task.

    Attributes:
        decision: a label, several labels, or a number.
        probabilities: by label (of a binary task the positive one alone), calibrated; empty for a number.
    """

    decision: Decision
    probabilities: Mapping[str, float] = field(default_factory=dict)


def decisions(task: Task, scores: Array, thresholds: Sequence[float] | None) -> list[Decision]:
    """Turn scores ``(rows, outputs)`` into labels, lists of labels, or numbers."""
    if not len(scores):
        return []
    found = decided(task, scores, thresholds)
    if found.ndim == 2:
        return [[task.labels[i] for i in np.flatnonzero(row)] for row in found]
    if task.labels:
        return [task.labels[int(i)] for i in found]
    # Six digits after the point, so that no answer ends in the noise of float32.
    return [round(float(value), 6) for value in found]


def answers(task: Task, scores: Array, thresholds: Sequence[float] | None) -> list[Answer]:
    """Pair decisions with probabilities."""
    made = decisions(task, scores, thresholds)
    if not task.labels:
        return [Answer(decision) for decision in made]
    names = task.output_names
    return [
        Answer(d, {n: round(float(p), 6) for n, p in zip(names, row, strict=True)})
        for d, row in zip(made, scores, strict=True)
    ]


def as_json(task: Task, scores: Array, thresholds: Sequence[float] | None) -> list[str]:
    """An item of a JSON object a row: the task's name, and what `answers` says, as of a whole batch it costs little."""
    name = json.dumps(task.name, ensure_ascii=False)
    dumped: dict[str, str] = {}

    def shown(decision: Decision) -> str:
        if not isinstance(decision, str):
            return json.dumps(decision, ensure_ascii=False)
        if decision not in dumped:
            dumped[decision] = json.dumps(decision, ensure_ascii=False)
        return dumped[decision]

    outputs = [json.dumps(output, ensure_ascii=False) for output in task.output_names] if task.labels else []
    made = decisions(task, scores, thresholds)
    rounded = np.round(scores.astype(np.float64), 6).tolist()
    return [
        f'{name}:{{"decision":{shown(decision)},"probabilities":{{'
        + ",".join([f"{output}:{p}" for output, p in zip(outputs, row, strict=False)])
        + "}}"
        for decision, row in zip(made, rounded, strict=True)
    ]


def columns(task: Task, scores: Array, thresholds: Sequence[float] | None) -> list[pl.Series]:
    """Columns of a table: ``<task>.predicted``, then ``<task>.p.<label>`` for each probability.

    Several labels in one cell are joined by semicolons.
    """
    made = [";".join(d) if isinstance(d, list) else d for d in decisions(task, scores, thresholds)]
    kind = pl.String if task.labels else pl.Float64
    found = [pl.Series(f"{task.name}.predicted", made, dtype=kind)]
    if task.labels:
        found += [
            pl.Series(f"{task.name}.p.{name}", np.round(scores[:, i].astype(np.float64), 6))
            for i, name in enumerate(task.output_names)
        ]
    return found
