"""Products of 8-bit integers and what stands around them."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from models.kernels.test_native import BUILDS, EXAMPLES, build, full, low
from sharewise.models.kernels.integer_layer import IntegerWeight

SHAPES = {"rows": st.integers(1, 40), "width": st.integers(1, 70)}


@pytest.mark.parametrize("name", BUILDS)
@given(**SHAPES, size=st.sampled_from([1e-20, 1.0, 1e20]))
@EXAMPLES
def test_rows_become_the_nearest_whole_numbers_of_their_own_scale(name, rows, width, size):
    x = low(rows, width, size=size)
    whole, scales = build(name).quantised(x)
    assert whole.dtype == torch.int8
    assert torch.equal(whole.abs().amax(dim=1), torch.full((rows,), 127, dtype=torch.int8))
    torch.testing.assert_close(scales, x.float().abs().amax(dim=1) / 127)
    away = (whole * scales[:, None] - x.float()).abs()
    assert bool((away <= scales[:, None] * 0.501).all())


@pytest.mark.parametrize("name", BUILDS)
def test_a_row_of_zeros_stays_zero_and_what_is_not_finite_is_never_hidden(name):
    native = build(name)
    x = low(4, 33)
    x[1] = 0
    x[2, 30], x[3, 5] = float("nan"), float("-inf")
    whole, scales = native.quantised(x)
    assert (float(scales[1]), int(whole[1].abs().max())) == (0.0, 0)
    assert bool(scales[:2].isfinite().all())
    assert bool(scales[2:].isnan().all())
    products = torch.ones(4, 33, dtype=torch.int32)
    assert bool(native.restored(products, scales, torch.ones(33))[2:].isnan().all())
    _, after = native.quantised_gelu(products, scales, torch.ones(33), torch.zeros(33))
    assert bool(after[2:].isnan().all())
    assert bool(after[:2].isfinite().all())


@pytest.mark.parametrize("name", BUILDS)
@given(**SHAPES)
@EXAMPLES
def test_products_get_their_scales_back(name, rows, width):
    native, generator = build(name), torch.Generator().manual_seed(rows)
    products = torch.randint(-(10**6), 10**6, (rows, width), dtype=torch.int32, generator=generator)
    of_rows, of_columns = full(rows).abs() / 1e6, full(width, seed=2).abs()
    exact = products.double() * of_rows.double()[:, None] * of_columns.double()
    found = native.restored(products, of_rows, of_columns)
    torch.testing.assert_close(found.double(), exact, rtol=2**-8, atol=0)
    bias = full(width, seed=3)
    expected = functional.gelu(exact + bias.double())
    whole, scales = native.quantised_gelu(products, of_rows, of_columns, bias)
    away = (whole.double() * scales[:, None].double() - expected).abs()
    assert bool((away <= scales.double()[:, None] * 0.501 + 1e-5).all())
    torch.testing.assert_close(scales.double(), expected.abs().amax(dim=1) / 127, rtol=1e-4, atol=1e-7)


@given(outputs=st.integers(1, 40), inputs=st.integers(2, 40), rows=st.integers(1, 40))
@EXAMPLES
def test_weights_have_a_scale_for_each_output_and_products_are_exact(outputs, inputs, rows):
    weight = full(outputs, inputs) * torch.logspace(-3, 3, outputs)[:, None]
    weight[0] = 0
    found = IntegerWeight.of(weight)
    assert bool(((found.whole * found.scales[:, None] - weight).abs() <= found.scales[:, None] * 0.501).all())
    assert int(found.whole[0].abs().max()) == 0
    generator = torch.Generator().manual_seed(inputs)
    whole = torch.randint(-127, 128, (rows, inputs), generator=generator).to(torch.int8)
    assert torch.equal(found.products(whole), (whole.long() @ found.whole.long().t()).int())
