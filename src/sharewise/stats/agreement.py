"""How far raters agree, from how many of them chose each label of each row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sharewise.stats.arrays import Array, Floats, Ints


@dataclass(frozen=True, eq=False)
class Ballots:
    """The votes of many rows, those with the same ones told once.

    Attributes:
        votes: int64 ``(ballots, labels)``: how many raters chose each label.
        times: int64 ``(ballots,)``: on how many rows they voted so.
        of_row: int64 ``(rows,)``: the ballot of each row.
    """

    votes: Ints
    times: Ints
    of_row: Ints

    @classmethod
    def of(cls, votes: Ints) -> Ballots:
        """Count votes ``(rows, labels)``."""
        base = int(votes.max(initial=0)) + 1
        if base ** votes.shape[1] < 2**62:
            # One number a row is quicker told apart than a row.
            keys = np.zeros(len(votes), dtype=np.int64)
            for column in votes.T:
                keys = keys * base + column
            _, first, of_row, times = np.unique(
                keys, return_index=True, return_inverse=True, return_counts=True
            )
            return cls(votes[first].astype(np.int64), times, of_row)
        found, of_row, times = np.unique(votes, axis=0, return_inverse=True, return_counts=True)
        return cls(found.astype(np.int64), times, of_row.reshape(-1))

    @property
    def disputed(self) -> Array:
        """Whether not all raters of a ballot said the same, bool ``(ballots,)``."""
        return np.asarray(np.count_nonzero(self.votes, axis=1) > 1)

    @property
    def rated(self) -> Array:
        """Whether a ballot has two votes or more, bool ``(ballots,)``."""
        return np.asarray(self.votes.sum(axis=1) >= 2)

    def comparable(self) -> tuple[Ints, Ints]:
        """The ballots of two votes or more, ``(rated ballots, labels)``, and how many rows each has."""
        return self.votes[self.rated], self.times[self.rated]


def krippendorff_alpha(ballots: Ballots) -> float:
    """Krippendorff's alpha for labels without order: 1 − observed / expected disagreement.

    Rows may have different numbers of votes; those with fewer than two say nothing (Krippendorff, Content Analysis,
    2004, §11.3). NaN where fewer than two labels were ever chosen.
    """
    votes, times = ballots.comparable()
    counts = votes.astype(np.float64)
    raters = counts.sum(axis=1)
    chosen = times @ counts
    total = chosen.sum()
    expected = (total**2 - np.sum(chosen**2)) / max(total * (total - 1), 1.0)
    if expected <= 0:
        return float("nan")
    observed = times @ ((raters**2 - np.sum(counts**2, axis=1)) / (raters - 1)) / total
    return float(1 - observed / expected)


def majorities(votes: Ints) -> Floats:
    """The labels with the most votes, ``(rows, labels)``: shares that add up to 1, equal where several are tied.

    A row without votes is all zero.
    """
    most = votes.max(axis=1, keepdims=True)
    top = (votes == most) & (most > 0)
    shares: Floats = top / np.maximum(top.sum(axis=1, keepdims=True), 1)
    return shares


def one_rater(ballots: Ballots) -> Floats:
    """Expected confusion of one rater, drawn at random, with the majority of all: shares, ``(labels, labels)``.

    Rows of the result are the majority, columns what the rater chose. The rater is one of those who made the
    majority, so this is the most that people can be expected to score on the label.
    """
    counts, times = ballots.comparable()
    chosen = counts / counts.sum(axis=1, keepdims=True)
    cells: Floats = (majorities(counts) * times[:, None]).T @ chosen
    return cells / max(float(times.sum()), 1.0)


def another_rater(ballots: Ballots) -> Floats:
    """Expected confusion of one rater with the majority of the others, ``(labels, labels)``.

    Where the others are tied, half (a third …) of the row counts for each. Of two raters each is judged by the other.
    """
    counts, times = ballots.comparable()
    labels = counts.shape[1]
    cells = np.zeros((labels, labels))
    raters = counts.sum(axis=1)
    for label in range(labels):
        others = counts.copy()
        others[:, label] -= 1
        drawn = counts[:, label] > 0
        share = times[drawn] * counts[drawn, label] / raters[drawn]
        cells[:, label] = majorities(others[drawn]).T @ share
    return cells / max(float(times.sum()), 1.0)
