from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharewise.data.batches import BatchPlan, evaluation_batches


def plan(lengths, *, sources=None, own=None, batch_tokens=64, batch_rows=None, temperature=1.0, seed=1):
    rows = len(lengths)
    return BatchPlan(
        lengths=np.asarray(lengths, dtype=np.int32),
        sources=np.zeros(rows, dtype=np.int32) if sources is None else np.asarray(sources, dtype=np.int32),
        own=np.ones(rows, dtype=bool) if own is None else np.asarray(own, dtype=bool),
        batch_tokens=batch_tokens,
        batch_rows=batch_rows,
        temperature=temperature,
        seed=seed,
    )


def listed(batches) -> list[list[int]]:
    return [batch.tolist() for batch in batches]


LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=40)
TEMPERATURES = st.sampled_from([1.0, 2.0, math.inf])


@settings(max_examples=60, deadline=None)
@given(lengths=LENGTHS, budget=st.integers(16, 200), epoch=st.integers(0, 3))
def test_each_row_comes_once_an_epoch(lengths, budget, epoch):
    drawn = np.concatenate(plan(lengths, batch_tokens=budget).epoch(epoch))
    assert sorted(drawn.tolist()) == list(range(len(lengths)))


@settings(max_examples=60, deadline=None)
@given(lengths=LENGTHS, budget=st.integers(16, 200), temperature=TEMPERATURES, data=st.data())
def test_a_batch_keeps_within_its_tokens_or_is_one_long_row(lengths, budget, temperature, data):
    sources = data.draw(st.lists(st.integers(0, 2), min_size=len(lengths), max_size=len(lengths)))
    made = plan(lengths, sources=sources, batch_tokens=budget, temperature=temperature)
    for batch in made.epoch(0):
        assert len(batch)
        assert batch.dtype == np.int64
        assert max(lengths[row] for row in batch) * len(batch) <= budget or len(batch) == 1


def test_a_row_over_the_budget_is_a_batch_of_its_own():
    assert [4] in listed(plan([10, 10, 10, 10, 500], batch_tokens=40).epoch(0))


def test_a_batch_is_as_full_as_its_budget_allows():
    assert sorted(map(len, plan([10] * 11, batch_tokens=40).epoch(0))) == [3, 4, 4]


def test_batch_rows_sizes_batches_whatever_their_tokens():
    batches = plan([500, *range(1, 11)], batch_rows=4, batch_tokens=16).epoch(0)
    assert sorted(map(len, batches)) == [3, 4, 4]
    assert sorted(np.concatenate(batches).tolist()) == list(range(11))


def test_rows_of_a_batch_have_like_lengths():
    lengths = np.random.default_rng(3).integers(5, 200, 600)
    padded = sum(lengths[batch].max() * len(batch) for batch in plan(lengths, batch_tokens=2048).epoch(0))
    assert padded < 1.25 * lengths.sum()


def test_the_order_follows_from_seed_and_epoch():
    lengths = np.random.default_rng(0).integers(5, 40, 60)
    first = listed(plan(lengths).epoch(1))
    assert listed(plan(lengths).epoch(1)) == first
    assert listed(plan(lengths).epoch(0)) != first
    assert listed(plan(lengths, seed=2).epoch(1)) != first


def test_the_same_rows_do_not_always_meet():
    lengths = np.random.default_rng(0).integers(5, 40, 60)
    together = [{frozenset(batch) for batch in listed(plan(lengths).epoch(epoch))} for epoch in (0, 1)]
    assert together[0] != together[1]


@settings(max_examples=80, deadline=None)
@given(
    lengths=LENGTHS,
    temperature=TEMPERATURES,
    batch_rows=st.sampled_from([None, 1, 3]),
    seed=st.integers(0, 5),
    epoch=st.integers(0, 2),
    data=st.data(),
)
def test_fewer_tasks_walk_through_the_shared_batches_without_foreign_rows(
    lengths, temperature, batch_rows, seed, epoch, data
):
    rows = len(lengths)
    flags = st.lists(st.booleans(), min_size=rows, max_size=rows)
    sources = data.draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows))
    own = np.array(data.draw(flags))
    shared_own = own | np.array(data.draw(flags))
    common = {"sources": sources, "temperature": temperature, "batch_rows": batch_rows, "seed": seed}
    shared = plan(lengths, own=shared_own, **common).epoch(epoch)
    single = plan(lengths, own=own, **common).epoch(epoch)
    assert listed(single) == [batch[own[batch]].tolist() for batch in shared if own[batch].any()]


def test_counts_are_the_batches_of_each_epoch():
    made = plan(np.random.default_rng(0).integers(5, 40, 60), own=np.arange(60) % 7 == 0)
    assert made.counts(3) == [len(made.epoch(epoch)) for epoch in range(3)]


def test_no_own_row_means_no_batch():
    assert plan([3, 4, 5], own=[False] * 3).epoch(0) == []


@pytest.mark.parametrize(
    ("temperature", "expected"), [(1.0, [90, 10]), (2.0, [75, 25]), (math.inf, [50, 50])]
)
def test_temperature_sets_each_data_sets_share(temperature, expected):
    sources = np.repeat([0, 1], [90, 10])
    made = plan([8] * 100, sources=sources, temperature=temperature)
    for epoch in range(3):
        drawn = np.concatenate(made.epoch(epoch))
        assert np.bincount(sources[drawn]).tolist() == expected
        times = np.bincount(drawn, minlength=100)
        # No row is drawn again before all of its data set were.
        for source in (0, 1):
            of_source = times[sources == source]
            assert of_source.max() - of_source.min() <= 1


def test_equal_sampling_draws_other_rows_each_epoch():
    made = plan([8] * 100, sources=np.repeat([0, 1], [90, 10]), temperature=math.inf)
    drawn = [frozenset(np.concatenate(made.epoch(epoch)).tolist()) for epoch in (0, 1)]
    assert drawn[0] != drawn[1]


@settings(max_examples=60, deadline=None)
@given(lengths=LENGTHS, budget=st.integers(16, 200), data=st.data())
def test_evaluation_batches_cover_each_row_once_within_the_budget(lengths, budget, data):
    rows = np.array(sorted(data.draw(st.sets(st.sampled_from(range(len(lengths)))))), dtype=np.int64)
    measured = np.asarray(lengths, dtype=np.int32)
    batches = list(evaluation_batches(measured, rows, budget))
    assert sorted(row for batch in batches for row in batch.tolist()) == rows.tolist()
    for batch in batches:
        assert len(batch)
        assert measured[batch].max() * len(batch) <= budget or len(batch) == 1
    in_order = [measured[row] for batch in batches for row in batch]
    assert in_order == sorted(in_order, reverse=True)
