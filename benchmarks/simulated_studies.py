"""Studies with a known truth: what models say on rows drawn from populations that are described in full.

A population knows the metric of a model of quality q on endless rows, M(q). The models of an arm have
qualities q ~ N(q_arm, s²): the truth of a comparison is E M(q) of the arm less that of the baseline, by
quadrature. Rows, targets and answers are then drawn. The noise in a model's answer to a row has a part that all
models share, one that the models of an arm share, and one of its own; rows of a group are alike in all three and
in their targets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache, cached_property
from typing import final

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, roots_hermitenorm
from scipy.stats import multivariate_normal

from sharewise.compare.finding import Comparison
from sharewise.stats.arrays import Array, Floats
from sharewise.stats.metrics import METRICS, CountMetric
from sharewise.stats.sensitivity import counts_of, split_of_errors

_NODES, _WEIGHTS = roots_hermitenorm(41)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_FINE = np.linspace(-8, 8, 1601)
_DENSITY = np.exp(-(_FINE**2) / 2) / np.exp(-(_FINE**2) / 2).sum()


@dataclass(frozen=True)
class Design:
    """How a study is made."""

    rows: int
    seeds: int
    seed_sd: float = 0.01
    """Standard deviation of the metric over seeds on endless rows, in units of the metric."""
    group_size: int = 1
    """Mean number of rows in a group; sizes vary."""
    alike: float = 0.3
    """Correlation between rows of a group, of noise and of what decides the targets."""
    arms: int = 1
    effect: float = 0.0
    """True difference of each arm from the baseline, in units of the metric, positive better."""


@dataclass(frozen=True)
class Population(ABC):
    """Rows, targets and models of one task."""

    metric: str

    @abstractmethod
    def value(self, quality: float) -> float:
        """M(q): the metric of a model of this quality on endless rows."""

    @abstractmethod
    def targets(self, latent: Floats) -> Array:
        """Targets `(rows,)` from a standard normal variable of each row."""

    @abstractmethod
    def answers(self, targets: Array, confusion: Floats, noise: Floats, quality: float) -> Array:
        """What the metric reads of one model, `(rows,)`.

        Args:
            targets: of the rows.
            confusion: uniform, of each row: what it is mistaken for.
            noise: standard normal, of this model on each row.
            quality: q of the model.
        """

    @property
    def classes(self) -> int | None:
        """Number of classes, where the metric reads classes."""
        return None

    def noise_shares(self, targets: Array) -> tuple[Array, Array]:
        """Variance of each row's noise that the models of an arm share alone, and that is a model's own."""
        return np.full(len(targets), 0.05), np.full(len(targets), 0.3)

    def expected(self, quality: float, spread: float) -> float:
        """E M(q) over q ~ N(quality, spread²), turned so that higher is better."""
        values = [self.value(quality + spread * node) for node in _NODES]
        return (1 if METRICS[self.metric].higher_is_better else -1) * float(np.dot(_WEIGHTS, values))

    def spread_for(self, seed_sd: float) -> float:
        """The standard deviation of q that gives this one of the metric, to first order."""
        return seed_sd / abs((self.value(1e-4) - self.value(-1e-4)) / 2e-4)

    def study(self, design: Design, random: np.random.Generator) -> list[Comparison]:
        """Draw one study: each arm against one shared baseline."""
        groups = _groups(design, random)

        def normal(*shape: int) -> Floats:
            own = random.standard_normal((*shape, design.rows))
            if groups is None:
                return own
            shared: Floats = random.standard_normal((*shape, groups[-1] + 1))[..., groups]
            return np.sqrt(design.alike) * shared + np.sqrt(1 - design.alike) * own

        targets, confusion = self.targets(normal()), random.random(design.rows)
        of_arm, of_model = self.noise_shares(targets)
        of_all = np.sqrt(1 - of_arm - of_model) * normal()
        spread = self.spread_for(design.seed_sd)
        better = _quality_for(self, design.effect, spread)
        outputs = []
        for quality in [0.0] + [better] * design.arms:
            noise = of_all + np.sqrt(of_arm) * normal() + np.sqrt(of_model) * normal(design.seeds)
            drawn = quality + spread * random.standard_normal(design.seeds)
            models = [self.answers(targets, confusion, n, q) for n, q in zip(noise, drawn, strict=True)]
            outputs.append(np.stack(models))
        return [
            Comparison(
                "task", f"arm {i}", self.metric, targets, arm, outputs[0], groups=groups, classes=self.classes
            )
            for i, arm in enumerate(outputs[1:], start=1)
        ]


@final
@dataclass(frozen=True)
class Classes(Population):
    """Models that name a class; each row has one wrong class that it is mistaken for."""

    shares: tuple[float, ...]
    errors: tuple[float, ...]
    """Error rate in each class at quality 0."""
    disagreement: float = 0.5
    """Of two seeds, as a share of what independent models would have."""
    arm_disagreement: float = 0.1
    """Further disagreement of two arms, as a share of that of two seeds."""

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.shares)

    @cached_property
    def _rule(self) -> CountMetric:
        rule = METRICS[self.metric]
        assert isinstance(rule, CountMetric)
        return rule

    @cached_property
    def _split(self) -> Floats:
        return split_of_errors(np.array(self.shares), self._rule.ordered)

    @cached_property
    def _noise_of_class(self) -> Floats:
        """Shares of noise `(2, classes)` that give the disagreements wished for."""
        result = []
        for error in self.errors:
            seeds = self.disagreement * 2 * error * (1 - error)
            of_seeds, of_arms = (
                _correlation(error, share) for share in (seeds, (1 + self.arm_disagreement) * seeds)
            )
            result.append((of_seeds - of_arms, 1 - of_seeds))
        return np.array(result).T

    def value(self, quality: float) -> float:
        """See `Population.value`."""
        errors = ndtr(ndtri(np.array(self.errors)) - quality)
        cells = np.array(self.shares)[:, None] * (np.diag(1 - errors) + errors[:, None] * self._split)
        return float(self._rule.from_counts(counts_of(cells)))

    def targets(self, latent: Floats) -> Array:
        """See `Population.targets`."""
        return np.searchsorted(ndtri(np.cumsum(self.shares)[:-1]), latent)

    def noise_shares(self, targets: Array) -> tuple[Array, Array]:
        """See `Population.noise_shares`."""
        of_arm, of_model = self._noise_of_class
        return of_arm[targets], of_model[targets]

    def answers(self, targets: Array, confusion: Floats, noise: Floats, quality: float) -> Array:
        """See `Population.answers`."""
        wrong = (confusion[:, None] > np.cumsum(self._split, axis=1)[targets, :-1]).sum(axis=1)
        limit = ndtri(np.array(self.errors)) - quality
        return np.where(noise < limit[targets], wrong, targets)


@final
@dataclass(frozen=True)
class Scores(Population):
    """Models that score the positive class: normal scores, `gap + q` apart; their Φ for the Brier score."""

    share: float
    gap: float

    def value(self, quality: float) -> float:
        """See `Population.value`."""
        gap = self.gap + quality
        if self.metric == "auroc":
            return float(ndtr(gap / np.sqrt(2)))
        if self.metric == "brier":
            errors = self.share * ndtr(-gap / 2 - _FINE) ** 2 + (1 - self.share) * ndtr(-gap / 2 + _FINE) ** 2
            return float(np.dot(_DENSITY, errors))
        # Average precision: the mean precision at the scores of the positive rows.
        found, false = self.share * ndtr(-_FINE), (1 - self.share) * ndtr(-_FINE - gap)
        return float(np.dot(_DENSITY, found / (found + false)))

    def targets(self, latent: Floats) -> Array:
        """See `Population.targets`."""
        return (latent > ndtri(1 - self.share)).astype(np.int64)

    def answers(self, targets: Array, confusion: Floats, noise: Floats, quality: float) -> Array:
        """See `Population.answers`."""
        scores = (self.gap + quality) * (targets - 0.5) + noise
        return ndtr(scores) if self.metric == "brier" else scores


@final
@dataclass(frozen=True)
class Values(Population):
    """Models that predict a standard normal number, to a correlation of `tanh(atanh(correlation) + q)`."""

    correlation: float

    def value(self, quality: float) -> float:
        """See `Population.value`."""
        reached = self._reached(quality)
        if self.metric == "pearson":
            return float(reached)
        if self.metric == "spearman":
            return float(6 / np.pi * np.arcsin(reached / 2))
        return float(np.sqrt(2 / np.pi) * np.sqrt(2 - 2 * reached))

    def targets(self, latent: Floats) -> Array:
        """See `Population.targets`."""
        return latent

    def answers(self, targets: Array, confusion: Floats, noise: Floats, quality: float) -> Array:
        """See `Population.answers`."""
        reached = self._reached(quality)
        return reached * targets + np.sqrt(1 - reached**2) * noise

    def _reached(self, quality: float) -> float:
        return float(np.tanh(np.arctanh(self.correlation) + quality))


@cache
def _quality_for(population: Population, effect: float, spread: float) -> float:
    """The mean quality that is better by `effect` than that of the baseline, which is 0."""
    if not effect:
        return 0.0
    wanted = population.expected(0, spread) + effect
    return float(brentq(lambda quality: population.expected(quality, spread) - wanted, -3, 3))


def _correlation(error: float, disagreement: float) -> float:
    """The correlation of two normal variables that so often fall on different sides of the quantile."""
    limit = float(ndtri(error))

    def too_often(correlation: float) -> float:
        both = multivariate_normal.cdf([limit, limit], cov=[[1, correlation], [correlation, 1]])
        return float(2 * (error - both) - disagreement)

    return float(brentq(too_often, 0, 0.9999))


def _groups(design: Design, random: np.random.Generator) -> Array | None:
    """The group of each row, sizes 1 + Poisson, or None where each row is its own."""
    if design.group_size == 1:
        return None
    sizes = 1 + random.poisson(design.group_size - 1, design.rows)
    return np.repeat(np.arange(design.rows), sizes)[: design.rows]
