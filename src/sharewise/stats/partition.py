"""The best division of tasks into groups, by how much each gains from those that it is together with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sharewise.stats.arrays import Floats, Ints

# Tasks up to which every partition is looked at.
MOST_EXACT = 15


@dataclass(frozen=True)
class Partition:
    """Tasks by number, in groups.

    Attributes:
        groups: ordered by their first task.
        value: sum of the groups' scores.
        exact: whether no partition has a higher value; else it is the best that a heuristic found.
    """

    groups: tuple[tuple[int, ...], ...]
    value: float
    exact: bool


def pair_scores(affinity: Floats) -> Floats:
    """Score every set of tasks by its pairs (Fifty et al., 2021, §4: a task gains the mean of what the others give).

    ``score(S) = sum over j in S of the mean over i in S, i != j, of affinity[i, j]``, 0 for a task alone.

    Args:
        affinity: ``(tasks, tasks)``, what task i (row) does for task j (column); the diagonal counts for nothing,
            and what is unknown (NaN) as 0.

    Returns:
        ``(2 ** tasks,)``: entry m is the set that holds the tasks whose bits are set in m.
    """
    tasks = len(affinity)
    known = np.nan_to_num(np.asarray(affinity, dtype=np.float64), nan=0.0)
    np.fill_diagonal(known, 0.0)
    sets = members_of(tasks).astype(np.float64)
    total = ((sets @ known) * sets).sum(axis=1)
    return np.asarray(total / np.maximum(1.0, sets.sum(axis=1) - 1.0))


def members_of(tasks: int) -> Ints:
    """Return which tasks each set holds: 0 or 1, ``(2 ** tasks, tasks)``."""
    return (np.arange(2**tasks)[:, None] >> np.arange(tasks)) & 1


def exact_partition(scores: Floats, most: int) -> Partition:
    """Return the partition of all tasks into at most ``most`` groups with the highest sum of scores.

    Dynamic programming over subsets: with f_k(M) the best value of the tasks M in at most k groups,
    ``f_k(M) = max over S in M with M's first task of score(S) + f_(k-1)(M - S)``; 3^tasks steps a group. Of equal
    partitions the one with fewer groups is taken.

    Args:
        scores: ``(2 ** tasks,)``, as ``pair_scores`` returns them.
        most: groups at most, one at least.
    """
    tasks = len(scores).bit_length() - 1
    most = min(most, tasks)
    best = np.full((most + 1, len(scores)), -np.inf)
    best[:, 0] = 0.0
    taken = np.zeros((most + 1, len(scores)), dtype=np.int64)
    for whole in range(1, len(scores)):
        first = whole & -whole
        own = _subsets(whole ^ first) | first
        values = scores[own] + best[:-1, whole ^ own]
        chosen = values.argmax(axis=1)
        best[1:, whole] = values[np.arange(most), chosen]
        taken[1:, whole] = own[chosen]
    left = len(scores) - 1
    top = best[:, left].max()
    # The slack lets rounding decide nothing.
    number = int(np.flatnonzero(best[:, left] >= top - 1e-12 * max(1.0, abs(top)))[0])
    groups = []
    while left:
        own_set = int(taken[number, left])
        groups.append(tuple(task for task in range(tasks) if own_set >> task & 1))
        left, number = left ^ own_set, number - 1
    return Partition(tuple(sorted(groups)), float(top), exact=True)


def greedy_partition(affinity: Floats, most: int) -> Partition:
    """Return a good partition of many tasks: merge groups while it pays or has to be, then move single tasks.

    Args:
        affinity: as in ``pair_scores``.
        most: groups at most, one at least.
    """
    known = np.nan_to_num(np.asarray(affinity, dtype=np.float64), nan=0.0)
    groups = [[task] for task in range(len(known))]
    while len(groups) > 1:
        gains = {
            (a, b): _score(known, groups[a] + groups[b]) - _score(known, groups[a]) - _score(known, groups[b])
            for a in range(len(groups))
            for b in range(a + 1, len(groups))
        }
        (one, other), gain = max(gains.items(), key=lambda item: item[1])
        if gain <= 0 and len(groups) <= most:
            break
        groups[one] += groups.pop(other)
    while (moved := _best_move(known, groups, most)) is not None:
        groups = moved
    value = sum(_score(known, group) for group in groups)
    return Partition(tuple(sorted(tuple(sorted(group)) for group in groups)), float(value), exact=False)


def best_partition(affinity: Floats, most: int) -> Partition:
    """Return the best partition by pairs: exact up to ``MOST_EXACT`` tasks, else a heuristic's."""
    if len(affinity) <= MOST_EXACT:
        return exact_partition(pair_scores(affinity), most)
    return greedy_partition(affinity, most)


def partition_value(affinity: Floats, groups: Sequence[Sequence[int]]) -> float:
    """Return the sum of the groups' scores by pairs."""
    known = np.nan_to_num(np.asarray(affinity, dtype=np.float64), nan=0.0)
    return float(sum(_score(known, group) for group in groups))


def _score(known: Floats, group: Sequence[int]) -> float:
    if len(group) < 2:
        return 0.0
    block = known[np.ix_(group, group)]
    return float((block.sum() - np.trace(block)) / (len(group) - 1))


def _best_move(known: Floats, groups: list[list[int]], most: int) -> list[list[int]] | None:
    """Return the groups after the move of one task that gains most; None where no move gains anything."""
    top, found = 1e-12, None
    for a, source in enumerate(groups):
        for task in source:
            rest = [t for t in source if t != task]
            lost = _score(known, rest) - _score(known, source)
            targets = [b for b in range(len(groups)) if b != a]
            for b in [*targets, *([len(groups)] if rest and len(groups) < most else [])]:
                own = groups[b] if b < len(groups) else []
                gain = lost + _score(known, [*own, task]) - _score(known, own)
                if gain > top:
                    changed = [rest if i == a else list(g) for i, g in enumerate([*groups, []])]
                    changed[b] = [*own, task]
                    top, found = gain, [g for g in changed if g]
    return found


def _subsets(whole: int) -> Ints:
    """Return every subset of a set of tasks, itself and the empty one among them, as numbers."""
    found = np.zeros(1, dtype=np.int64)
    while whole:
        first = whole & -whole
        found = np.concatenate([found, found | first])
        whole ^= first
    return found
