"""The difference that a comparison can detect, from its variances; `supposed` has those before anything is trained.

Card et al. (2020) show how often test sets in this field are too small to tell what is claimed on them; here
the answer is printed first. See `docs/statistics.md` for the model behind the expected variances.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import stdtrit

from sharewise.stats.arrays import Floats
from sharewise.stats.intervals import Difference
from sharewise.stats.jackknife import Influence

POWER = 0.8
DRAWS = 20_000
ARM_DISAGREEMENT = 0.1


@dataclass(frozen=True)
class Noise:
    """True variances, known or supposed, of the difference between two arms on one task."""

    arms: float
    """V_a: from rows on which the recipes themselves disagree."""
    interaction: float
    """V_e: from rows on which two seeds of one recipe disagree."""
    seeds: float
    """V_s: from seeds, the row-by-seed noise included."""
    row_freedom: float
    """Degrees of freedom with which the variance from rows will be estimated."""
    arm_share: float = 0.5
    """Share of V_s that is the arm's; the rest is the baseline's."""


def noise_after_single(single: Influence, seeds: int, arm_disagreement: float = ARM_DISAGREEMENT) -> Noise:
    """What the variances will be with `seeds` models an arm, once models of the baseline are trained."""
    interaction = 2 * single.interaction * single.seeds / seeds
    return Noise(
        arms=arm_disagreement * interaction * seeds,
        interaction=interaction,
        seeds=2 * population_seed_sd(single) ** 2 / seeds + interaction,
        row_freedom=len(single.mean_influence) - 1,
    )


def observed_noise(difference: Difference) -> Noise:
    """The variances as a comparison showed them."""
    return Noise(
        arms=difference.row_variance - difference.interaction_variance,
        interaction=difference.interaction_variance,
        seeds=difference.seed_variance,
        row_freedom=difference.row_freedom,
    )


def population_seed_sd(arm: Influence) -> float:
    """Standard deviation over seeds on endless rows: what is observed, less the row-by-seed noise in it."""
    return sqrt(max(0.0, (arm.seed_variance - arm.interaction) * arm.seeds))


def detectable_difference(
    noise: Noise, seeds: int, comparisons: int = 1, *, baseline_seeds: int | None = None, draw_seed: int = 0
) -> float:
    """The true difference that is found (p ≤ .05 / comparisons) in 80 of 100 studies, in units of the metric.

    Found by 20,000 simulated studies, each with its own estimates of the variances; NaN with no interval.

    Args:
        noise: the variances.
        seeds: models of the arm.
        comparisons: size of the family of verdicts.
        baseline_seeds: models of the baseline, if not as many.
        draw_seed: of the simulated studies; the same gives the same answer.
    """
    degrees = (seeds - 1, (baseline_seeds or seeds) - 1)
    if min(degrees) < 1 or noise.row_freedom <= 0 or not np.isfinite(noise.seeds + noise.arms):
        return float("nan")
    studies = SimulatedStudies(noise.row_freedom, degrees, draw_seed)
    error, half_width = studies.outcomes(noise, 0.05 / comparisons)
    too_small, large_enough = 0.0, float(half_width.max() + np.abs(error).max())
    for _ in range(40):
        middle = (too_small + large_enough) / 2
        if np.mean(np.abs(middle + error) > half_width) >= POWER:
            large_enough = middle
        else:
            too_small = middle
    return large_enough


class SimulatedStudies:
    """Many studies of one design, each with its own error and its own estimates of the variances.

    Args:
        row_freedom: degrees of freedom of the variance from rows.
        degrees: of the variances from seeds, of the arm and of the baseline.
        draw_seed: the same gives the same studies.
    """

    def __init__(self, row_freedom: float, degrees: tuple[int, int], draw_seed: int = 0) -> None:
        random = np.random.default_rng(draw_seed)
        self._row_freedom, self._degrees = row_freedom, np.array(degrees)
        self._rows = random.chisquare(row_freedom, DRAWS) / row_freedom
        of_arms = self._degrees[:, None]
        self._arms = random.chisquare(of_arms, (2, DRAWS)) / of_arms
        self._error = random.normal(size=DRAWS)

    def outcomes(self, noise: Noise, alpha: float) -> tuple[Floats, Floats]:
        """How far each study's difference is from the truth, and its half-width at 1 − alpha, `(studies,)`."""
        rows_seen = (noise.arms + noise.interaction) * self._rows
        of_arms = noise.seeds * np.array([[noise.arm_share], [1 - noise.arm_share]]) * self._arms
        t_rows = -stdtrit(self._row_freedom, alpha / 2)
        t_seeds = _t_of_seeds(of_arms, self._degrees, alpha)
        rows_only = np.maximum(rows_seen - noise.interaction, 0)
        seeds_seen = of_arms.sum(axis=0)
        half_width: Floats = np.sqrt(
            np.maximum(t_rows**2 * rows_seen, t_rows**2 * rows_only + t_seeds**2 * seeds_seen)
        )
        return self._error * sqrt(noise.arms + noise.seeds), half_width

    def found(self, noise: Noise, difference: float, alpha: float) -> float:
        """The share of studies that find this true difference."""
        error, half_width = self.outcomes(noise, alpha)
        return float(np.mean(np.abs(difference + error) > half_width))


def largest_seed_sd(margin: float, seeds: int) -> float:
    """The seed standard deviation above which no number of rows can show equivalence within `margin`."""
    return margin / (-float(stdtrit(2 * (seeds - 1), 0.05)) * sqrt(2 / seeds))


def equivalence_can_be_shown(noise: Noise, seeds: int, margin: float) -> bool:
    """Whether the 90 % interval is expected to fit into ± margin, were there no difference at all."""
    if seeds < 2:
        return False
    t_rows, t_seeds = -stdtrit([noise.row_freedom, 2 * (seeds - 1)], 0.05)
    rows_only = t_rows * sqrt(noise.arms + noise.interaction)
    return bool(max(rows_only, sqrt(t_rows**2 * noise.arms + t_seeds**2 * noise.seeds)) < margin)


def _t_of_seeds(of_arms: Floats, degrees: Floats, alpha: float) -> Floats:
    """The t quantile of each simulated study's Welch degrees of freedom, read off a fine table."""
    if not of_arms.any():
        return np.zeros(of_arms.shape[1])
    freedom = of_arms.sum(axis=0) ** 2 / np.sum(of_arms**2 / degrees[:, None], axis=0)
    table = np.linspace(degrees.min(), degrees.sum(), 500)
    quantiles: Floats = np.interp(freedom, table, -stdtrit(table, alpha / 2))
    return quantiles
