"""What the test split can show, before anything is trained and again once the baseline is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sharewise.audit.rows import Found, Rows
from sharewise.audit.schema import Power
from sharewise.data.table import StudyData
from sharewise.stats.arrays import Array, Floats
from sharewise.stats.jackknife import Influence
from sharewise.stats.metrics import METRICS, CountMetric
from sharewise.stats.power import (
    Noise,
    detectable_difference,
    equivalence_can_be_shown,
    largest_seed_sd,
    noise_after_single,
    population_seed_sd,
)
from sharewise.stats.sensitivity import errors_of_quality
from sharewise.stats.supposed import Detectable, StudySize, SupposedModels
from sharewise.tasks import Task

QUALITY = 0.8
"""MCC (or kappa) that models are supposed to have."""
SEED_SD = 0.01
"""Standard deviation of the metric over seeds that is supposed, until runs show it."""
_LARGE = 0.05


def power(
    rows: Rows,
    *,
    seeds: int,
    comparisons: int,
    margins: Mapping[str, float | None],
    trained: Mapping[str, Baseline] | None = None,
) -> tuple[list[Power], list[Found]]:
    """Tell for each task which difference its test rows can show, and whether equivalence can be shown.

    Args:
        rows: of all splits.
        seeds: models an arm.
        comparisons: tasks times arms that are compared.
        margins: differences that don't matter, in units of each task's metric.
        trained: the baselines that are trained.
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
    tables = powers(rows.data, seeds=seeds, comparisons=comparisons, margins=margins, trained=trained)
    return tables, [*_too_small(tables), *_no_equivalence(tables)]


@dataclass(frozen=True, eq=False)
class Baseline:
    """What the trained models of a task's baseline showed on the test split."""

    influence: Influence
    errors: Floats | None
    """Share of each class's rows that they got wrong, `(classes,)`; None where the metric reads more than classes."""


def powers(
    data: StudyData,
    *,
    seeds: int,
    comparisons: int,
    margins: Mapping[str, float | None],
    trained: Mapping[str, Baseline] | None = None,
) -> list[Power]:
    """Tell for each task which difference its test rows can show, and whether equivalence can be shown.

    Args:
        data: of the study, with a test split.
        seeds: models an arm.
        comparisons: tasks times arms that are compared.
        margins: differences that don't matter, in units of each task's metric.
        trained: the baselines that are trained; of the others it is supposed what they will be.
    """
    known = trained or {}
    return [
        _power(data, task, seeds, comparisons, margins.get(task.name), known.get(task.name))
        for task in data.tasks.values()
    ]


def _power(
    data: StudyData, task: Task, seeds: int, comparisons: int, margin: float | None, trained: Baseline | None
) -> Power:
    table = data.tables["test"]
    present = table.present(task.name)
    targets = table.targets[task.name][present]
    groups = table.groups[present] if table.grouped else None
    effect = _design_effect(targets, groups) if groups is not None else 1.0
    number = len(np.unique(groups)) if groups is not None else None
    known = {"task": task.name, "metric": task.metric, "rows": len(targets), "groups": number, "seeds": seeds}
    why = "" if trained else _unknown(task, targets, seeds)
    if why:
        return Power(
            **known,
            comparisons=comparisons,
            trained=False,
            quality=QUALITY,
            seed_sd=SEED_SD,
            design_effect=effect,
            known=False,
            gain=None,
            loss=None,
            margin=margin,
            equivalence=None,
            why=why,
        )
    if trained:
        quality, seed_sd = trained.influence.mean_score, population_seed_sd(trained.influence)
        detectable, noise = _after_training(task, targets, seeds, comparisons, trained)
    else:
        quality, seed_sd = QUALITY, SEED_SD
        shares = _shares(task, targets)
        models = SupposedModels(task.metric, shares, errors_of_quality(shares, quality))
        size = StudySize(rows=len(targets), seeds=seeds, seed_sd=seed_sd, groups=number, design_effect=effect)
        detectable, noise = models.detectable(size, comparisons), models.noise(0.0, size)
    possible = None if margin is None else equivalence_can_be_shown(noise, seeds, margin)
    stands = ""
    if margin is not None and not possible:
        limit = largest_seed_sd(margin, seeds)
        stands = (
            f"with {seeds} seeds no number of rows can show it unless seeds spread by less than "
            f"{100 * limit:.2f} points"
            if limit < seed_sd
            else "too few test rows for so small a margin"
        )
    return Power(
        **known,
        comparisons=comparisons,
        trained=trained is not None,
        # As readers know the metric: an error is not turned round.
        quality=quality if METRICS[task.metric].higher_is_better else -quality,
        seed_sd=seed_sd,
        design_effect=effect,
        known=True,
        gain=detectable.gain,
        loss=detectable.loss,
        margin=margin,
        equivalence=possible,
        why=stands,
    )


def _after_training(
    task: Task, targets: Array, seeds: int, comparisons: int, trained: Baseline
) -> tuple[Detectable, Noise]:
    """With the baseline's own errors and variances; of a metric that reads more than classes, those of both arms."""
    noise = noise_after_single(trained.influence, seeds)
    if trained.errors is None:
        either = detectable_difference(noise, seeds, comparisons)
        room = float(METRICS[task.metric].higher_is_better) - trained.influence.mean_score
        return Detectable(gain=either if either <= room else None, loss=either), noise
    models = SupposedModels(task.metric, _shares(task, targets), trained.errors)
    size = StudySize(
        rows=len(targets),
        seeds=seeds,
        seed_sd=population_seed_sd(trained.influence),
        # That they are alike is in the disagreement that the influences show.
        groups=len(trained.influence.mean_influence),
    )
    models = models.as_trained(trained.influence, len(targets))
    return models.detectable(size, comparisons), noise


def _shares(task: Task, targets: Array) -> Floats:
    """The share of each label that the test split holds."""
    counts: Floats = np.bincount(targets[:, 0].astype(np.int64), minlength=len(task.labels)).astype(
        np.float64
    )
    shares: Floats = counts[counts > 0] / counts.sum()
    return shares


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
    small = [t for t in tables if t.known and max(t.gain or np.inf, t.loss or np.inf) > _LARGE]
    if not small:
        return []
    worst = ", ".join(f"{t.task} {_points(t.gain)} / {_points(t.loss)}" for t in small)
    return [
        Found(
            key="power",
            severity="warning",
            says=f"With {small[0].seeds} seeds and {small[0].comparisons} comparisons the test split shows only large "
            f"differences, in points, gain / loss: {worst}",
            to_do="use more seeds, more test rows, or fewer arms; smaller differences will come out as inconclusive",
            tasks=tuple(t.task for t in small),
        )
    ]


def _points(size: float | None) -> str:
    return "none" if size is None else f"{100 * size:.1f}"


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
