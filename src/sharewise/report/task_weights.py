"""Task weights, a table a task and in it a setting a row."""

from __future__ import annotations

from collections.abc import Mapping

from sharewise.compare.results import Results
from sharewise.report import lookup
from sharewise.report.document import Block
from sharewise.report.tables import Cell, Column, Table, best, number
from sharewise.report.words import decimal, higher_is_better, listing, metric_name


def task_weights(results: Results) -> list[Block]:
    """Per task, the arms that differ in task weights; nothing where fewer than two do."""
    settings = {arm: weights for arm in results.arms if (weights := _weights_of(results, arm))}
    if len(settings) < 2:
        return []
    names = {arm: _told(weights) for arm, weights in settings.items()}
    # Where weights alone tell the arms apart, a row needs no other name.
    stub = 1 if len(set(names.values())) == len(names) else 2
    heads = [Column(title, numeric=False) for title in ("Task Weights", "Arm")[:stub]]
    note = _of_same_proportions(settings)
    tables: list[Block] = []
    for task in results.tasks:
        metrics = lookup.form_metrics(results, [task])
        by_metric = {m: [lookup.mean(results, arm, task, m) for arm in settings] for m in metrics}
        top = {m: best(v, higher=higher_is_better(m), decimals=4) for m, v in by_metric.items()}
        rows = tuple(
            (
                *(Cell(name), Cell(arm))[:stub],
                *(number(by_metric[m][i], decimal, bold=top[m][i]) for m in metrics),
            )
            for i, (arm, name) in enumerate(names.items())
        )
        columns = (*heads, *(Column(metric_name(m)) for m in metrics))
        tables.append(Table(columns, rows, f"{task}: task weights, {results.scored} split", note, stub))
    return tables


def _weights_of(results: Results, arm: str) -> dict[str, float]:
    """One arm's weight of every task; empty where it overrides none."""
    changed = results.arms[arm].overrides.get("tasks") or {}
    own = {task: keys["weight"] for task, keys in changed.items() if "weight" in keys}
    declared = results.configuration.get("tasks") or {}
    return {t: own.get(t, declared.get(t, {}).get("weight", 1.0)) for t in results.tasks} if own else {}


def _told(weights: Mapping[str, float]) -> str:
    return ", ".join(f"{task}: {weight}" for task, weight in weights.items())


def _of_same_proportions(settings: Mapping[str, Mapping[str, float]]) -> str:
    """What tells settings apart whose weights are multiples of each other; empty where there are none."""
    alike: dict[tuple[float, ...], dict[str, None]] = {}
    for weights in settings.values():
        total = sum(weights.values())
        if total:
            shares = tuple(round(weight / total, 9) for weight in weights.values())
            alike.setdefault(shares, {})[f"({_told(weights)})"] = None
    groups = [listing(list(names)) for names in alike.values() if len(names) > 1]
    if not groups:
        return ""
    return (
        f"{'; '.join(groups)} are the same proportions. AdamW and Adafactor divide a gradient by its own size, so that "
        "such settings differ only through what isn't divided with it: the length at which gradients are clipped, and "
        "the optimizer's epsilon. A difference between them says nothing of the weights."
    )
