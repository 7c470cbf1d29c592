"""How the labels of the tasks go together on the training split, and the groups that follow."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

from sharewise.audit.rows import Found, Rows
from sharewise.audit.schema import Group, Measure, Merge, Relation, Relations
from sharewise.stats.association import THRESHOLD, Association, association, groups_by_association
from sharewise.tasks import Task

_SAME = 0.99


def relations(rows: Rows) -> tuple[Relations, list[Found]]:
    """Measure the association of all pairs of tasks on training rows, cluster them, and suggest groups.

    Groups are a fitted quantity, so validation and test rows have no say in them.
    """
    tasks, train = rows.data.tasks, rows.data.train
    unordered = [name for name, task in tasks.items() if is_unordered(task)]
    measured = association({name: train.targets[name] for name in tasks}, unordered)
    order, merges = _cluster(measured)
    groups = groups_by_association(measured)
    described = Relations(
        order=order,
        pairs=tuple(_pair(tasks[a], tasks[b], measured) for a, b in combinations(tasks, 2)),
        merges=merges,
        threshold=THRESHOLD,
        groups=tuple(Group(tasks=group, reason=_reason(group, measured)) for group in groups),
    )
    return described, [*_suggestion(described), *_redundant(described)]


def is_unordered(task: Task) -> bool:
    """Whether the task's one column holds more than two labels without an order."""
    return task.target_width == 1 and len(task.labels) > 2 and not task.ordered


def measure_of(one: Task, other: Task) -> Measure:
    """What the association of two tasks is called."""
    loose = [is_unordered(task) or task.target_width > 1 for task in (one, other)]
    two = [len(task.labels) == 2 for task in (one, other)]
    if not any(loose):
        return "phi" if all(two) else "Spearman"
    # Two labels are as good without an order as with one.
    return (
        "Cramér's V"
        if all(is_loose or is_two for is_loose, is_two in zip(loose, two, strict=True))
        else ("correlation ratio")
    )


def _pair(one: Task, other: Task, measured: Association) -> Relation:
    i, j = (measured.tasks.index(task.name) for task in (one, other))
    value = float(measured.matrix[i, j])
    return Relation(
        one=one.name,
        other=other.name,
        measure=measure_of(one, other),
        value=value if np.isfinite(value) else None,
        rows=int(measured.rows[i, j]),
    )


def _strengths(measured: Association) -> np.ndarray:
    return np.clip(np.abs(np.nan_to_num(measured.matrix, nan=0.0)), 0.0, 1.0)


def _cluster(measured: Association) -> tuple[tuple[str, ...], tuple[Merge, ...]]:
    """Order the tasks so that alike ones are neighbours, and say in which order they merge."""
    tasks = measured.tasks
    if len(tasks) < 2:
        return tasks, ()
    distance = 1.0 - _strengths(measured)
    np.fill_diagonal(distance, 0.0)
    condensed = squareform(distance, checks=False)
    tree = optimal_leaf_ordering(linkage(condensed, method="average"), condensed)
    clusters: dict[int, tuple[str, ...]] = {i: (task,) for i, task in enumerate(tasks)}
    merges = []
    for step, (left, right, height, _) in enumerate(tree):
        one, other = clusters[int(left)], clusters[int(right)]
        clusters[len(tasks) + step] = one + other
        merges.append(Merge(left=one, right=other, association=float(1 - height)))
    return tuple(tasks[i] for i in leaves_list(tree)), tuple(merges)


def _reason(group: tuple[str, ...], measured: Association) -> str:
    strengths = _strengths(measured)
    inside = [measured.tasks.index(task) for task in group]
    outside = [i for i in range(len(measured.tasks)) if i not in inside]
    parts = []
    if len(group) > 1:
        values = [strengths[i, j] for i, j in combinations(inside, 2)]
        weakest = f", at least {min(values):.2f}" if len(values) > 1 else ""
        parts.append(
            f"associated by {np.mean(values):.2f}{' on average' if len(values) > 1 else ''}{weakest}"
        )
    if outside:
        i, j = max(((i, j) for i in inside for j in outside), key=lambda pair: strengths[pair])
        near = measured.tasks[j]
        known = np.isfinite(measured.matrix[np.ix_(inside, outside)]).any()
        parts.append(
            f"with tasks outside by {strengths[i, j]:.2f} at most ({measured.tasks[i]} and {near})"
            if known
            else "no common rows with the other tasks, so nothing is known"
        )
    return "; ".join(parts)


def _suggestion(described: Relations) -> list[Found]:
    known = [pair for pair in described.pairs if pair.value is not None]
    if not described.pairs:
        return []
    if not known:
        return [
            Found(
                key="groups",
                severity="note",
                says="No two tasks have labels on common rows, so that labels can't say which of them belong together",
                to_do="compare arms: only training can tell",
            )
        ]
    several = [group.tasks for group in described.groups if len(group.tasks) > 1]
    if not several:
        says = f"No two tasks are associated by {described.threshold:g} or more: labels suggest no groups"
        return [
            Found(key="groups", severity="note", says=says, to_do="nothing; sharing may help all the same")
        ]
    if len(described.groups) == 1:
        says = "The labels of all tasks go together: they suggest one group of all"
        return [
            Found(
                key="groups",
                severity="note",
                says=says,
                to_do="nothing; `sharing: hard` shares among all tasks",
            )
        ]
    named = "; ".join(" + ".join(group) for group in several)
    return [
        Found(
            key="groups",
            severity="note",
            says=f"The labels suggest {len(described.groups)} groups of tasks: {named}"
            + (", each other task by itself" if len(several) < len(described.groups) else ""),
            to_do="`--write-groups` writes them into the study file as an arm; that grouping helps is for "
            "training to show",
            tasks=tuple(task for group in several for task in group),
        )
    ]


def _redundant(described: Relations) -> list[Found]:
    return [
        Found(
            key="redundant",
            severity="warning",
            says=f"{pair.one} and {pair.other}: one follows from the other ({pair.measure} {pair.value:.3f} on "
            f"{pair.rows:,} rows)",
            to_do="leave one out, or count them as one question when verdicts are read",
            tasks=(pair.one, pair.other),
        )
        for pair in described.pairs
        if pair.value is not None and abs(pair.value) >= _SAME
    ]
