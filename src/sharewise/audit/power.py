"""What the test split can show, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sharewise.audit.rows import Found, Rows
from sharewise.audit.schema import Power
from sharewise.stats.arrays import Array, Floats
from sharewise.stats.metrics import METRICS, CountMetric
from sharewise.stats.power import (
    detectable_difference,
    equivalence_can_be_shown,
    expected_noise,
    largest_seed_sd,
)
from sharewise.stats.sensitivity import errors_of_quality
from sharewise.tasks import Task

QUALITY = 0.8
"""MCC (or kappa) that models are supposed to have."""
SEED_SD = 0.01
"""Standard deviation of the metric over seeds that is supposed, until runs show it."""
_LARGE = 0.05


def power(
    rows: Rows, *, seeds: int, comparisons: int, margins: Mapping[str, float | None]
) -> tuple[list[Power], list[Found]]:
    """Tell for each task which difference its test rows can show, and whether equivalence can be shown.

    Args:
        rows: of all splits.
        seeds: models an arm.
        comparisons: tasks times arms that are compared.
        margins: differences that don't matter, in units of each task's metric.
    """
    if "test" not in rows.splits:
        return [], [
            Found(
                key="power",
                severity="problem",
                says="There is no test split: the study will give validation scores, which also choose "
                "the weights, and "
                "no verdict",
                to_do='add `test: "10%"` to every data set',
            )
        ]
    tables = [
        _power(rows, task, seeds, comparisons, margins.get(task.name)) for task in rows.data.tasks.values()
    ]
    return tables, [*_too_small(tables), *_no_equivalence(tables)]


def _power(rows: Rows, task: Task, seeds: int, comparisons: int, margin: float | None) -> Power:
    table = rows.data.tables["test"]
    present = table.present(task.name)
    targets = table.targets[task.name][present]
    groups = table.groups[present] if table.grouped else None
    effect = _design_effect(targets, groups) if groups is not None else 1.0
    number = len(np.unique(groups)) if groups is not None else None
    known = {"task": task.name, "metric": task.metric, "rows": len(targets), "groups": number, "seeds": seeds}
    supposed = {"comparisons": comparisons, "quality": QUALITY, "seed_sd": SEED_SD, "design_effect": effect}
    why = _unknown(task, targets, seeds)
    if why:
        return Power(**known, **supposed, detectable=None, margin=margin, equivalence=None, why=why)
    shares: Floats = np.bincount(targets[:, 0].astype(np.int64), minlength=len(task.labels)).astype(
        np.float64
    )
    shares = shares[shares > 0]
    noise = expected_noise(
        task.metric,
        shares,
        errors_of_quality(shares, QUALITY),
        rows=len(targets),
        seeds=seeds,
        seed_sd=SEED_SD,
        groups=number,
        design_effect=effect,
    )
    detectable = detectable_difference(noise, seeds, comparisons)
    possible = None if margin is None else equivalence_can_be_shown(noise, seeds, margin)
    stands = ""
    if margin is not None and not possible:
        limit = largest_seed_sd(margin, seeds)
        stands = (
            f"with {seeds} seeds no number of rows can show it unless seeds spread by less than "
            f"{100 * limit:.2f} points"
            if limit < SEED_SD
            else "too few test rows for so small a margin"
        )
    return Power(**known, **supposed, detectable=detectable, margin=margin, equivalence=possible, why=stands)


def _unknown(task: Task, targets: Array, seeds: int) -> str:
    """Why nothing can be said before training, if so."""
    if seeds < 3:
        return "fewer than three seeds give no verdict"
    if task.several_labels:
        return "how the labels of a row go wrong together is known once the baseline is trained"
    if not isinstance(METRICS[task.metric], CountMetric) or targets.shape[1] > 1 or not task.labels:
        return f"{task.metric} reads more than predicted classes: known once the baseline is trained"
    if len(np.unique(targets[:, 0])) < 2:
        return "the test split holds one label only"
    return ""


def _design_effect(targets: Array, groups: Array) -> float:
    """How many times the variance of a mean grows because the labels of a group are alike (Kish 1965).

    1 + (m − 1)·ρ, with ρ the intraclass correlation of the labels by analysis of variance and m the groups' size,
    weighted by rows. Errors of models are as a rule less alike than labels, so this errs on the safe side.
    """
    codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
    sizes = np.bincount(codes).astype(np.float64)
    if len(sizes) < 2 or len(sizes) == len(codes):
        return 1.0
    values = targets[:, 0].astype(np.float64)
    means = np.bincount(codes, weights=values) / sizes
    between = float(np.sum(sizes * (means - values.mean()) ** 2)) / (len(sizes) - 1)
    within = float(np.sum((values - means[codes]) ** 2)) / (len(values) - len(sizes))
    typical = (len(values) - np.sum(sizes**2) / len(values)) / (len(sizes) - 1)
    spread = between + (typical - 1) * within
    alike = (between - within) / spread if spread > 0 else 0.0
    return float(max(1.0, 1 + (np.sum(sizes**2) / len(values) - 1) * alike))


def _too_small(tables: list[Power]) -> list[Found]:
    small = [t for t in tables if t.detectable is not None and t.detectable > _LARGE]
    if not small:
        return []
    worst = ", ".join(f"{t.task} {100 * (t.detectable or 0):.1f}" for t in small)
    return [
        Found(
            key="power",
            severity="warning",
            says=f"With {small[0].seeds} seeds and {small[0].comparisons} comparisons the test split shows only large "
            f"differences, in points: {worst}",
            to_do="use more seeds, more test rows, or fewer arms; smaller differences will come out as inconclusive",
            tasks=tuple(t.task for t in small),
        )
    ]


def _no_equivalence(tables: list[Power]) -> list[Found]:
    reasons: dict[str, list[str]] = {}
    for table in tables:
        if table.equivalence is False:
            reasons.setdefault(table.why, []).append(table.task)
    return [
        Found(
            key="equivalence",
            severity="note",
            says=f"Equivalence can't be shown for {', '.join(tasks)}: {why}",
            to_do="use more seeds, or declare a larger `margin` if larger differences don't matter either",
            tasks=tuple(tasks),
        )
        for why, tasks in reasons.items()
    ]
