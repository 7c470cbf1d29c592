"""From measurements to groups: the best division by each measure, and what it promises every task."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from sharewise.compare.affinity.measuring import Measured
from sharewise.compare.affinity.records import Division
from sharewise.compare.affinity.subsets import MOST_SUBSETS
from sharewise.compare.prediction import Groups, Measure, Prediction, TaskPrediction
from sharewise.stats.association import Association, groups_by_association
from sharewise.stats.partition import Partition, best_partition, exact_partition, partition_value
from sharewise.tasks import Array

# The length of a name in a study file.
_LONGEST_NAME = 60


def most_groups(tasks: int) -> int:
    """Groups at most, if nothing else is said: a third of the tasks, two at least."""
    return max(2, round(tasks / 3))


def group_name(group: Sequence[str]) -> str:
    """A group's name: its tasks, or where that is long, the first and how many more."""
    name = "+".join(group)
    return name if len(name) <= _LONGEST_NAME else f"{group[0]}+{len(group) - 1}"


def mean_matrix(matrices: Sequence[Sequence[Sequence[float | None]]]) -> Array:
    """Return the mean of matrices, what isn't known in one left out; NaN where none knows it."""
    stacked = np.array(matrices, dtype=np.float64)
    known = ~np.isnan(stacked)
    return np.asarray(
        np.where(known.any(axis=0), np.nansum(stacked, axis=0) / np.maximum(1, known.sum(axis=0)), np.nan)
    )


def gains(measured: Sequence[Measured]) -> dict[tuple[int, ...], Array]:
    """Return the mean over seeds of what each task gains over a model of its own, by subset, ``(tasks,)``."""
    losses = subset_losses(measured)
    tasks = len(measured[0].lookahead)
    alone = np.array([losses[(task,)][task] for task in range(tasks)])
    return {subset: 1.0 - own / alone for subset, own in losses.items()}


def subset_losses(measured: Sequence[Measured]) -> dict[tuple[int, ...], Array]:
    """Return the mean over seeds of the estimated losses by subset, ``(tasks,)``; NaN outside the subset."""
    mean = np.mean(np.array([found.losses for found in measured], dtype=np.float64), axis=0)
    return {tuple(subset): row for subset, row in zip(measured[0].subsets, mean, strict=True)}


def pair_gains(measured: Sequence[Measured]) -> Array:
    """Return what task j (column) gains from a model of i and j over one of its own, ``(tasks, tasks)``."""
    found, tasks = gains(measured), len(measured[0].lookahead)
    matrix = np.zeros((tasks, tasks))
    for i, j in combinations(range(tasks), 2):
        matrix[i, j], matrix[j, i] = found[i, j][j], found[i, j][i]
    return matrix


def divide(
    tasks: Sequence[str], measured: Sequence[Measured], associated: Association, *, by: Measure, most: int
) -> list[Division]:
    """Return the best division by every measure, the one that is asked for first."""
    found = [
        _by_pairs("lookahead", tasks, [m.lookahead for m in measured], _parts(measured, "lookahead"), most),
        _by_estimate(tasks, measured, most),
        _by_pairs("cosine", tasks, [m.cosine for m in measured], _parts(measured, "cosine"), most),
        _by_association(tasks, associated),
    ]
    return sorted(found, key=lambda division: division.measure != by)


def predict(tasks: Sequence[str], measured: Sequence[Measured], division: Division) -> Prediction:
    """Say what is expected of every task in its group, alone, and with all others."""
    affinity = mean_matrix([m.lookahead for m in measured])
    losses = subset_losses(measured)
    pairs = pair_gains(measured)
    everyone = range(len(tasks))
    predicted = {}
    for name, group in division.groups.items():
        numbers = [tasks.index(task) for task in group]
        for task, j in zip(group, numbers, strict=True):
            alone = float(losses[(j,)][j])
            known = losses.get(tuple(sorted(numbers)))
            predicted[task] = TaskPrediction(
                group=name,
                affinity_group=_onto(affinity, numbers, j),
                affinity_all=_onto(affinity, everyone, j),
                loss_alone=alone,
                # Of many tasks only pairs are estimated: a group's gain is then the mean of its pairs'.
                loss_group=float(known[j])
                if known is not None
                else alone * (1 - float(np.mean([pairs[i, j] for i in numbers if i != j]))),
                loss_all=float(losses[tuple(everyone)][j]),
            )
    return Prediction(
        measure=division.measure,
        groups=division.groups,
        held_out=division.held_out,
        seeds=[m.seed for m in measured],
        tasks={task: predicted[task] for task in tasks},
    )


def _onto(affinity: Array, numbers: Sequence[int], task: int) -> float | None:
    others = [affinity[i, task] for i in numbers if i != task]
    if not others:
        return 0.0
    known = [value for value in others if not np.isnan(value)]
    return float(np.mean(known)) if known else None


def _parts(measured: Sequence[Measured], what: str) -> list[Array]:
    """What was measured in parts that know nothing of each other: runs of several seeds, or looks of one."""
    if len(measured) > 1:
        return [mean_matrix([getattr(m, what)]) for m in measured]
    halves = getattr(measured[0], f"{what}_halves")
    return [mean_matrix([half]) for half in halves] if measured[0].looks > 1 else []


def _by_pairs(
    measure: Measure,
    tasks: Sequence[str],
    matrices: Sequence[Sequence[Sequence[float | None]]],
    parts: Sequence[Array],
    most: int,
) -> Division:
    matrix = mean_matrix(matrices)
    best = best_partition(matrix, most)
    everyone = [range(len(tasks))]
    held_out = []
    for number, part in enumerate(parts):
        others = mean_matrix([p.tolist() for i, p in enumerate(parts) if i != number])
        found = best_partition(others, most).groups
        held_out.append(partition_value(part, found) - partition_value(part, everyone))
    return _division(
        measure,
        tasks,
        best,
        together=partition_value(matrix, everyone),
        held_out=float(np.mean(held_out)) / len(tasks) if held_out else None,
    )


def _by_estimate(tasks: Sequence[str], measured: Sequence[Measured], most: int) -> Division:
    """By the estimated gains of whole groups, where all are estimated; else of pairs."""
    number = len(tasks)
    if number > MOST_SUBSETS:
        pairs = pair_gains(measured)
        return _division(
            "estimate",
            tasks,
            best_partition(pairs, most),
            together=partition_value(pairs, [range(number)]),
        )
    scores = np.zeros(2**number)
    for subset, own in gains(measured).items():
        scores[sum(1 << task for task in subset)] = np.nansum(own)
    return _division("estimate", tasks, exact_partition(scores, most), together=float(scores[-1]))


def _by_association(tasks: Sequence[str], associated: Association) -> Division:
    """The groups that `groups: auto` takes: by clustering, not by a number of groups."""
    strength = np.abs(associated.matrix)
    numbers = tuple(
        tuple(associated.tasks.index(task) for task in group) for group in groups_by_association(associated)
    )
    found = Partition(numbers, partition_value(strength, numbers), exact=False)
    return _division("association", tasks, found, together=partition_value(strength, [range(len(tasks))]))


def _division(
    measure: Measure,
    tasks: Sequence[str],
    found: Partition,
    *,
    together: float,
    held_out: float | None = None,
) -> Division:
    named: Groups = {}
    for numbers in found.groups:
        group = tuple(tasks[i] for i in numbers)
        named[group_name(group)] = group
    return Division(
        measure=measure,
        groups=named,
        value=found.value / len(tasks),
        together=together / len(tasks),
        exact=found.exact,
        held_out=held_out,
    )
