"""McNemar's test of one pair of models, shown as a description and never the ground of a verdict."""

from dataclasses import dataclass

import numpy as np

from sharewise.stats.arrays import Ints


@dataclass(frozen=True)
class McNemar:
    """Rows that only one of two models gets right."""

    only_first: int
    only_second: int
    p: float
    """Exact two-sided p (binomial): of these two models on these rows, saying nothing of other seeds."""


def mcnemar(targets: Ints, first: Ints, second: Ints) -> McNemar:
    """McNemar's exact test (McNemar 1947) of two models' predicted classes `(rows,)`."""
    # Imported where it is used: all of scipy.stats takes half a second, and only reports of runs test.
    from scipy.stats import binomtest

    first_right, second_right = first == targets, second == targets
    only_first = int(np.sum(first_right & ~second_right))
    only_second = int(np.sum(second_right & ~first_right))
    discordant = only_first + only_second
    p = float(binomtest(only_first, discordant, 0.5).pvalue) if discordant else 1.0
    return McNemar(only_first, only_second, p)
