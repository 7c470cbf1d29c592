"""A head starts from its seed and task alone and answers in float32."""

from __future__ import annotations

import pytest
import torch

from sharewise.models.heads import Head


def test_weights_depend_on_seed_and_task_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    head = Head(16, 3, dropout=0.1, seed=1, task="tone")
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    assert torch.equal(Head(16, 3, dropout=0.4, seed=1, task="tone").weight, head.weight)
    assert not torch.equal(Head(16, 3, dropout=0.1, seed=2, task="tone").weight, head.weight)
    assert not torch.equal(Head(16, 3, dropout=0.1, seed=1, task="spam").weight, head.weight)
    assert head.bias.abs().sum() == 0
    for width, deviation in ((768, 0.0208), (128, 0.051)):
        found = Head(width, 8, dropout=0.1, seed=1, task="tone").weight.std().item()
        assert found == pytest.approx(deviation, rel=0.1)


def test_float32_under_autocast():
    head = Head(64, 2, dropout=0.0, seed=1, task="tone")
    pooled = torch.randn(5, 64)
    with torch.autocast("cpu", torch.bfloat16):
        outputs = head(pooled)
    assert outputs.dtype == torch.float32
    torch.testing.assert_close(outputs, pooled @ head.weight.T + head.bias)
    assert head(pooled.bfloat16()).dtype == torch.float32


def test_dropout_in_training_only():
    head = Head(256, 1, dropout=0.5, seed=1, task="tone")
    pooled = torch.ones(4, 256)
    assert not torch.equal(head(pooled)[0], head(pooled)[1])
    head.eval()
    assert torch.equal(head(pooled)[0], head(pooled)[1])
