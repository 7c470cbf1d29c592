"""How far raters agree, from how many of them chose each label of each row."""

from __future__ import annotations

import numpy as np

from sharewise.stats.arrays import Floats, Ints


def krippendorff_alpha(votes: Ints) -> float:
    """Krippendorff's alpha for labels without order: 1 − observed / expected disagreement.

    Rows may have different numbers of votes; those with fewer than two say nothing (Krippendorff, Content Analysis,
    2004, §11.3). NaN where fewer than two labels were ever chosen.

    Args:
        votes: ``(rows, labels)``.
    """
    counts = votes[votes.sum(axis=1) >= 2].astype(np.float64)
    raters = counts.sum(axis=1)
    chosen = counts.sum(axis=0)
    total = chosen.sum()
    expected = (total**2 - np.sum(chosen**2)) / max(total * (total - 1), 1.0)
    if expected <= 0:
        return float("nan")
    observed = np.sum((raters**2 - np.sum(counts**2, axis=1)) / (raters - 1)) / total
    return float(1 - observed / expected)


def majorities(votes: Ints) -> Floats:
    """The labels with the most votes, ``(rows, labels)``: shares that add up to 1, equal where several are tied.

    A row without votes is all zero.
    """
    most = votes.max(axis=1, keepdims=True)
    top = (votes == most) & (most > 0)
    shares: Floats = top / np.maximum(top.sum(axis=1, keepdims=True), 1)
    return shares


def one_rater(votes: Ints) -> Floats:
    """Expected confusion of one rater, drawn at random, with the majority of all: shares, ``(labels, labels)``.

    Rows of the result are the majority, columns what the rater chose. The rater is one of those who made the
    majority, so this is the most that people can be expected to score on the label.
    """
    counts = votes[votes.sum(axis=1) >= 2].astype(np.float64)
    chosen = counts / counts.sum(axis=1, keepdims=True)
    cells: Floats = majorities(counts).T @ chosen
    return cells / max(len(counts), 1)


def another_rater(votes: Ints) -> Floats:
    """Expected confusion of one rater with the majority of the others, ``(labels, labels)``.

    Where the others are tied, half (a third …) of the row counts for each. Of two raters each is judged by the other.
    """
    counts = votes[votes.sum(axis=1) >= 2].astype(np.float64)
    labels = counts.shape[1]
    cells = np.zeros((labels, labels))
    raters = counts.sum(axis=1)
    for label in range(labels):
        # Rows with the same votes are alike, but sums are quick enough.
        others = counts.copy()
        others[:, label] -= 1
        drawn = counts[:, label] > 0
        cells[:, label] = majorities(others[drawn]).T @ (counts[drawn, label] / raters[drawn])
    return cells / max(len(counts), 1)
