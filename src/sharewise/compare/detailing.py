"""Where the arms differ: confusions, scores by label, and the rows that divide them, from the models' answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sharewise.compare.detail import ArmDetail, DisagreedRow, PairTest, TaskDetail, spread_of
from sharewise.compare.reliability import calibration_error
from sharewise.compare.running import FinishedRun
from sharewise.data.table import Table
from sharewise.stats import class_f1, count, mcnemar
from sharewise.tasks import Array, Task

MOST_CLASSES = 20
"""Labels up to which a confusion matrix is kept."""
MOST_CHARACTERS = 300
"""Of a text that is shown."""


@dataclass(frozen=True)
class _Answers:
    """One arm's answers to one task: scores ``(rows, outputs)`` a seed, decisions ``(seeds, rows, …)``."""

    seeds: list[int]
    scores: list[Array]
    decided: Array


def task_detail(
    task: Task,
    table: Table,
    runs: Mapping[str, Sequence[FinishedRun]],
    baselines: Mapping[str, str | None],
    *,
    scored: str,
    shown: int,
) -> TaskDetail:
    """Describe where the arms differ on one task; failed runs are left out.

    Args:
        task: the task.
        table: the scored split.
        runs: of every arm.
        baselines: the arm that each arm is compared with.
        scored: name of the split.
        shown: rows that are shown with their text, at most.
    """
    rows = np.flatnonzero(table.present(task.name))
    targets = table.targets[task.name][rows]
    answers = {arm: _answers(task, own, scored) for arm, own in runs.items()}
    answers = {arm: found for arm, found in answers.items() if found.seeds}
    truth = task.truth(targets)
    arms = {arm: _arm_detail(task, targets, found) for arm, found in answers.items()}
    names: Sequence[str] = task.labels
    if task.several_labels:
        names, truth, answers = _sets_as_labels(task.labels, truth, answers)
    spread, divided = _spread(len(names), truth, answers)
    order = np.lexsort((rows, -spread))[:shown] if len(rows) else np.zeros(0, dtype=np.int64)
    return TaskDetail(
        rows=len(rows),
        disagreeing=divided,
        most=[_row(names, table, rows[i], int(i), truth, answers) for i in order if spread[i] > 0],
        arms=arms,
        pairs=_pairs(truth, answers, baselines) if task.labels else [],
    )


def _sets_as_labels(
    labels: Sequence[str], truth: Array, answers: Mapping[str, _Answers]
) -> tuple[list[str], Array, dict[str, _Answers]]:
    """Take every set of labels that occurs for one label, its name the labels' names."""
    width = len(labels)
    blocks = [truth, *(found.decided.reshape(-1, width) for found in answers.values())]
    sets, codes = np.unique(np.concatenate(blocks), axis=0, return_inverse=True)
    own, *others = np.split(codes.reshape(-1), np.cumsum([len(block) for block in blocks])[:-1])
    names = [
        ", ".join(label for label, on in zip(labels, held, strict=True) if on) or "no label" for held in sets
    ]
    coded = {
        arm: _Answers(found.seeds, found.scores, of_arm.reshape(found.decided.shape[:2]))
        for (arm, found), of_arm in zip(answers.items(), others, strict=True)
    }
    return names, own, coded


def _answers(task: Task, runs: Sequence[FinishedRun], scored: str) -> _Answers:
    own = [run for run in runs if task.name in run.record.metrics and run.record.failed is None]
    answers = [run.scores[scored][task.name] for run in own]
    decided = np.stack([one.decided(task) for one in answers]) if own else np.zeros((0, 0))
    return _Answers([run.record.seed for run in own], [one.scores for one in answers], decided)


def _arm_detail(task: Task, targets: Array, answers: _Answers) -> ArmDetail:
    models, classes = len(answers.seeds), len(task.labels)
    truth = task.truth(targets)
    if not classes or not len(truth):
        return ArmDetail(models=models, class_f1={}, confusion=None, calibration_error=None)
    by_seed = np.stack([class_f1(count(truth, decided, classes)) for decided in answers.decided])
    kept = classes <= MOST_CLASSES and not task.several_labels
    return ArmDetail(
        models=models,
        class_f1={label: spread_of(by_seed[:, i]) for i, label in enumerate(task.labels)},
        confusion=_confusion(truth, answers.decided, classes) if kept else None,
        calibration_error=spread_of([calibration_error(task, targets, one) for one in answers.scores]),
    )


def _confusion(truth: Array, decided: Array, classes: int) -> list[list[int]]:
    cells = np.bincount((truth * classes + decided).ravel(), minlength=classes**2)
    matrix: list[list[int]] = cells.reshape(classes, classes).tolist()
    return matrix


def _spread(labels: int, truth: Array, answers: Mapping[str, _Answers]) -> tuple[Array, int | None]:
    """How far the arms are apart on each row, ``(rows,)``, and the number of rows that divide their majorities.

    Of labels: the largest difference between arms in the share of models that are right; a difference in how often
    they give any label counts for less. Of numbers: the difference of the arms' means.
    """
    none = np.zeros(len(truth))
    if len(answers) < 2:
        return none, 0 if labels else None
    if not labels:
        means = np.stack([found.decided.mean(axis=0) for found in answers.values()])
        return np.asarray(np.ptp(means, axis=0)), None
    right = np.stack([(found.decided == truth).mean(axis=0) for found in answers.values()])
    votes = np.zeros((len(answers), len(truth)), dtype=np.int64)
    most = np.full((len(answers), len(truth)), -1.0)
    given = none.copy()
    for label in range(labels):
        shares = np.stack([(found.decided == label).mean(axis=0) for found in answers.values()])
        given = np.maximum(given, np.ptp(shares, axis=0))
        votes, most = np.where(shares > most, label, votes), np.maximum(shares, most)
    return np.ptp(right, axis=0) + given / 1000, int(np.sum(np.ptp(votes, axis=0) > 0))


def _row(
    names: Sequence[str], table: Table, row: int, place: int, truth: Array, answers: Mapping[str, _Answers]
) -> DisagreedRow:
    found = table.texts.row(int(row), named=True)
    pair = found["pair"]
    return DisagreedRow(
        dataset=table.datasets[table.sources[row]],
        row=int(table.rows[row]),
        text=_cut(found["text"]),
        pair=None if pair is None else _cut(pair),
        context=tuple(_cut(turn) for turn in found.get("context") or ()),
        target=names[truth[place]] if names else f"{truth[place]:.4g}",
        answers={arm: _said(names, found.decided[:, place]) for arm, found in answers.items()},
    )


def _said(names: Sequence[str], decided: Array) -> str:
    """One arm's answers to a row, the most frequent first; of numbers their mean."""
    if not names:
        return f"{decided.mean():.4g}"
    counts = np.bincount(decided, minlength=len(names))
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda label: -counts[label])
    return ", ".join(f"{names[label]} {counts[label]}" for label in order)


def _cut(text: str | None) -> str:
    plain = " ".join((text or "").split())
    return plain if len(plain) <= MOST_CHARACTERS else f"{plain[: MOST_CHARACTERS - 1]}…"


def _pairs(
    truth: Array, answers: Mapping[str, _Answers], baselines: Mapping[str, str | None]
) -> list[PairTest]:
    """McNemar's test of every arm's model against its baseline's of the same seed."""
    found = []
    for arm, own in answers.items():
        against = answers.get(baselines.get(arm) or "")
        if against is None:
            continue
        for place, seed in enumerate(own.seeds):
            if seed in against.seeds:
                test = mcnemar(truth, own.decided[place], against.decided[against.seeds.index(seed)])
                found.append(
                    PairTest(
                        arm=arm,
                        baseline=str(baselines[arm]),
                        seed=seed,
                        only_arm=test.only_first,
                        only_baseline=test.only_second,
                        p=test.p,
                    )
                )
    return found
