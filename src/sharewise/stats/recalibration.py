"""Fits that make probabilities believable and decisions good; made on validation rows, and on no others."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from sharewise.stats.arrays import Floats, Ints
from sharewise.stats.counts import Counts
from sharewise.stats.metrics import METRICS, CountMetric

_TEMPERATURES = (0.1, 10.0)
# A metric counts as higher only if it is so by more than rounding.
_ROUNDING = 1e-12


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


def best_threshold(probabilities: Floats, events: Ints, metric: str) -> float | None:
    """The threshold over which a label is given with the highest metric of two classes; of equals the nearest to .5.

    Looked for half-way between neighbouring probabilities, so that some rows lie on both sides.

    Args:
        probabilities: of the label `(rows,)`.
        events: 0 or 1, `(rows,)`.
        metric: a metric of classes.

    Returns:
        The threshold; None where all rows, or all probabilities, are alike.

    Raises:
        ValueError: the metric is of something else than classes.
    """
    rule = METRICS[metric]
    if not isinstance(rule, CountMetric):
        raise ValueError(f"{metric} is no metric of decisions")
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order].astype(np.float64)
    cuts = np.flatnonzero(ordered[:-1] > ordered[1:])
    positives, rows = int(events.sum()), len(events)
    if not len(cuts) or not 0 < positives < rows:
        return None
    given = cuts + 1.0
    hits = np.cumsum(events[order])[cuts].astype(np.float64)
    right_no = rows - positives - (given - hits)
    correct = hits + right_no
    found = rule.from_counts(
        Counts(
            hits=np.stack([right_no, hits], axis=1),
            targets=np.broadcast_to([float(rows - positives), float(positives)], (len(cuts), 2)),
            predicted=np.stack([rows - given, given], axis=1),
            rows=np.full(len(cuts), float(rows)),
            correct=correct,
            squared=rows - correct,
        )
    )
    thresholds = (ordered[cuts] + ordered[cuts + 1]) / 2
    best = np.flatnonzero(found >= np.nanmax(found) - _ROUNDING)
    return float(thresholds[best[np.argmin(np.abs(thresholds[best] - 0.5))]])
