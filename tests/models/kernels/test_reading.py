"""Kernels of encoder-decoders that answer, against the same in float64."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from models.kernels.test_native import BUILDS, EXAMPLES, assert_near, build, full, low


@pytest.mark.parametrize("name", BUILDS)
@given(rows=st.integers(1, 70), width=st.integers(1, 70), adds=st.booleans())
@EXAMPLES
def test_a_sum_over_its_root_mean_square(name, rows, width, adds):
    x, stream, weight = low(rows, width), full(rows, width), full(width, seed=2)
    summed = stream.double() + (x.double() if adds else 0.0)
    expected = functional.rms_norm(summed, [width], weight.double(), 1e-6)
    found = build(name).add_and_scale(x if adds else None, stream, weight, 1e-6)
    assert_near(found, expected)
    torch.testing.assert_close(stream.double(), summed, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", BUILDS)
@given(rows=st.integers(1, 40), width=st.integers(1, 70))
@EXAMPLES
def test_gated_gelu(name, rows, width):
    gate, up = low(rows, width, size=4.0), low(rows, width, seed=1)
    expected = functional.gelu(gate.double(), approximate="tanh") * up.double()
    assert_near(build(name).gated_gelu(gate.clone(), up), expected)


@pytest.mark.parametrize("name", BUILDS)
@given(rows=st.integers(1, 40), width=st.integers(1, 200))
@EXAMPLES
def test_log_sums(name, rows, width):
    x = low(rows, width, size=20.0)
    torch.testing.assert_close(
        build(name).log_sums(x).double(), x.double().logsumexp(1), atol=1e-5, rtol=1e-6
    )


@pytest.mark.parametrize("name", BUILDS)
@given(
    texts=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 40)), min_size=1, max_size=4),
    heads=st.integers(1, 3),
    size=st.integers(1, 40),
    pads=st.integers(0, 3),
)
@EXAMPLES
def test_rows_read_the_texts_that_they_belong_to(name, texts, heads, size, pads):
    asks, starts = (functional.pad(torch.tensor(n).cumsum(0), (1, 0)) for n in zip(*texts, strict=True))
    width = heads * size
    q, kv = low(int(asks[-1]) + pads, width), low(int(starts[-1]), 2 * width, seed=1)
    keys, values = kv.chunk(2, dim=1)
    found = build(name).read(q, keys, values, asks=asks, starts=starts, heads=heads)
    assert not found[asks[-1] :].any()
    for text in range(len(texts)):
        own, its = slice(*asks[text : text + 2]), slice(*starts[text : text + 2])
        a, k, v = (
            m.double().view(len(m), heads, size).transpose(0, 1) for m in (q[own], keys[its], values[its])
        )
        expected = ((a @ k.mT).softmax(-1) @ v).transpose(0, 1).flatten(1)
        assert_near(found[own], expected)


@pytest.mark.parametrize("name", BUILDS)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=3), heads=st.integers(1, 3))
@EXAMPLES
def test_what_is_added_goes_by_distance_or_by_place(name, lengths, heads):
    native, size = build(name), 8
    starts = functional.pad(torch.tensor(lengths).cumsum(0), (1, 0))
    q, k, v = (low(int(starts[-1]), heads * size, seed=i) for i in range(3))
    longest = max(lengths)
    table = full(heads, 2 * longest - 1) * 3
    square = torch.stack([table[:, longest - 1 - i : 2 * longest - 1 - i] for i in range(longest)], dim=1)
    square = square.contiguous()
    given = {"asks": starts, "starts": starts, "heads": heads}
    by_distance = native.read(q, k, v, **given, extra=(table, longest - 1, -1))
    by_place = native.read(q, k, v, **given, extra=(square, 0, longest))
    assert by_distance.equal(by_place)
    for start, end in itertools.pairwise(starts):
        a, b, c = (m[start:end].double().view(-1, heads, size).transpose(0, 1) for m in (q, k, v))
        scores = a @ b.mT + square[:, : end - start, : end - start]
        assert_near(by_place[start:end], (scores.softmax(-1) @ c).transpose(0, 1).flatten(1))
    # Minus infinity hides.
    hidden = square.masked_fill(torch.ones(longest, longest, dtype=torch.bool).triu(1), float("-inf"))
    first = native.read(q, k, v, **given, extra=(hidden, 0, longest))
    assert_near(first[starts[:-1]], v[starts[:-1]].double())
