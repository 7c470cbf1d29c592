"""Rows and holes, labels, and what goes with them."""

from __future__ import annotations

from itertools import groupby

from sharewise.audit import Audit
from sharewise.audit.schema import Balance, Effect
from sharewise.report.document import Block, Folded, Paragraph, Section
from sharewise.report.tables import NONE, Cell, Column, Table, number
from sharewise.report.words import count, decimal, metric_name, percent

_MOST_METRICS = 8
_FIRST = ("mcc", "accuracy", "balanced_accuracy", "macro_f1", "micro_f1", "f1", "auroc", "brier", "mae")
_SHOWN = 0.05


def coverage(audit: Audit) -> Section:
    """Rows, labels and holes of each task in each split."""
    grouped = any(line.groups is not None for line in audit.coverage)
    titles = ("Rows", "Labels", "Holes", *(("Groups",) if grouped else ()))
    columns = (Column("Task", numeric=False), Column("Split", numeric=False), *(Column(t) for t in titles))
    rows = []
    for line in audit.coverage:
        numbers = [line.rows, line.cells, line.rows - line.cells, *([line.groups] if grouped else [])]
        rows.append((Cell(line.task), Cell(line.split), *(number(n, count) for n in numbers)))
    note = "Rows of the task's data set; a hole is a row without a label of the task, and counts in no loss and metric."
    return Section(
        "rows-and-holes", "Rows and holes", (Table(columns, tuple(rows), "Rows of each split", note, stub=2),)
    )


def balance(audit: Audit) -> Section:
    """Shares of the labels, and the metrics of a constant answer."""
    blocks: list[Block] = [_shares(audit)] if any(line.shares for line in audit.balance) else []
    blocks += [_numbers(audit)] if any(line.means for line in audit.balance) else []
    blocks.append(_baselines(audit))
    return Section("balance", "Balance of the labels", tuple(blocks))


def _shares(audit: Audit) -> Table:
    splits = list(dict.fromkeys(split for line in audit.balance for split in line.shares))
    columns = (
        Column("Task", numeric=False),
        Column("Label", numeric=False),
        *(Column(f"Share in {split}") for split in splits),
    )
    rows = [
        (Cell(line.task), Cell(label), *(number(line.shares[split].get(label), percent) for split in splits))
        for line in audit.balance
        for label in line.shares.get("train", {})
    ]
    return Table(columns, tuple(rows), "Share of each label", stub=2)


def _numbers(audit: Audit) -> Table:
    splits = list(dict.fromkeys(split for line in audit.balance for split in line.means))
    columns = (Column("Task", numeric=False), *(Column(f"Mean ± deviation in {split}") for split in splits))
    rows = []
    for line in audit.balance:
        if line.means:
            told = [f"{decimal(line.means[s][0], 3)} ± {decimal(line.means[s][1], 3)}" for s in splits]
            rows.append(
                (
                    Cell(line.task),
                    *(Cell(t, sort=line.means[s][0]) for t, s in zip(told, splits, strict=True)),
                )
            )
    return Table(columns, tuple(rows), "Numbers")


def _baselines(audit: Audit) -> Table:
    present = [m for m in _FIRST if any(m in line.baseline for line in audit.balance)][:_MOST_METRICS]
    columns = (
        Column("Task", numeric=False),
        Column("Constant answer", numeric=False),
        *(Column(metric_name(m)) for m in present),
    )
    rows = [
        (Cell(line.task), Cell(line.majority), *(_metric(line, metric) for metric in present))
        for line in audit.balance
    ]
    scored = audit.balance[0].scored
    note = "Bold: the task's own metric. A model must beat this; audit.json holds every metric."
    return Table(columns, tuple(rows), f"What always giving one answer scores on {scored}", note)


def _metric(line: Balance, metric: str) -> Cell:
    return number(line.baseline.get(metric), decimal, bold=metric == line.metric)


def effects(audit: Audit) -> Section:
    """A line for each task and property, and the bins of each folded."""
    if not audit.effects:
        return Section("effects", "What goes with the labels", ())
    columns = [
        Column(t, numeric=t == "Strength")
        for t in ("Task", "By", "What", "Strength", "From first to last bin")
    ]
    rows = [
        (Cell(e.task), Cell(e.by), Cell(_what(e)), _strength(e), Cell(_change(e)))
        for e in sorted(audit.effects, key=lambda e: -abs(e.strength or 0))
    ]
    note = (
        "Strength: Cramér's V between bins and labels, or the correlation ratio of ranks; 0 none, 1 full. "
        "On training rows."
    )
    table = Table(tuple(columns), tuple(rows), "Length, group and slices", note, stub=2)
    folded = [Folded(f"By {by}", tuple(_bins(e) for e in chosen)) for by, chosen in _by_property(audit)]
    why = "A model can learn these in place of the question."
    return Section("effects", "What goes with the labels", (Paragraph(why), table, *folded))


def _by_property(audit: Audit) -> list[tuple[str, list[Effect]]]:
    ordered = sorted(audit.effects, key=lambda e: e.by)
    return [(by, list(group)) for by, group in groupby(ordered, key=lambda e: e.by)]


def _what(effect: Effect) -> str:
    return "mean" if effect.label is None else f"share of {effect.label}"


def _strength(effect: Effect) -> Cell:
    value = None if effect.strength is None else abs(effect.strength)
    return number(value, lambda v: decimal(v, 3), bold=value is not None and value >= 2 * _SHOWN)


def _change(effect: Effect) -> str:
    ends = [effect.bins[0], effect.bins[-1]]
    return " → ".join(f"{_value(effect, b.value)} ({b.name})" for b in ends) if len(effect.bins) > 1 else NONE


def _value(effect: Effect, value: float) -> str:
    return decimal(value, 3) if effect.label is None else percent(value)


def _bins(effect: Effect) -> Table:
    columns = (
        Column(effect.by[:1].upper() + effect.by[1:], numeric=False),
        Column("Rows"),
        Column(_what(effect)),
    )
    rows = tuple(
        (Cell(b.name), number(b.rows, count), number(b.value, lambda v: _value(effect, v)))
        for b in effect.bins
    )
    return Table(columns, rows, effect.task)
