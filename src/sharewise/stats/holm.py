"""Many questions at once: Holm's step-down adjustment."""

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float], family: int | None = None) -> list[float]:
    """The p values adjusted so that rejecting those up to α errs in at most α of families (Holm 1979).

    Args:
        p_values: of the questions; one that could not be asked (NaN) counts as 1.
        family: number of questions, if more than these belong to the family; the others count as 1.

    Returns:
        The adjusted values in the same order, each at most 1.
    """
    number = max(family or 0, len(p_values))
    p = np.nan_to_num(np.asarray(p_values, dtype=np.float64), nan=1.0)
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * (number - np.arange(len(p)))) if len(p) else p
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(steps, 1.0)
    return [float(value) for value in adjusted]
