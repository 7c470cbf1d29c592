"""Scores of every task and arm, with what a constant answer scores beside them."""

from __future__ import annotations

from dataclasses import replace

from sharewise.compare.results import Results
from sharewise.report import lookup
from sharewise.report.document import Block, Section
from sharewise.report.tables import NONE, Cell, Column, Table, best, number
from sharewise.report.votes import against_votes
from sharewise.report.words import count, decimal, mean_sd, metric_name, percent

_JOINT = ("exact_match", "micro_f1", "macro_f1")
_JOINT_NAMES = {"exact_match": "Exact Match", "micro_f1": "Micro F1", "macro_f1": "Macro F1"}


def scores(results: Results) -> Section:
    """The primary metric of each task, arm beside arm; beside it, where there are votes, how near they are met."""
    votes = against_votes(results)
    return Section("scores", "Scores", (primary(results), *((votes,) if votes else ())))


def primary(results: Results) -> Table:
    """A row a task: its metric, the constant answer's score, each arm's mean and spread, and the smaller class's F1."""
    rows = []
    for name, task in results.tasks.items():
        found = [lookup.summary(results, arm, name, task.metric) for arm in results.arms]
        top = best([f and f[0] for f in found], higher=task.higher_is_better, decimals=4)
        majority = task.baselines.get("majority", {}).get(task.metric)
        below = [_smaller_f1(results, arm, name) for arm in results.arms]
        rows.append(
            (
                Cell(name),
                Cell(metric_name(task.metric)),
                _deciding(results, name),
                replace(number(majority, decimal, tone="muted"), below=_told_f1(_constant_f1(results, name))),
                *(
                    replace(_spread(f, bold=b, seeds=len(results.seeds)), below=_told_f1(f1))
                    for f, b, f1 in zip(found, top, below, strict=True)
                ),
            )
        )
    columns = (
        Column("Task", numeric=False),
        Column("Metric", numeric=False),
        Column("Smaller class", numeric=False),
        Column("Constant answer"),
        *(Column(arm) for arm in results.arms),
    )
    spread = (
        f"mean ± standard deviation over {len(results.seeds)} seeds" if len(results.seeds) > 1 else "one seed"
    )
    return Table(
        columns,
        tuple(rows),
        caption=f"Primary metric on the {results.scored} split, {spread}",
        note="Bold: the best mean of its row, ties all of it; whether a difference is more than chance is the "
        "verdict's question. Constant answer: what always giving the most frequent label (or the mean) scores. "
        "Smaller class: the label with the fewest rows, on which a high score rests; F1 below a score is that label's.",
    )


def _deciding(results: Results, task: str) -> Cell:
    """The smaller class, with its rows of all."""
    record = results.tasks[task]
    rows = record.rows.get(results.scored, 0)
    if record.smaller_class is None or record.smaller_class_rows is None:
        return Cell(NONE, tone="muted", below=f"{count(rows)} rows")
    few = record.smaller_class_rows
    return Cell(record.smaller_class, sort=float(few), below=f"{count(few)} of {count(rows)} rows")


def _smaller_f1(results: Results, arm: str, task: str) -> float | None:
    """Mean F1 of the smaller class under an arm."""
    detail, label = results.details.get(task), results.tasks[task].smaller_class
    own = detail.arms.get(arm) if detail else None
    return own.class_f1[label][0] if own and label in own.class_f1 else None


def _constant_f1(results: Results, task: str) -> float | None:
    """F1 of the smaller class if the label that is most frequent in training is always given."""
    record = results.tasks[task]
    train = record.shares.get("train", {})
    if record.smaller_class is None or not train:
        return None
    if max(train, key=lambda label: train[label]) != record.smaller_class:
        return 0.0
    share = record.shares[results.scored][record.smaller_class]
    return 2 * share / (1 + share)


def _told_f1(value: float | None) -> str:
    return "" if value is None else f"F1 {decimal(value)}"


def beyond(results: Results) -> Section:
    """Joint metrics over the binary tasks, and the class shares that high scores may hide."""
    blocks: list[Block] = [t for t in (joint(results),) if t is not None]
    return Section("joint", "Joint metrics and class shares", (*blocks, shares(results)))


def joint(results: Results) -> Table | None:
    """Exact match, micro- and macro-F1 over the binary tasks; None where there are none."""
    found = {arm: record.joint.get(results.scored, {}) for arm, record in results.arms.items()}
    names = [m for m in _JOINT if any(m in f for f in found.values())]
    if not names:
        return None
    constant = results.joint_baseline
    rows = []
    for metric in names:
        values = [f.get(metric) for f in found.values()]
        top = best([v and v[0] for v in values], higher=True, decimals=4)
        cells = (_spread(v, bold=b, seeds=len(results.seeds)) for v, b in zip(values, top, strict=True))
        beside = [number(constant.get(metric), decimal, tone="muted")] if constant else []
        rows.append((Cell(_JOINT_NAMES[metric]), *beside, *cells))
    head = [Column("Constant answers")] if constant else []
    return Table(
        (Column("Metric", numeric=False), *head, *(Column(arm) for arm in results.arms)),
        tuple(rows),
        caption=f"All binary tasks at once, on fully labelled rows of the {results.scored} split",
        note="Exact match: every task of a row right. F1 is of the positive labels; where these are frequent, "
        "always answering with them comes close, so read it beside the shares below.",
    )


def shares(results: Results) -> Table:
    """Cells, majority label and what always giving it scores, a row a task."""
    splits = [s for s in ("train", "validation", "test") if any(s in t.rows for t in results.tasks.values())]
    rows = []
    for name, task in results.tasks.items():
        # What a constant answer gives is known from training; the scored split may have another majority.
        of_labels = task.shares.get("train", {})
        label = max(of_labels, key=lambda key: of_labels[key]) if of_labels else None
        majority = task.baselines.get("majority", {})
        rows.append(
            (
                Cell(name),
                Cell(task.kind),
                *(number(task.rows.get(split), count) for split in splits),
                Cell(label if label is not None else NONE, tone="" if label is not None else "muted"),
                number(of_labels.get(label) if label is not None else None, percent),
                number(majority.get("accuracy"), decimal),
                number(majority.get("macro_f1"), decimal),
                number(majority.get(task.metric), decimal),
            )
        )
    columns = (
        Column("Task", numeric=False),
        Column("Kind", numeric=False),
        *(Column(f"{split.capitalize()} cells") for split in splits),
        Column("Most frequent in training", numeric=False),
        Column("Its share there"),
        Column("Constant: accuracy"),
        Column("Constant: macro F1"),
        Column("Constant: primary metric"),
    )
    return Table(
        columns,
        tuple(rows),
        caption=f"What is in the data, and what a constant answer scores on the {results.scored} split",
        note="Constant: every row gets the label most frequent in training. An accuracy is worth only what it has "
        "over the constant answer's.",
    )


def _spread(found: tuple[float, float] | None, *, bold: bool, seeds: int) -> Cell:
    if found is None:
        return number(None, decimal)
    deviation = found[1] if seeds > 1 else float("nan")
    return number(found[0], lambda value: mean_sd(value, deviation), bold=bold)
