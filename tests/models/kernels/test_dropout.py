"""Cheap masks are masks: their distribution, their independence, their seed, their gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from sharewise.models.kernels.dropout import FastDropout, dropout, drops, random_cells, threshold

TYPES = [torch.bfloat16, torch.float32]


def zeros(dtype: torch.dtype, p: float, *, seed: int, shape: tuple[int, ...] = (1000, 1000)) -> np.ndarray:
    torch.manual_seed(seed)
    return (dropout(torch.ones(shape, dtype=dtype), p) == 0).numpy()


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("p", [0.001, 0.1, 0.25, 0.3, 0.49])
def test_cells_are_dropped_as_often_as_asked_and_independently(dtype, p):
    dropped = zeros(dtype, p, seed=3)
    cells = dropped.size
    deviation = (p * (1 - p) / cells) ** 0.5
    assert abs(dropped.mean() - p) < 4 * deviation + 2**-17
    # Neighbours share a random word; rows and columns don't.
    for one, other in (
        (dropped[:, :-1], dropped[:, 1:]),
        (dropped[:, :-4], dropped[:, 4:]),
        (dropped[:-1], dropped[1:]),
    ):
        assert abs((one & other).mean() - p * p) < 5 * (p * p / one.size) ** 0.5
    # By place within a word of 64 bits: 4 or 2 cells.
    by_place = dropped.reshape(-1, 4).mean(axis=0)
    assert np.abs(by_place - p).max() < 5 * 2 * deviation
    # Sums over rows are as wide as a binomial's.
    sums = dropped.sum(axis=1)
    assert abs(sums.var() / (dropped.shape[1] * p * (1 - p)) - 1) < 0.25


def test_exactly_as_many_patterns_are_below_the_threshold_as_wanted():
    patterns = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
    for p in (2**-16, 0.01, 0.1, 0.2, 1 / 3, 0.49):
        kept = torch.ops.aten.threshold_backward(
            torch.ones(2**16, dtype=torch.bfloat16), patterns, threshold(p, torch.bfloat16)
        )
        assert int((kept == 0).sum()) == round(p * 2**16), p


def test_float32_drops_at_the_first_pattern_and_keeps_at_the_next():
    p = 0.1
    bound = threshold(p, torch.float32)
    at = torch.tensor([bound, np.nextafter(np.float32(bound), np.float32(0)), -np.inf, np.nan, np.inf])
    kept = torch.ops.aten.threshold_backward(torch.ones(5), at.float(), bound)
    assert kept.tolist() == [0, 1, 0, 1, 1]
    count = 0xFF800000 - int(np.float32(bound).view(np.uint32)) + 1
    assert count == round(p * 2**32)


def test_random_cells_fill_all_their_bits():
    torch.manual_seed(1)
    cells = random_cells(torch.empty(100_000, dtype=torch.bfloat16)).view(torch.int16).numpy().view(np.uint16)
    ones = np.unpackbits(cells.view(np.uint8)).reshape(-1, 64).mean(axis=0)
    assert np.abs(ones - 0.5).max() < 0.02


@pytest.mark.parametrize("dtype", TYPES)
def test_the_seed_decides_the_mask(dtype):
    assert (zeros(dtype, 0.1, seed=1) == zeros(dtype, 0.1, seed=1)).all()
    assert (zeros(dtype, 0.1, seed=1) != zeros(dtype, 0.1, seed=2)).any()


@pytest.mark.parametrize("dtype", TYPES)
def test_what_is_kept_is_scaled_and_so_is_its_gradient(dtype):
    torch.manual_seed(0)
    x = torch.randn(37, 53).to(dtype).requires_grad_()
    y = dropout(x, 0.25)
    mask = y != 0
    assert 0.6 < mask.float().mean() < 0.9
    torch.testing.assert_close(y[mask], (x.detach() * (1 / 0.75))[mask])
    above = torch.randn(37, 53).to(dtype)
    y.backward(above)
    torch.testing.assert_close(x.grad, torch.where(mask, above * (1 / 0.75), 0).to(dtype))


def test_the_module_rests_outside_training_and_leaves_other_probabilities_to_pytorch(monkeypatch):
    module, x = FastDropout(0.5), torch.ones(64)
    assert module.eval()(x) is x
    assert not drops(x, 0.5)
    torch.manual_seed(4)
    mine = module.train()(x)
    torch.manual_seed(4)
    assert torch.equal(mine, functional.dropout(x, 0.5))
    assert FastDropout(0.0).train()(x) is x
    assert FastDropout(1.0).train()(x).abs().sum() == 0
    assert not drops(x.double(), 0.1)
