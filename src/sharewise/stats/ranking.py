"""Metrics of scores of the positive class: how well they rank, and the placements behind their error."""

import numpy as np

from sharewise.stats.arrays import Array, Floats, Ints
from sharewise.stats.calibration import brier
from sharewise.stats.groups import Groups
from sharewise.stats.leave_out import average_precision_in_order


def auroc(targets: Ints, scores: Floats) -> float:
    """Area under the ROC curve: a positive row outranks a negative one, ties half; NaN with one class."""
    positive = targets == 1
    negatives = int((~positive).sum())
    if not positive.any() or not negatives:
        return float("nan")
    return float(np.mean(placements(targets, scores)[positive]))


def auroc_left_out(targets: Ints, scores: Floats, groups: Groups) -> Floats:
    """The AUROC without each group in turn, `(groups,)`, from placements; NaN where a class is left empty.

    Taking a group out takes out the pairs that its positive rows win and those that its negative rows lose;
    the pairs inside the group are taken twice and given back.
    """
    positive = targets == 1
    positives, negatives = (
        np.bincount(groups.of_row, weights=side, minlength=groups.number) for side in (positive, ~positive)
    )
    all_positives, all_negatives = positives.sum(), negatives.sum()
    won = placements(targets, scores) * np.where(positive, all_negatives, all_positives)
    taken = np.bincount(groups.of_row, weights=won, minlength=groups.number)
    if not groups.single:
        inside = np.where(positive, _negatives_below(positive, scores, groups.of_row), 0.0)
        taken -= np.bincount(groups.of_row, weights=inside, minlength=groups.number)
    pairs = (all_positives - positives) * (all_negatives - negatives)
    return np.where(pairs > 0, (won[positive].sum() - taken) / np.maximum(pairs, 1), np.nan)


def average_precision(targets: Ints, scores: Floats) -> float:
    """Precision at each distinct threshold, weighted by the recall gained there; 0 without positives."""
    order = np.argsort(-scores)
    return average_precision_in_order(targets[order] == 1, scores[order])


def placements(targets: Ints, scores: Floats) -> Floats:
    """DeLong's placements `(rows,)` (DeLong, DeLong and Clarke-Pearson 1988).

    For a positive row the share of negatives that it outranks (ties half), for a negative row the share of
    positives that outrank it. The mean over either class is the AUROC.
    """
    positive = targets == 1
    negatives = int((~positive).sum())
    below = _negatives_below(positive, scores) / max(negatives, 1)
    # The same count seen from the other class, with the order turned round.
    above = _negatives_below(~positive, -scores) / max(len(targets) - negatives, 1)
    return np.where(positive, below, above)


def binary_score_metrics(targets: Ints, scores: Floats) -> dict[str, float]:
    """AUROC, average precision and Brier score of the positive class's scores `(rows,)`."""
    return {
        "auroc": auroc(targets, scores),
        "average_precision": average_precision(targets, scores),
        "brier": brier(targets, scores),
    }


def _negatives_below(positive: Array, scores: Floats, group: Ints | None = None) -> Floats:
    """How many negative rows (of the same group, if given) score below each row, `(rows,)`; ties half."""
    order = np.argsort(scores) if group is None else np.lexsort((scores, group))
    ordered = scores[order]
    new_group = np.zeros(len(order), dtype=bool)
    new_group[:1] = True
    if group is not None:
        new_group[1:] = np.diff(group[order]) != 0
    new_tie = new_group.copy()
    new_tie[1:] |= np.diff(ordered) != 0
    counted = np.concatenate([[0], np.cumsum(~positive[order])])
    starts = np.flatnonzero(new_tie)
    tie = np.cumsum(new_tie) - 1
    half = (counted[starts] + counted[np.append(starts[1:], len(order))]) / 2
    before_group = counted[np.flatnonzero(new_group)][np.cumsum(new_group) - 1]
    below = np.empty(len(order))
    below[order] = half[tie] - before_group
    return below
