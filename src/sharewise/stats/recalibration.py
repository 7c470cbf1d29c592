"""Fits that make probabilities believable and decisions good; made on validation rows, and on no others."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from sharewise.stats.arrays import Array, Floats, Ints
from sharewise.stats.counts import Counts
from sharewise.stats.metrics import METRICS, CountMetric

_TEMPERATURES = (0.1, 10.0)
# A metric counts as higher only if it is so by more than rounding.
_ROUNDING = 1e-12
# The one metric of ordered classes that is no metric of counts.
_DISTANCE = "mae"
_MOST_ROUNDS = 20


def best_temperature(logits: Floats, events: Ints, *, exclusive: bool) -> float:
    """The temperature that divides logits with the least negative log-likelihood (Guo et al. 2017, §4.2).

    The likelihood is convex in its inverse, so there is one; it is looked for from .1 to 10.

    Args:
        logits: `(rows, outputs)`.
        events: 0 or 1, like `logits`: whether each label is right.
        exclusive: whether a row's outputs are one distribution; else each is a probability of its own.
    """

    def loss(log_temperature: float) -> float:
        cooled = logits / np.exp(log_temperature)
        if exclusive:
            return float(-np.mean(np.sum(events * log_softmax(cooled, axis=1), axis=1)))
        return float(np.mean(np.logaddexp(0.0, cooled) - events * cooled))

    low, high = np.log(_TEMPERATURES)
    return float(
        np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6}).x)
    )


def isotonic_curve(probabilities: Floats, events: Ints) -> tuple[Floats, Floats]:
    """The rising curve from probabilities to frequencies with the least squared error (Zadrozny and Elkan 2002).

    Its ends are kept off 0 and 1 by what `n` rows can't rule out, 1 / (n + 2): no certainty comes from few rows.

    Args:
        probabilities: `(rows,)`.
        events: 0 or 1, `(rows,)`.

    Returns:
        Probabilities as given and as found, `(knots,)` each; linear between them, constant beyond.
    """
    # Imported where it is used: it takes a while, and few commands fit a curve.
    from sklearn.isotonic import IsotonicRegression

    least = 1.0 / (len(events) + 2)
    fit = IsotonicRegression(y_min=least, y_max=1.0 - least).fit(probabilities, events)
    return fit.X_thresholds_.astype(np.float64), fit.y_thresholds_.astype(np.float64)


def best_threshold(
    probabilities: Floats, targets: Ints, metric: str, *, below: Ints | None = None, classes: int = 2
) -> float | None:
    """The threshold over which a label is given with the highest metric; of equals the nearest to .5.

    Looked for half-way between neighbouring probabilities, so that some rows lie on both sides.

    Args:
        probabilities: of the label, or of a step from one level to the next, `(rows,)`.
        targets: classes `(rows,)`, 0 or 1 where there are two.
        metric: a metric of classes, or the mean absolute error of ordered ones.
        below: the class of each row that is not over the threshold, `(rows,)`; over it, it is the next one. 0 if None.
        classes: how many there are.

    Returns:
        The threshold; None where all targets, or all probabilities, are alike.

    Raises:
        ValueError: the metric is of something else than classes.
    """
    rule = METRICS[metric]
    if not isinstance(rule, CountMetric) and metric != _DISTANCE:
        raise ValueError(f"{metric} is no metric of decisions")
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order].astype(np.float64)
    cuts = np.flatnonzero(ordered[:-1] > ordered[1:])
    if not len(cuts) or np.all(targets == targets[0]):
        return None
    truth = targets[order]
    low = np.zeros(len(truth), dtype=np.int64) if below is None else below[order]

    def swept(under: Array, over: Array) -> Floats:
        """Sums over rows, `(cuts, …)`, where those up to the cut are over the threshold."""
        total: Floats = under.sum(axis=0) + np.cumsum(over - under, axis=0)[cuts]
        return total

    if isinstance(rule, CountMetric):
        given = [np.eye(classes)[low], np.eye(classes)[low + 1]]
        right = [(truth == low)[:, None], (truth == low + 1)[:, None]]
        hits = swept(given[0] * right[0], given[1] * right[1])
        of_class = np.bincount(truth, minlength=classes).astype(np.float64)
        found = rule.from_counts(
            Counts(
                hits=hits,
                targets=np.broadcast_to(of_class, hits.shape),
                predicted=swept(given[0], given[1]),
                rows=np.full(len(cuts), float(len(truth))),
                correct=hits.sum(axis=1),
                squared=swept((low - truth) ** 2, (low + 1 - truth) ** 2).astype(np.float64),
            )
        )
    else:
        found = -swept(np.abs(low - truth), np.abs(low + 1 - truth))
    thresholds = (ordered[cuts] + ordered[cuts + 1]) / 2
    best = np.flatnonzero(found >= np.nanmax(found) - _ROUNDING)
    return float(thresholds[best[np.argmin(np.abs(thresholds[best] - 0.5))]])


def best_thresholds(
    probabilities: Floats, targets: Ints, metric: str, start: Sequence[float], free: Sequence[int]
) -> tuple[float, ...]:
    """The thresholds of the steps between ordered levels, each in turn the best beside the others, until none moves.

    A row is as many levels over the lowest as it has steps over their thresholds. No threshold is changed for less
    than a gain, so the result is never worse than the start.

    Args:
        probabilities: of reaching each level but the lowest, `(rows, steps)`.
        targets: levels `(rows,)`.
        metric: of ordered classes.
        start: the thresholds to begin with, `(steps,)`.
        free: the steps whose thresholds may move.
    """
    rule = METRICS[metric]
    sign = 1.0 if rule.higher_is_better else -1.0
    classes = probabilities.shape[1] + 1
    wide = probabilities.astype(np.float64)
    chosen = list(start)

    def value() -> float:
        return sign * rule.point(targets, (wide > chosen).sum(axis=1), classes)

    best = value()
    for _ in range(_MOST_ROUNDS):
        before = list(chosen)
        for step in free:
            below = (np.delete(wide, step, axis=1) > np.delete(chosen, step)).sum(axis=1)
            old = chosen[step]
            found = best_threshold(wide[:, step], targets, metric, below=below, classes=classes)
            chosen[step] = old if found is None else found
            now = value()
            if now > best + _ROUNDING or not np.isfinite(best):
                best = now
            else:
                chosen[step] = old
        if chosen == before:
            break
    return tuple(chosen)
