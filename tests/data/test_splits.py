from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings

from sharewise.data.splits import cut, strata, units


def test_units_depend_on_names_alone():
    names = ["b", "a", "b", "c"]
    numbers = units(names)
    assert sorted(set(numbers.tolist())) == [0, 1, 2]
    assert numbers[0] == numbers[2]
    assert np.array_equal(units(names[::-1]), numbers[::-1])


def test_units_are_the_same_everywhere():
    # Pinned: another numbering would cut other splits from the same file.
    assert units(["one", "two", "three", "four", "five", "다섯"]).tolist() == [3, 4, 5, 1, 2, 0]


def test_strata_of_labels_and_of_numbers():
    assert strata(pl.Series(["b", "a", None, "b", ""])).tolist() == [1, 0, -1, 1, -1]
    tenths = strata(pl.Series([*map(str, np.arange(0, 100) / 10), ""]))
    assert np.bincount(tenths[:-1]).tolist() == [10] * 10
    assert np.array_equal(tenths[:-1], np.sort(tenths[:-1]))
    assert tenths[-1] == -1
    many = strata(pl.Series([f"label {i}" for i in range(50)]))
    assert len(set(many.tolist())) == 50


def test_single_task_is_cut_exactly():
    labels = np.repeat([0, 1, 2], [900, 90, 10])
    taken = cut(np.arange(1000), [labels], [0.1, 0.2])
    for label, count in enumerate([900, 90, 10]):
        assert np.bincount(taken[labels == label]).tolist() == [count * 7 // 10, count // 10, count * 2 // 10]


def test_several_tasks_with_holes_are_cut_jointly():
    random = np.random.default_rng(5)
    tasks = [random.choice([-1, 0, 1, 2], 5000, p=[0.4, 0.4, 0.15, 0.05]) for _ in range(6)]
    taken = cut(np.arange(5000), tasks, [0.1, 0.1])
    assert np.bincount(taken).tolist() == pytest.approx([4000, 500, 500], abs=5)
    for labels in tasks:
        for label in range(3):
            cells = np.bincount(taken[labels == label], minlength=3)
            assert cells[1:] == pytest.approx([cells.sum() / 10] * 2, abs=2)


def test_groups_stay_whole_and_are_stratified():
    random = np.random.default_rng(7)
    groups = np.repeat(np.arange(1000), random.integers(1, 30, 1000))
    inclination = random.beta(0.5, 4.0, 1000)[groups]
    tasks = [(random.random(len(groups)) < inclination).astype(int) for _ in range(4)]
    taken = cut(groups, tasks, [0.1])
    assert all(len(set(taken[groups == group])) == 1 for group in range(1000))
    assert (taken == 1).mean() == pytest.approx(0.1, abs=0.002)
    for labels in tasks:
        assert (taken[labels == 1] == 1).mean() == pytest.approx(0.1, abs=0.005)


def test_a_lone_label_stays_in_training():
    labels = np.zeros(100, dtype=int)
    labels[[3, 50]] = 1
    labels[60] = 2
    groups = np.arange(100)
    groups[50] = groups[3]
    groups = np.unique(groups, return_inverse=True)[1]
    taken = cut(groups, [labels], [0.4, 0.4])
    assert set(taken[labels == 1]) == {0}
    assert set(taken[labels == 2]) == {0}


def test_order_of_rows_does_not_matter():
    random = np.random.default_rng(11)
    names = np.array([f"text {i}" for i in random.integers(0, 250, 300)])
    labels = random.integers(0, 3, 300)
    taken = cut(units(names), [labels], [0.1, 0.1])
    order = random.permutation(300)
    assert np.array_equal(cut(units(names[order]), [labels[order]], [0.1, 0.1]), taken[order])


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_properties(data):
    rows = data.draw(st.integers(1, 60))
    cells = st.lists(st.integers(-1, 3), min_size=rows, max_size=rows)
    tasks = [np.array(data.draw(cells)) for _ in range(data.draw(st.integers(1, 3)))]
    drawn = data.draw(st.lists(st.integers(0, rows), min_size=rows, max_size=rows))
    groups = np.unique(drawn, return_inverse=True)[1]
    shares = data.draw(st.lists(st.sampled_from([0.01, 0.1, 0.25, 0.4]), min_size=1, max_size=2))
    taken = cut(groups, tasks, shares)
    assert taken.shape == (rows,)
    assert set(taken) <= set(range(len(shares) + 1))
    assert all(len(set(taken[groups == group])) == 1 for group in set(groups))
    for labels in tasks:
        assert set(labels[labels >= 0]) == set(labels[(labels >= 0) & (taken == 0)])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=20, max_size=200), st.sampled_from([0.1, 0.2, 0.5]))
def test_one_task_without_groups_is_within_a_row_of_its_share(labels, share):
    labels = np.array(labels)
    assume(np.bincount(labels)[np.bincount(labels) > 0].min() > 1)
    taken = cut(np.arange(len(labels)), [labels], [share])
    for label in set(labels.tolist()):
        assert (taken[labels == label] == 1).sum() == pytest.approx((labels == label).sum() * share, abs=1)
