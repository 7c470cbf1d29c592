"""The interval behind a verdict: rows and seeds drawn anew, the row-by-seed noise counted once.

Rows are paired between the two arms; seeds are treated as unpaired (Welch), which is conservative where
they correlate. The estimand is the expected difference over seeds and over the population of rows (of groups,
drawn whole) with training data, split and recipe fixed.
"""

from dataclasses import dataclass
from math import exp, hypot, isfinite, log, sqrt

import numpy as np
from scipy.special import stdtrit

from sharewise.stats.jackknife import Influence


@dataclass(frozen=True)
class Difference:
    """The difference between an arm and its baseline on one task, and how uncertain it is."""

    difference: float
    """Mean score of the arm minus that of the baseline, in units of the metric; positive is better."""
    row_variance: float
    """V_i: variance from rows (groups), row-by-seed noise included."""
    interaction_variance: float
    """V_e: the row-by-seed noise, at most V_i."""
    seed_variance: float
    """V_s: variance from seeds as observed, row-by-seed noise included."""
    row_freedom: float
    """ν_i: degrees of freedom of V_i."""
    seed_freedom: float
    """ν_s: degrees of freedom of V_s (Welch 1947, Satterthwaite 1946)."""

    def half_width(self, alpha: float) -> float:
        """Half the width of the 1 − alpha interval; NaN with one seed or where the metric is undefined."""
        t_rows, t_seeds = (-stdtrit([self.row_freedom, self.seed_freedom], alpha / 2)).tolist()
        rows_only = self.row_variance - self.interaction_variance
        both = hypot(_times_root(t_rows, rows_only), _times_root(t_seeds, self.seed_variance))
        return float(np.maximum(_times_root(t_rows, self.row_variance), both))

    def p(self) -> float:
        """The smallest alpha whose interval leaves out 0; NaN where there is no interval."""
        return self._smallest_alpha(abs(self.difference))

    def equivalence_p(self, margin: float) -> float:
        """The smallest alpha at which two one-sided tests hold the difference in ± margin (Schuirmann 1987).

        At most .05 where difference ± half_width(.10) lies inside; 1 where the difference itself doesn't.
        """
        room = margin - abs(self.difference)
        return self._smallest_alpha(room) / 2 if room > 0 else 1.0

    def _smallest_alpha(self, distance: float) -> float:
        """The alpha at which the half-width has shrunk to `distance`, by bisection of its logarithm."""
        if not isfinite(self.half_width(0.5)):
            return float("nan")
        if distance <= 0:
            return 1.0
        too_small, large_enough = log(_SMALLEST), 0.0
        if distance > self.half_width(_SMALLEST):
            return 0.0
        for _ in range(60):
            middle = (too_small + large_enough) / 2
            if distance > self.half_width(exp(middle)):
                large_enough = middle
            else:
                too_small = middle
        return exp(large_enough)


def difference(arm: Influence, baseline: Influence) -> Difference:
    """The difference of an arm from its baseline, from the influences of the same groups of rows on both.

    Raises:
        ValueError: the two were not computed over the same groups.
    """
    if arm.mean_influence.shape != baseline.mean_influence.shape:
        raise ValueError("the arm and its baseline must be scored on the same rows")
    between = arm.mean_influence - baseline.mean_influence
    groups = len(between)
    squares = between**2
    row_variance = float(squares.sum())
    peakedness = float(np.sum(squares**2)) / row_variance**2 if row_variance else 0.0
    excess = peakedness - 1 / groups
    row_freedom = max(1.0, min(groups - 1, 2 / excess)) if excess > 0 else max(1.0, groups - 1)
    seed_variance = arm.seed_variance + baseline.seed_variance
    spread = sum(a.seed_variance**2 / (a.seeds - 1) for a in (arm, baseline) if a.seeds > 1)
    return Difference(
        difference=arm.mean_score - baseline.mean_score,
        row_variance=row_variance,
        interaction_variance=float(np.minimum(row_variance, arm.interaction + baseline.interaction)),
        seed_variance=seed_variance,
        row_freedom=float(row_freedom),
        seed_freedom=seed_variance**2 / spread if spread else float(arm.seeds + baseline.seeds - 2),
    )


def _times_root(t: float, variance: float) -> float:
    """Quantile × standard deviation; none where there is no variance, though the quantile be infinite."""
    return t * sqrt(variance) if variance else 0.0


_SMALLEST = 1e-300
