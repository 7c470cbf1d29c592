"""Each kernel in C against float64, as it is compiled for this processor and without wide vectors."""

from __future__ import annotations

import ctypes
import platform
import subprocess
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from models.kernels.masks import factors
from sharewise.models.kernels.native import NOTHING, Drop, Kernels, building, kernels, loading, why_not

# Either vectors of AVX-512 or the compiler's own.
PLAIN = ("-mno-avx512f",) if platform.machine() == "x86_64" else ()
BUILDS = ["native", "plain"]
DROP = Drop(1 << 30, 4 / 3, 0x0123456789ABCDEF)
EXAMPLES = settings(max_examples=15, deadline=None)


def build(name: str) -> Kernels:
    if (found := kernels()) is None:
        pytest.skip(f"no compiled kernels: {why_not()}")
    return found if name == "native" else Kernels(ctypes.CDLL(str(building.built(PLAIN))))


def low(*shape: int, seed: int = 0, size: float = 1.0) -> torch.Tensor:
    return (torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * size).bfloat16()


def full(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def assert_near(found: torch.Tensor, expected: torch.Tensor, *, size: float = 2**-8) -> None:
    """Bfloat16's rounding, of each number or of the largest sum in it."""
    largest = float(expected.abs().max())
    torch.testing.assert_close(found.double(), expected.double(), rtol=size, atol=size / 4 * (1 + largest))


@pytest.mark.parametrize("name", BUILDS)
@given(
    rows=st.integers(1, 70),
    width=st.integers(1, 70),
    drop=st.sampled_from([NOTHING, DROP]),
    two=st.booleans(),
)
@EXAMPLES
def test_norm_and_its_way_back(name, rows, width, drop, two):
    native = build(name)
    x, residual, above, also = (low(rows, width, seed=i) for i in range(4))
    bias, gain, shift = (full(width, seed=i).double().requires_grad_() for i in (4, 5, 6))
    weights = [w.detach().float() for w in (bias, gain, shift)]
    y, *found = native.norm(x.clone(), weights[0], residual, drop, (weights[1], weights[2], 1e-5))
    # The norm reads what is stored: the sum in bfloat16.
    start = x.double().requires_grad_()
    exact = residual.double() + (start + bias) * factors(drop, range(rows), width)
    assert_near(found[0], exact.detach())
    summed = exact + (found[0].double() - exact).detach()
    summed.retain_grad()
    expected = functional.layer_norm(summed, [width], gain, shift, 1e-5)
    assert_near(y, expected.detach())
    gradient = above.double() + (also.double() if two else 0)
    expected.backward(gradient)
    at_sum, at_x, sums = native.norm_back(above, also if two else None, tuple(found), weights[1], drop)
    # Where all numbers of a row are the same its deviation is next to nothing, and a gradient as large.
    if width > 2:
        assert_near(at_sum, summed.grad, size=2**-7)
        assert_near(at_x, start.grad, size=2**-7)
        assert_near(sums, torch.stack([gain.grad, shift.grad, bias.grad]), size=2**-7)


@pytest.mark.parametrize("name", BUILDS)
@given(rows=st.integers(1, 70), width=st.integers(1, 70))
@EXAMPLES
def test_gelu_and_its_way_back(name, rows, width):
    native = build(name)
    x, above = low(rows, width, size=3.0), low(rows, width, seed=1)
    bias = full(width)
    exact, exact_bias = x.double().requires_grad_(), bias.double().requires_grad_()
    expected = functional.gelu(exact + exact_bias)
    expected.backward(above.double())
    assert_near(native.gelu(x, bias), expected.detach(), size=2**-8)
    at_x, at_bias = native.gelu_back(above.clone(), x, bias)
    assert_near(at_x, exact.grad)
    assert_near(at_bias, exact_bias.grad, size=1e-4)


@pytest.mark.parametrize("name", BUILDS)
def test_gelu_is_right_to_bfloat16_wherever_it_is_not_nothing(name):
    x = torch.linspace(-6, 6, 5001).bfloat16()[None]
    found = build(name).gelu(x, torch.zeros(5001)).double()
    expected = functional.gelu(x.double())
    torch.testing.assert_close(found, expected, rtol=2**-8, atol=1e-5)


@pytest.mark.parametrize("name", BUILDS)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    heads=st.integers(1, 3),
    size=st.integers(1, 40),
    drop=st.sampled_from([NOTHING, DROP]),
    pads=st.integers(0, 5),
)
@EXAMPLES
def test_attention_and_its_way_back(name, lengths, heads, size, drop, pads):
    native, scale = build(name), size**-0.5
    starts = torch.tensor([0, *torch.tensor(lengths).cumsum(0).tolist()])
    total, width = sum(lengths) + pads, heads * size
    qkv, above = low(total, 3 * width), low(total, width, seed=2)
    bias = full(3 * width)
    exact, exact_bias = qkv.double().requires_grad_(), bias.double().requires_grad_()
    q, k, v = (exact + exact_bias).view(total, 3, heads, size).unbind(1)
    expected = torch.zeros(total, heads, size, dtype=torch.float64)
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        for head in range(heads):
            shares = (q[start:end, head] @ k[start:end, head].T * scale).softmax(dim=-1)
            cells = factors(drop, range(start * heads + head, end * heads, heads), end - start)
            expected[start:end, head] = (shares * cells) @ v[start:end, head]
    expected.backward(above.view(total, heads, size).double())
    context, sums = native.attention(qkv, bias, starts, heads, scale, drop)
    assert_near(context, expected.detach().view(total, width))
    assert not context[total - pads :].any()
    at_qkv, at_bias = native.attention_back(above, (qkv, sums), bias, starts, scale, drop)
    assert_near(at_qkv, exact.grad)
    torch.testing.assert_close(at_bias.double(), at_qkv.double().sum(dim=0), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("cells", [1, 17, 16384, 40001])
def test_dropout_has_the_masks_that_numpy_computes(name, dtype, cells):
    x = torch.ones(cells, dtype=dtype)
    found = build(name).dropped(x, DROP).double()
    chunks = [
        factors(DROP, range(c, c + 1), min(16384, cells - c * 16384))[0] for c in range(-(-cells // 16384))
    ]
    assert torch.equal(found, torch.cat(chunks).to(dtype).double())


def test_masks_of_different_keys_and_rows_have_nothing_to_do_with_each_other():
    native, p = build("native"), 0.3
    torch.manual_seed(0)
    drops = [Drop.of(p) for _ in range(12)] + [Drop(round(p * 2**32), 1.0, key) for key in range(12)]
    cells = 1 << 18
    masks = torch.stack([(native.dropped(torch.ones(cells), d) == 0).double() - p for d in drops])
    deviation = (p * (1 - p) / cells) ** 0.5
    assert (masks.mean(dim=1).abs() < 5 * deviation).all()
    correlations = torch.corrcoef(masks) - torch.eye(len(drops))
    assert correlations.abs().max() < 5.5 / cells**0.5
    for lag in (1, 2, 8, 16, 17, 64, 1024, 16384):
        between = (masks[:, lag:] * masks[:, :-lag]).mean(dim=1) / (p * (1 - p))
        assert between.abs().max() < 5 / cells**0.5, lag


def test_a_key_is_drawn_from_torchs_generator():
    torch.manual_seed(3)
    first = Drop.of(0.1)
    assert Drop.of(0.1).key != first.key
    torch.manual_seed(3)
    assert Drop.of(0.1) == first
    before = torch.get_rng_state()
    assert Drop.of(0.0) == NOTHING
    assert torch.equal(torch.get_rng_state(), before)


@pytest.fixture
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_threads")
def test_no_result_depends_on_the_number_of_threads():
    native, found = build("native"), []
    x, bias, starts = low(300, 96), full(96), torch.tensor([0, 5, 105, 106, 300])
    weights = [full(200_000, seed=5), full(7, seed=6)]
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        y, *kept = native.norm(x.clone(), bias, x, DROP, (bias, bias, 1e-5))
        context, sums = native.attention(x, bias, starts, 2, 0.25, DROP)
        back = native.attention_back(context, (x, sums), bias, starts, 0.25, DROP)
        found.append(
            [
                *(y, *kept, context, sums, *back, native.dropped(x, DROP)),
                *native.norm_back(y, x, tuple(kept), bias, DROP),
                *native.gelu_back(y.clone(), x, bias),
                torch.tensor(native.squares(weights)),
            ]
        )
    for others in found[1:]:
        assert all(torch.equal(one, other) for one, other in zip(found[0], others, strict=True))


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_seen_at_the_end(name, bad):
    native, bias = build(name), torch.zeros(48)
    x = low(20, 48)
    x[3, 17] = bad
    y, *kept = native.norm(x.clone(), bias, x, NOTHING, (bias + 1, bias, 1e-5))
    assert y[3].isnan().all()
    assert y[2].isfinite().all()
    assert native.norm_back(x, None, tuple(kept), bias + 1, NOTHING)[0][3].isnan().all()
    assert not native.gelu(x, bias)[3, 17].isfinite()
    assert not native.gelu_back(x.clone(), x, bias)[0][3, 17].isfinite()
    starts = torch.tensor([0, 4, 20])
    context, sums = native.attention(x, bias, starts, 1, 1.0, NOTHING)
    assert context[:4].isnan().any()
    assert context[4:].isfinite().all()
    assert (
        native.attention_back(x[:, :16].contiguous(), (x, sums), bias, starts, 1.0, NOTHING)[0][:4]
        .isnan()
        .any()
    )
    assert not native.dropped(x, DROP)[3, 17].isfinite()
    assert not torch.tensor(native.squares([x.float()])).isfinite()


def test_without_a_compiler_there_are_no_kernels_and_a_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    found, reason = loading._loaded.__wrapped__()
    assert found is None
    assert "no C compiler" in reason


def test_a_compiler_may_have_arguments(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", "env gcc -O1")
    found, reason = loading._loaded.__wrapped__()
    assert found is not None, reason
    monkeypatch.setenv("CC", "gcc '-O1")
    assert loading._loaded.__wrapped__()[1] == "CC is no command: No closing quotation"


def test_a_compiler_that_fails_is_named_as_the_reason(monkeypatch, tmp_path):
    broken = tmp_path / "cc"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "cc: it is broken" >&2\nexit 1\n')
    broken.chmod(0o755)
    monkeypatch.setenv("CC", str(broken))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found, reason = loading._loaded.__wrapped__()
    assert found is None
    assert reason == "the compiler failed: cc: it is broken"
    assert not list((tmp_path / "cache" / "sharewise").iterdir())


def test_what_was_compiled_is_kept(monkeypatch, tmp_path):
    build("native")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = building.built()
    assert [first] == list((tmp_path / "sharewise").iterdir())
    made = first.stat().st_mtime_ns
    assert building.built() == first
    assert first.stat().st_mtime_ns == made
    assert building.built(("-DANOTHER",)) != first


def test_the_compiled_kernels_bring_no_openmp_of_their_own():
    build("native")
    needed = subprocess.run(["ldd", str(building.built())], capture_output=True, text=True, check=True).stdout
    assert "omp" not in needed
