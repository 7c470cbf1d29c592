"""How far probabilities can be believed."""

from dataclasses import dataclass

import numpy as np

from sharewise.stats.arrays import Array, Floats, Ints


def brier(targets: Ints, scores: Floats) -> float:
    """Mean squared error of probabilities (Brier 1950); lower is better.

    Args:
        targets: classes `(rows,)`.
        scores: probabilities of the positive class `(rows,)`, or of every class `(rows, classes)`; then the
            squared errors of a row are summed over its classes.
    """
    return float(np.mean(squared_errors(targets, scores))) if len(targets) else float("nan")


def squared_errors(targets: Ints, scores: Floats) -> Floats:
    """The squared error of each row's probabilities, `(rows,)`; see `brier`."""
    if scores.ndim == 1:
        errors: Floats = (scores - (targets == 1)) ** 2
        return errors
    truth: Floats = np.eye(scores.shape[1])[targets]
    summed: Floats = np.sum((scores - truth) ** 2, axis=1)
    return summed


def expected_calibration_error(targets: Ints, scores: Floats, bins: int = 15) -> float:
    """Mean gap between probability and frequency over bins of equal width (Naeini 2015, Guo 2017).

    It depends on the bins and is biased upwards on few rows: for description only, never for a verdict.

    Args:
        targets: classes `(rows,)`.
        scores: probabilities of the positive class `(rows,)`, compared with the share of positives; or of
            every class `(rows, classes)`, where the highest is compared with the share of right rows.
        bins: number of bins.
    """
    if not len(targets):
        return float("nan")
    if scores.ndim == 1:
        confidence, outcome = scores, targets == 1
    else:
        confidence, outcome = scores.max(axis=1), scores.argmax(axis=1) == targets
    found = reliability(confidence, outcome, bins)
    return float(np.abs(found.confidence - found.frequency) @ found.rows / len(targets))


@dataclass(frozen=True)
class Reliability:
    """A reliability curve (DeGroot and Fienberg 1983): bins of equal width that hold rows, `(bins held,)` each."""

    confidence: Floats
    """Mean probability."""
    frequency: Floats
    """Share of rows of which it came true."""
    rows: Ints


def reliability(confidence: Floats, outcome: Array, bins: int = 15) -> Reliability:
    """The reliability curve of probabilities `(rows,)` of what came true or not, `(rows,)`."""
    bin_of = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    rows = np.bincount(bin_of, minlength=bins)
    held = rows > 0
    means = [
        np.bincount(bin_of, weights=of, minlength=bins)[held] / rows[held] for of in (confidence, outcome)
    ]
    return Reliability(means[0], means[1], rows[held])
