"""Divisions of tasks into groups, held against a look at every one of them."""

from __future__ import annotations

import numpy as np
import pytest

from sharewise.stats.partition import (
    MOST_EXACT,
    best_partition,
    exact_partition,
    greedy_partition,
    pair_scores,
    partition_value,
)


def every_partition(tasks):
    """All partitions, one task after another put into each group that is there or into a new one."""
    if not tasks:
        return [[]]
    found = []
    for smaller in every_partition(tasks[:-1]):
        found += [[*smaller[:i], [*g, tasks[-1]], *smaller[i + 1 :]] for i, g in enumerate(smaller)]
        found.append([*smaller, [tasks[-1]]])
    return found


def affinity_of(tasks, seed):
    return np.random.default_rng(seed).normal(size=(tasks, tasks))


def test_a_set_is_worth_what_its_members_have_from_the_others_on_average():
    affinity = np.array([[9.0, 1.0, 2.0], [3.0, 9.0, np.nan], [5.0, 7.0, 9.0]])
    scores = pair_scores(affinity)
    assert scores[0b001] == scores[0b010] == scores[0] == 0.0
    assert scores[0b011] == pytest.approx(1 + 3)
    # Onto task 0: 3 and 5; onto 1: 1 and 7; onto 2: 2 and the unknown, which counts as 0.
    assert scores[0b111] == pytest.approx(4 + 4 + 1)
    assert partition_value(affinity, [[0, 1], [2]]) == pytest.approx(4)


@pytest.mark.parametrize("most", [1, 2, 3, 6])
@pytest.mark.parametrize("seed", range(4))
def test_no_partition_is_better_than_the_exact_one(seed, most):
    affinity = affinity_of(6, seed)
    found = exact_partition(pair_scores(affinity), most)
    best = max(
        partition_value(affinity, groups) for groups in every_partition(list(range(6))) if len(groups) <= most
    )
    assert found.exact
    assert found.value == pytest.approx(best)
    assert partition_value(affinity, found.groups) == pytest.approx(best)
    assert len(found.groups) <= most
    assert sorted(task for group in found.groups for task in group) == list(range(6))


def test_any_scores_of_sets_can_be_divided_by():
    scores = np.zeros(8)
    scores[0b101] = 2.0
    scores[0b111] = 1.5
    assert exact_partition(scores, 2).groups == ((0, 2), (1,))
    scores[0b111] = 2.0
    assert exact_partition(scores, 2).groups == ((0, 1, 2),), "of equal ones the one with fewer groups"


def test_many_tasks_are_divided_by_a_heuristic_that_finds_clear_groups():
    tasks = MOST_EXACT + 3
    of = np.random.default_rng(1).permutation(np.arange(tasks) % 3)
    affinity = np.where(of[:, None] == of, 1.0, -1.0) + 0.3 * affinity_of(tasks, 2)
    found = best_partition(affinity, 3)
    assert not found.exact
    assert {frozenset(group) for group in found.groups} == {
        frozenset(np.flatnonzero(of == group).tolist()) for group in range(3)
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_heuristic_keeps_to_the_number_of_groups_and_is_never_better_than_the_best(seed):
    affinity = affinity_of(7, seed)
    found = greedy_partition(affinity, 3)
    assert len(found.groups) <= 3
    assert found.value == pytest.approx(partition_value(affinity, found.groups))
    assert found.value <= best_partition(affinity, 3).value + 1e-9
    assert found.value >= partition_value(affinity, [range(7)]) - 1e-9
