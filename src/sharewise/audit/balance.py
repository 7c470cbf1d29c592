"""Rows, holes and labels of each task, and what always giving the same answer would score."""

from __future__ import annotations

import numpy as np

from sharewise.audit.rows import Found, Rows, counted, percent
from sharewise.audit.schema import Balance, Coverage
from sharewise.tasks import Array, Task

_FLATTERED = 0.8
_FEWEST = 30
_UNBALANCED = ("accuracy", "micro_f1", "micro_precision", "micro_recall", "f1", "precision", "recall")
"""Metrics of classes under which always answering the same can look good."""


def coverage(rows: Rows) -> list[Coverage]:
    """Count the rows and cells of each task, split by split."""
    tables = []
    for name, task in rows.data.tasks.items():
        for split, table in zip(rows.splits, rows.tables, strict=True):
            of_data = table.sources == rows.datasets.index(task.options.data)
            present = table.present(name)
            tables.append(
                Coverage(
                    task=name,
                    split=split,
                    rows=int(np.count_nonzero(of_data)),
                    cells=int(np.count_nonzero(present)),
                    groups=int(np.count_nonzero(np.bincount(table.groups[present])))
                    if table.grouped
                    else None,
                )
            )
    return tables


def balance(rows: Rows) -> tuple[list[Balance], list[Found]]:
    """Describe the labels of each task, and list what makes its metric misleading."""
    tables, findings = [], []
    scored = "test" if "test" in rows.splits else "validation"
    for task in rows.data.tasks.values():
        present = {
            split: table.targets[task.name][table.present(task.name)]
            for split, table in zip(rows.splits, rows.tables, strict=True)
        }
        answer = task.baseline(present["train"])
        targets = present[scored]
        metrics = task.metrics(targets, np.tile(answer, (len(targets), 1)))
        described = Balance(
            task=task.name,
            metric=task.metric,
            shares={split: _shares(task, block) for split, block in present.items() if task.labels},
            means={
                split: (float(block.mean()), float(block.std()))
                for split, block in present.items()
                if not task.labels
            },
            majority=_answer(task, answer),
            scored=scored,
            baseline={name: value for name, value in metrics.items() if np.isfinite(value)},
        )
        tables.append(described)
        findings += _flattered(task, described)
        findings += _rare(rows, task, scored)
    return tables, findings


def _shares(task: Task, block: Array) -> dict[str, float]:
    """Share of each label; of several labels a row the share of rows that have it."""
    if block.shape[1] > 1:
        return dict(zip(task.labels, block.mean(axis=0).astype(float).tolist(), strict=True))
    counts = np.bincount(block[:, 0].astype(np.int64), minlength=len(task.labels))
    return {label: float(c / max(1, len(block))) for label, c in zip(task.labels, counts, strict=True)}


def _answer(task: Task, answer: Array) -> str:
    decided = np.ravel(task.decide(answer[None, :]))
    if not task.labels:
        return f"{float(decided[0]):.4g}"
    if len(decided) > 1:
        return ", ".join(label for label, on in zip(task.labels, decided, strict=True) if on) or "no label"
    return task.labels[int(decided[0])]


def _flattered(task: Task, described: Balance) -> list[Found]:
    """A primary metric under which the constant answer looks like a good model."""
    score = described.baseline.get(task.metric)
    if task.metric not in _UNBALANCED or score is None or score < _FLATTERED:
        return []
    better = "mcc" if "mcc" in task.options.valid_metrics else task.options.valid_metrics[0]
    return [
        Found(
            key="imbalance",
            severity="warning",
            says=f"{task.name}: always answering {described.majority!r} scores {task.metric} {score:.3f} on "
            f"{described.scored}",
            to_do=f"judge the task by `metric: {better}`, which is "
            f"{described.baseline.get(better, 0):.3f} for that answer",
            tasks=(task.name,),
        )
    ]


def _rare(rows: Rows, task: Task, scored: str) -> list[Found]:
    """Labels on so few scored rows that the metric hangs on single ones."""
    if not task.labels:
        return []
    part = rows.of_split(scored)
    targets = rows.targets(task.name)[part]
    labelled = max(1, int(np.count_nonzero(~np.isnan(targets[:, 0]))))
    several = targets.shape[1] > 1
    findings = []
    for index, label in enumerate(task.labels):
        held = targets[:, index] == 1 if several else targets[:, 0] == index
        number = int(np.count_nonzero(held))
        if 0 < number < _FEWEST:
            findings.append(
                Found(
                    key="rare",
                    severity="warning",
                    says=f"{task.name}: label {label!r} is on {counted(number, f'{scored} row')} "
                    f"({percent(number / labelled)}); its "
                    f"metrics hang on them",
                    to_do="use a larger test split, or merge the label with another",
                    tasks=(task.name,),
                    rows=part.start + np.flatnonzero(held),
                )
            )
    return findings
