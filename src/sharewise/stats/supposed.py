"""What models are supposed to get wrong before they are trained, and the gain and the loss that can be detected.

A model errs on a row where a normal variable falls below a limit that its quality moves: the better the model, the
lower the limit. The variable has a part that all models share (how hard the row is), one that the models of an arm
share, and one of each model. So a worse arm errs on more rows, in ways that depend more on the seed, and on rows that
the baseline gets right: a loss is harder to detect than a gain of its size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from sharewise.stats.arrays import Floats
from sharewise.stats.bivariate import both_below, correlation_of_disagreement
from sharewise.stats.jackknife import Influence
from sharewise.stats.power import (
    ARM_DISAGREEMENT,
    POWER,
    Noise,
    SimulatedStudies,
)
from sharewise.stats.sensitivity import (
    confusion,
    count_metric,
    counts_of,
    gradient,
    row_sensitivity,
    split_of_errors,
)

_BEST, _WORST = 6.0, -6.0
"""Limits of a quality in standard deviations: all but perfect, and always wrong."""
_LEAST_ERROR = 1e-9
_STEP = 1e-4
_PRECISION = 1e-3


@dataclass(frozen=True)
class Detectable:
    """The true differences that 80 of 100 studies find, in units of the metric, both positive."""

    gain: float | None
    """None where the study could not even show that an arm is perfect."""
    loss: float | None
    """None where the study could not even show that an arm guesses."""


@dataclass(frozen=True, kw_only=True)
class StudySize:
    """How much a study has to tell the difference by."""

    rows: int
    """Labelled rows that will be scored."""
    seeds: int
    """Models an arm."""
    seed_sd: float
    """Standard deviation of the baseline's metric over seeds on endless rows, in units of the metric."""
    groups: int | None = None
    """Independent groups of rows; each row is one if None."""
    design_effect: float = 1.0
    """How many times the variance from rows grows because rows of a group are alike."""

    @property
    def row_freedom(self) -> int:
        """Degrees of freedom with which the variance from rows will be estimated."""
        return (self.groups or self.rows) - 1


@dataclass(frozen=True)
class SupposedModels:
    """The models of a baseline on one task, as far as a study's noise depends on them."""

    metric: str
    shares: Floats
    """Share of each class in the rows, `(classes,)`, adding up to 1."""
    errors: Floats
    """Expected error rate in each class, `(classes,)`."""
    disagreement: float = 0.5
    """Of two seeds, as a share of what models of their errors that know nothing of each other would have."""
    arm_disagreement: float = ARM_DISAGREEMENT
    """Further disagreement of two arms of like quality, as a share of that of two seeds."""

    def value(self, quality: float = 0.0) -> float:
        """The metric of models of this quality on endless rows; that of the baseline's is 0."""
        return float(count_metric(self.metric).from_counts(counts_of(self._cells(quality))))

    def noise(self, quality: float, size: StudySize) -> Noise:
        """The variances of the difference between an arm of this quality and the baseline.

        Seeds move a model's quality as arms do. At quality 0 they are V_e = K²(δ)/(nS), V_a = K²(ε)/n and
        V_s = 2σ²/S + V_e, with K² as in `row_sensitivity`, and δ and ε the disagreement of seeds and, further, of arms.

        Args:
            quality: of the arm, in standard deviations of what decides about a row.
            size: of the study.
        """
        limits = self._limits, self._limits - quality
        seed, arm = self._correlations
        slopes = [gradient(count_metric(self.metric), self._cells(q)) for q in (0.0, quality)]
        right = [np.diagonal(s)[:, None] for s in slopes]
        wrong = [s - r for s, r in zip(slopes, right, strict=True)]
        weight = self.shares[:, None] * self._split
        once = [ndtr(limit)[:, None] for limit in limits]
        twice = [both_below(limit, limit, seed)[:, None] for limit in limits]
        both = both_below(limits[0], limits[1], arm)[:, None]
        # Of a row's influences, averaged over seeds, the mean square of the difference between the arms.
        base = right[1] - right[0]
        between = (
            base**2
            + 2 * base * (wrong[1] * once[1] - wrong[0] * once[0])
            + wrong[1] ** 2 * twice[1]
            + wrong[0] ** 2 * twice[0]
            - 2 * wrong[0] * wrong[1] * both
        )
        per_row = size.design_effect / size.rows
        of_models = [
            per_row * float(np.sum(weight * w**2 * (o - t)))
            for w, o, t in zip(wrong, once, twice, strict=True)
        ]
        spread = self._slope(quality) / self._slope(0.0) if self._slope(0.0) else 1.0
        of_seeds = size.seed_sd**2 + of_models[0], (size.seed_sd * spread) ** 2 + of_models[1]
        return Noise(
            arms=per_row * float(np.sum(weight * between)),
            interaction=sum(of_models) / size.seeds,
            seeds=sum(of_seeds) / size.seeds,
            row_freedom=size.row_freedom,
            arm_share=of_seeds[1] / sum(of_seeds) if sum(of_seeds) else 0.5,
        )

    def detectable(self, size: StudySize, comparisons: int) -> Detectable:
        """The gain and the loss that are found (p ≤ .05 / comparisons) in 80 of 100 studies of this size."""
        studies = SimulatedStudies(size.row_freedom, (size.seeds - 1, size.seeds - 1))

        def enough(quality: float) -> bool:
            difference = abs(self.value(quality) - self.value())
            return studies.found(self.noise(quality, size), difference, 0.05 / comparisons) >= POWER

        return Detectable(
            gain=self._size_of(_least(enough, _BEST)), loss=self._size_of(_least(enough, self._guessing))
        )

    def _size_of(self, quality: float | None) -> float | None:
        return None if quality is None else abs(self.value(quality) - self.value())

    def as_trained(self, single: Influence, rows: int) -> Self:
        """The same models, with the disagreement over seeds that trained ones showed on `rows` rows."""
        errors = self._errors(0.0)
        at_once = row_sensitivity(self.metric, self.shares, errors, 2 * errors * (1 - errors))
        observed = 2 * rows * single.interaction * single.seeds
        return replace(self, disagreement=min(observed / at_once, 1 / (1 + self.arm_disagreement)))

    @cached_property
    def _split(self) -> Floats:
        return split_of_errors(self.shares, count_metric(self.metric).ordered)

    @cached_property
    def _limits(self) -> Floats:
        """Below which a model of quality 0 errs, `(classes,)`."""
        limits: Floats = ndtri(np.clip(self.errors, _LEAST_ERROR, 1 - _LEAST_ERROR))
        return limits

    @cached_property
    def _correlations(self) -> tuple[Floats, Floats]:
        """Of what decides about a row in two models of an arm, and of two arms, `(classes,)` each."""
        errors = self._errors(0.0)
        seeds = self.disagreement * 2 * errors * (1 - errors)
        return (
            correlation_of_disagreement(errors, seeds),
            correlation_of_disagreement(errors, (1 + self.arm_disagreement) * seeds),
        )

    @cached_property
    def _guessing(self) -> float:
        """The quality of models that are right as often as a guess by the shares."""
        by_chance = float(np.sum(self.shares * (1 - self.shares)))
        if np.sum(self.shares * self.errors) >= by_chance:
            return 0.0
        return float(brentq(lambda q: float(np.sum(self.shares * self._errors(q))) - by_chance, _WORST, 0.0))

    def _errors(self, quality: float) -> Floats:
        errors: Floats = ndtr(self._limits - quality)
        return errors

    def _cells(self, quality: float) -> Floats:
        return confusion(self.shares, self._errors(quality), self._split)

    def _slope(self, quality: float) -> float:
        return abs(self.value(quality + _STEP) - self.value(quality - _STEP)) / (2 * _STEP)


def _least(enough: Callable[[float], bool], limit: float) -> float | None:
    """The quality nearest to 0, towards the limit, that is enough; None where not even the limit is."""
    if not enough(limit):
        return None
    too_little = 0.0
    while abs(limit - too_little) > _PRECISION:
        middle = (too_little + limit) / 2
        too_little, limit = (too_little, middle) if enough(middle) else (middle, limit)
    return limit
