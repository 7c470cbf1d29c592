"""Two normal variables at once, vectorised."""

import numpy as np
from scipy.special import ndtr, ndtri, owens_t

from sharewise.stats.arrays import Floats


def both_below(first: Floats, second: Floats, correlation: Floats) -> Floats:
    """P(X < first, Y < second) of standard normal X and Y of this correlation (Owen 1956), elementwise.

    Args:
        first: limits of X; finite.
        second: limits of Y; finite.
        correlation: below 1.
    """
    # The formula divides by the limits; so small a shift changes nothing that can be seen.
    h, k = (np.where(limit == 0, 1e-12, limit) for limit in (first, second))
    root = np.sqrt(1 - correlation**2)
    parts = owens_t(h, (k - correlation * h) / (h * root)) + owens_t(k, (h - correlation * k) / (k * root))
    probability: Floats = (ndtr(h) + ndtr(k)) / 2 - parts - np.where(h * k < 0, 0.5, 0.0)
    return probability


def correlation_of_disagreement(share: Floats, disagreement: Floats) -> Floats:
    """The correlation at which two variables, each below its limit in this share of rows, so often disagree.

    Args:
        share: of rows below the limit, `(n,)`, between 0 and 1.
        disagreement: share of rows on which one is below and the other above, `(n,)`; what is out of reach gives
            the nearest correlation between 0 and 1.
    """
    limit = ndtri(share)
    low, high = np.zeros(len(share)), np.full(len(share), 1 - 1e-12)
    for _ in range(60):
        middle = (low + high) / 2
        too_often = 2 * (share - both_below(limit, limit, middle)) > disagreement
        low, high = np.where(too_often, middle, low), np.where(too_often, high, middle)
    return high
