"""How strongly the targets of tasks go together, holes left out, and the groups of tasks that follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from sharewise.stats.arrays import Array, Floats, Ints
from sharewise.stats.regression import mean_ranks

# Rows that two tasks must have in common before anything is said about them.
FEWEST_ROWS = 30
# Mean association above which tasks count as one group, if nothing else is said.
THRESHOLD = 0.3
# Share of the largest eigenvalue below which one is rounding: indicators of all classes add up to a constant.
_ROUNDING = 1e-10


@dataclass(frozen=True)
class Association:
    """Association of every two tasks.

    Attributes:
        tasks: their names.
        matrix: ``(tasks, tasks)``, symmetric, 1 on the diagonal. For two tasks of one ordered column each, Spearman's
            rank correlation in [-1, 1], which for two binary tasks is phi. Where a task has several columns or
            classes without order, in [0, 1]: Cramér's V, of an ordered and an unordered task the correlation ratio of
            ranks. NaN where the tasks have too few rows in common, or one of them is constant there.
        rows: int64 ``(tasks, tasks)``: rows that hold a cell of both.
    """

    tasks: tuple[str, ...]
    matrix: Floats
    rows: Ints


def association(
    targets: Mapping[str, Array], unordered: Collection[str] = (), *, fewest_rows: int = FEWEST_ROWS
) -> Association:
    """Measure the association of every two tasks on the rows that hold a cell of both.

    One measure for all kinds of targets: the root of the sum of squared canonical correlations between the two tasks'
    columns, over the smaller number of columns, where an ordered column is replaced by its ranks and an unordered one
    by an indicator of each class. That is |Spearman| for two columns, Cramér's V for two tasks of unordered classes,
    and the correlation ratio for one of each (Cramér, Mathematical Methods of Statistics, 1946, §21.9).

    Args:
        targets: task -> ``(rows, width)``, the same rows in each; a row of NaN is a hole.
        unordered: tasks whose one column holds classes without order.
        fewest_rows: common rows below which the association counts as unknown.
    """
    names = tuple(targets)
    columns = {t: np.asarray(v, dtype=np.float64).reshape(len(v), -1) for t, v in targets.items()}
    present = {t: ~np.isnan(v).any(axis=1) for t, v in columns.items()}
    whole: dict[str, Floats] = {}

    def numbers(task: str, both: Array) -> Floats:
        # Of tasks without holes the same rows are common to all pairs.
        if not both.all():
            return _numbers(columns[task][both], unordered=task in unordered)
        if task not in whole:
            whole[task] = _numbers(columns[task], unordered=task in unordered)
        return whole[task]

    matrix, rows = np.eye(len(names)), np.zeros((len(names), len(names)), dtype=np.int64)
    for i, one in enumerate(names):
        rows[i, i] = present[one].sum()
        for j, other in enumerate(names[:i]):
            both = np.asarray(present[one] & present[other])
            rows[i, j] = rows[j, i] = both.sum()
            strength = np.nan
            if both.sum() >= max(2, fewest_rows):
                strength = _strength(numbers(one, both), numbers(other, both))
            matrix[i, j] = matrix[j, i] = strength
    return Association(names, matrix, rows)


def groups_by_association(
    measured: Association, *, threshold: float = THRESHOLD
) -> tuple[tuple[str, ...], ...]:
    """Cluster tasks: agglomerative, average linkage, distance 1 - |association| (Sokal & Michener, 1958).

    Two groups are merged as long as the mean |association| between their tasks is at least ``threshold``. What is
    unknown counts as no association. A task that goes with no other is a group of its own.

    Returns:
        The groups, ordered by their first task, tasks in the order of ``measured.tasks``. The order of the tasks
        changes no group.
    """
    tasks = measured.tasks
    if len(tasks) == 1:
        return (tasks,)
    # Ties are broken by position: sorted names make the result independent of the order that tasks come in.
    order = np.argsort(np.array(tasks))
    strength = np.abs(np.nan_to_num(measured.matrix, nan=0.0))[np.ix_(order, order)]
    distance = 1.0 - np.clip(strength, 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    # The slack lets an association of exactly the threshold count, whatever rounding did to 1 - threshold.
    labels = np.empty(len(tasks), dtype=np.int64)
    tree = linkage(squareform(distance, checks=False), method="average")
    labels[order] = fcluster(tree, t=1.0 - threshold + 1e-9, criterion="distance")
    return tuple(
        tuple(t for t, own in zip(tasks, labels, strict=True) if own == label)
        for label in dict.fromkeys(labels)
    )


def _numbers(columns: Floats, *, unordered: bool) -> Floats:
    """Columns ``(rows, width)`` as centred ranks, or as a centred indicator of each class."""
    if unordered:
        found = (columns == np.unique(columns)).astype(np.float64)
    else:
        found = np.stack([mean_ranks(column) for column in columns.T], axis=1)
    # A constant stays constant: its mean may be rounded.
    return np.asarray(np.where(np.ptp(found, axis=0) > 0, found - found.mean(axis=0), 0.0))


def _strength(one: Floats, other: Floats) -> float:
    """Root mean of the squared canonical correlations; with its sign where each side is a single column."""
    first, second, between = one.T @ one, other.T @ other, one.T @ other
    sizes = [int(np.linalg.matrix_rank(c, rtol=_ROUNDING, hermitian=True)) for c in (first, second)]
    if min(sizes) == 0:
        return float("nan")
    if one.shape[1] == other.shape[1] == 1:
        return float(between[0, 0] / np.sqrt(first[0, 0] * second[0, 0]))
    inverses = [np.linalg.pinv(c, rtol=_ROUNDING, hermitian=True) for c in (first, second)]
    total = float(np.trace(inverses[0] @ between @ inverses[1] @ between.T))
    return float(np.sqrt(np.clip(total / min(sizes), 0.0, 1.0)))
