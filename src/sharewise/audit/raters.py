"""How far raters agree, where they don't, and what that leaves for a model to reach."""

from __future__ import annotations

import numpy as np

from sharewise.audit.rows import Found, Rows, counted, percent
from sharewise.audit.schema import Agreement, Difficulty
from sharewise.stats.agreement import Ballots, another_rater, krippendorff_alpha, majorities, one_rater
from sharewise.stats.arrays import Floats
from sharewise.stats.metrics import METRICS, CountMetric
from sharewise.stats.sensitivity import counts_of
from sharewise.tasks import Array, Task

_RELIABLE = 0.667
"""Alpha below which no conclusion should be drawn from the labels (Krippendorff 2004, §11.4)."""
_METRICS = ("accuracy", "mcc", "macro_f1")


def raters(rows: Rows) -> tuple[list[Agreement], list[Difficulty], list[Found]]:
    """Measure agreement where votes are declared, over all splits."""
    voted = [name for name in rows.data.tasks if name in rows.tables[0].votes]
    if not voted:
        return [], [], []
    ballots = {name: Ballots.of(rows.votes(name)) for name in voted}
    disputed = {name: own.disputed[own.of_row] for name, own in ballots.items()}
    total = sum(int(mask.sum()) for mask in disputed.values())
    tables, findings = [], []
    for name in voted:
        task = rows.data.tasks[name]
        table = _agreement(task, ballots[name], total)
        tables.append(table)
        if table.alpha is not None and table.alpha < _RELIABLE:
            findings.append(_unreliable(task, table, disputed[name]))
        findings += _outvoted(rows, task, ballots[name])
    number = np.sum(list(disputed.values()), axis=0)
    rated: Array = np.logical_or.reduce([own.rated[own.of_row] for own in ballots.values()])
    difficulty = _difficulty(rows, number, rated)
    return tables, difficulty, findings + _hardest(disputed, number)


def _agreement(task: Task, ballots: Ballots, total: int) -> Agreement:
    alpha = krippendorff_alpha(ballots)
    counts, times = ballots.comparable()
    rated = int(times.sum())
    disputed = int(ballots.times[ballots.disputed].sum())
    return Agreement(
        task=task.name,
        rows=rated,
        votes=int(times @ counts.sum(axis=1)),
        alpha=alpha if np.isfinite(alpha) else None,
        unanimous=1 - disputed / rated if rated else 1.0,
        disagreement_share=disputed / max(1, total),
        one_rater=_scores(task, one_rater(ballots)),
        another_rater=_scores(task, another_rater(ballots)),
    )


def _scores(task: Task, cells: Floats) -> dict[str, float]:
    """The metrics of an expected confusion matrix, the task's own first."""
    found: dict[str, float] = {}
    for name in dict.fromkeys((task.metric, *_METRICS)):
        metric = METRICS[name]
        if isinstance(metric, CountMetric) and cells.sum() > 0:
            value = float(metric.from_counts(counts_of(cells)))
            found |= {name: value} if np.isfinite(value) else {}
    return found


def _unreliable(task: Task, table: Agreement, disputed: Array) -> Found:
    return Found(
        key="agreement",
        severity="warning",
        says=f"{task.name}: raters agree little (Krippendorff's alpha {table.alpha:.3f}, unanimous on "
        f"{percent(table.unanimous)} of the rows)",
        to_do="sharpen the raters' guideline, or train on votes rather than on the majority; a score near "
        f"{table.one_rater.get(task.metric, table.one_rater.get('accuracy', 0)):.3f} is as good as a rater's own",
        tasks=(task.name,),
        rows=np.flatnonzero(disputed),
    )


def _outvoted(rows: Rows, task: Task, ballots: Ballots) -> list[Found]:
    """Rows whose label is not among those with the most votes."""
    targets = rows.targets(task.name)
    if targets.shape[1] > 1:
        return []
    voted = ballots.votes.max(axis=1) > 0
    held = np.flatnonzero(~np.isnan(targets[:, 0]) & voted[ballots.of_row])
    label = targets[held, 0].astype(np.int64)
    wrong = held[majorities(ballots.votes)[ballots.of_row[held], label] == 0]
    if not len(wrong):
        return []
    told = [
        ", ".join(f"{n} {v}" for n, v in zip(task.labels, ballots.votes[ballots.of_row[row]], strict=True))
        for row in wrong
    ]
    own = [task.labels[int(targets[row, 0])] for row in wrong]
    return [
        Found(
            key="outvoted",
            severity="problem",
            says=f"{task.name}: {counted(len(wrong), 'row')} {'has' if len(wrong) == 1 else 'have'} "
            f"another label than the "
            "majority of the votes",
            to_do="look whether `votes` names the right columns, and which of the two is meant",
            tasks=(task.name,),
            rows=wrong,
            notes=[f"label {label}, votes {votes_}" for label, votes_ in zip(own, told, strict=True)],
        )
    ]


def _difficulty(rows: Rows, number: Array, rated: Array) -> list[Difficulty]:
    return [
        Difficulty(
            disagreements=int(level),
            rows=int(mask.sum()),
            share=float(mask.sum() / rated.sum()),
            characters=float(rows.characters[mask].mean()),
        )
        for level in np.unique(number[rated])
        for mask in [rated & (number == level)]
    ]


def _hardest(disputed: dict[str, Array], number: Array) -> list[Found]:
    """The rows with the most disagreements, where several tasks have votes."""
    most = int(number.max(initial=0))
    if len(disputed) < 2 or most < 2:
        return []
    hard = np.flatnonzero(number >= 2)
    hard = hard[np.argsort(-number[hard], kind="stable")]
    notes = [", ".join(task for task, mask in disputed.items() if mask[row]) for row in hard]
    return [
        Found(
            key="difficult",
            severity="note",
            says=f"On {counted(len(hard), 'row')} raters disagree about two tasks or more, about {most} at most",
            to_do="read them: what people find hard here is what a model will get wrong",
            tasks=tuple(disputed),
            rows=hard,
            notes=notes,
        )
    ]
