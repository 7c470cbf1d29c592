"""Which evaluation of a run is the best, and when it is time to stop."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sharewise.stats.metrics import METRICS


@dataclass(frozen=True, order=True)
class Score:
    """How good an evaluation is; the greater of two is better.

    Attributes:
        defined: how many metrics ``value`` is of. They come first: where a model answers one task with a constant,
            its correlation isn't defined, and the mean of the rest must not win for that.
        value: higher is better; the negative loss where no metric is defined.
    """

    defined: int
    value: float


def selection_score(
    rule: str,
    *,
    metrics: Mapping[str, Mapping[str, float]],
    primary: Mapping[str, str],
    joint: Mapping[str, float],
    loss: float,
) -> Score:
    """Score one evaluation on validation.

    Args:
        rule: ``mean`` or ``worst`` of the tasks' primary metrics, ``loss``, or a metric's name: the metric over all
            tasks together where there is one of that name (macro_f1, micro_f1, exact_match), else its mean over the
            tasks that have it. ``per_task`` scores as ``mean`` does; it is meant for one task alone.
        metrics: task -> metric -> value.
        primary: task -> name of its primary metric.
        joint: metrics over all binary tasks together; may be empty.
        loss: the weighted validation loss.
    """
    if rule == "loss":
        return Score(0, -loss)
    if rule in ("mean", "worst", "per_task"):
        values = [_turned(primary[t], m.get(primary[t], math.nan)) for t, m in metrics.items()]
    elif rule in joint:
        values = [joint[rule]]
    else:
        values = [_turned(rule, m[rule]) for m in metrics.values() if rule in m]
    values = [v for v in values if not math.isnan(v)]
    if not values:
        # No metric is defined (one class only in validation, say): the loss is all that is left.
        return Score(0, -loss)
    return Score(len(values), min(values) if rule == "worst" else sum(values) / len(values))


def own_scores(
    rule: str,
    *,
    metrics: Mapping[str, Mapping[str, float]],
    primary: Mapping[str, str],
    losses: Mapping[str, float],
) -> dict[str, Score]:
    """Score one evaluation for each task alone: what ``rule`` would give in a model of this one task.

    Args:
        rule: as for ``selection_score``.
        metrics: task -> metric -> value.
        primary: task -> name of its primary metric.
        losses: task -> validation loss; a task without a cell is left out.
    """
    return {
        t: selection_score(rule, metrics={t: m}, primary=primary, joint={}, loss=losses.get(t, 0.0))
        for t, m in metrics.items()
    }


def mean_score(scores: Iterable[Score]) -> Score:
    """Put the scores of several tasks together; losses stand in only where no task has a metric."""
    scores = list(scores)
    values = [s.value for s in scores if s.defined] or [s.value for s in scores]
    return Score(sum(s.defined for s in scores), sum(values) / len(values))


def _turned(metric: str, value: float) -> float:
    return value if METRICS[metric].higher_is_better else -value
