"""Metrics of scores of the positive class: how well they rank, and the placements behind their error."""

import numpy as np
from scipy.stats import rankdata

from sharewise.stats.arrays import Floats, Ints
from sharewise.stats.calibration import brier


def auroc(targets: Ints, scores: Floats) -> float:
    """Area under the ROC curve: a positive row outranks a negative one, ties half; NaN with one class."""
    positive = targets == 1
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        return float("nan")
    rank_sum = float(rankdata(scores)[positive].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def average_precision(targets: Ints, scores: Floats) -> float:
    """Precision at each distinct threshold, weighted by the recall gained there; 0 without positives."""
    if not len(targets):
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(targets[order] == 1)
    if not hits[-1]:
        return 0.0
    last_of_tie = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hits_at = hits[last_of_tie]
    return float(np.sum(np.diff(hits_at, prepend=0) * hits_at / (last_of_tie + 1)) / hits[-1])


def placements(targets: Ints, scores: Floats) -> Floats:
    """DeLong's placements `(rows,)` (DeLong, DeLong and Clarke-Pearson 1988).

    For a positive row the share of negatives that it outranks (ties half), for a negative row the share of
    positives that outrank it. The mean over either class is the AUROC.
    """
    positive = targets == 1
    overall = rankdata(scores)
    within = np.empty(len(scores))
    within[positive] = rankdata(scores[positive])
    within[~positive] = rankdata(scores[~positive])
    below = overall - within
    positives, negatives = positive.sum(), (~positive).sum()
    share: Floats = np.where(positive, below / max(negatives, 1), 1 - below / max(positives, 1))
    return share


def binary_score_metrics(targets: Ints, scores: Floats) -> dict[str, float]:
    """AUROC, average precision and Brier score of the positive class's scores `(rows,)`."""
    return {
        "auroc": auroc(targets, scores),
        "average_precision": average_precision(targets, scores),
        "brier": brier(targets, scores),
    }
