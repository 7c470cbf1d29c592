"""The learning rate of each update."""

from __future__ import annotations


def learning_rate(step: int, *, total: int, peak: float, warmup: float) -> float:
    """Rise linearly over the first ``warmup`` share of the updates, then fall linearly to zero.

    Args:
        step: zero-based number of the update.
        total: planned updates of the run.
        peak: highest rate.
        warmup: share of ``total`` with a rising rate.
    """
    rising = round(total * warmup)
    if step < rising:
        return peak * (step + 1) / rising
    return peak * (total - step) / max(1, total - rising)
