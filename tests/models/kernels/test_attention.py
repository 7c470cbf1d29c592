"""Attention with cheap dropout: its shares, their scale, its gradients, and what it leaves to transformers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sharewise.models.kernels import attention as kernels
from sharewise.models.kernels.attention import attention

BATCH, HEADS, LENGTH = 3, 2, 16


class Layer(nn.Module):
    is_causal = False


def inputs(
    dtype: torch.dtype = torch.float32,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Queries and keys, values by which each share of attention shows in the output, and a mask."""
    generator = torch.Generator().manual_seed(0)
    query, key = (torch.randn(BATCH, HEADS, LENGTH, LENGTH, generator=generator).to(dtype) for _ in range(2))
    value = torch.eye(LENGTH).expand(BATCH, HEADS, LENGTH, LENGTH).to(dtype).clone()
    lengths = torch.tensor([LENGTH, 9, 1])
    mask = (torch.arange(LENGTH) < lengths[:, None])[:, None, None].expand(BATCH, 1, LENGTH, LENGTH)
    return query, key, value, mask


def shares(query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    scores = query @ key.transpose(2, 3) * LENGTH**-0.5
    return scores.masked_fill(~mask, float("-inf")).softmax(dim=-1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_shares_are_dropped_with_the_probability_and_scaled(dtype):
    query, key, value, mask = inputs(dtype)
    torch.manual_seed(0)
    drawn = torch.stack(
        [
            attention(Layer(), query, key, value, mask, dropout=0.2)[0].transpose(1, 2).float()
            for _ in range(400)
        ]
    )
    expected = shares(query.float(), key.float(), mask)
    read = mask.expand_as(expected)
    assert not drawn[:, ~read].any()
    large = expected > 0.01
    dropped = (drawn[:, large] == 0).float()
    assert abs(dropped.mean() - 0.2) < 5 * (0.16 / dropped.numel()) ** 0.5
    kept = drawn[:, large].masked_fill(dropped.bool(), 0).sum(dim=0) / (1 - dropped).sum(dim=0)
    torch.testing.assert_close(
        kept, expected[large] / 0.8, atol=0, rtol=2e-2 if dtype == torch.bfloat16 else 1e-4
    )


@pytest.mark.parametrize("p", [0.0, 0.3])
def test_gradients_are_those_of_the_same_mask(p):
    query, key, value, mask = inputs()
    leaves = [x.clone().requires_grad_() for x in (query, key, value)]
    torch.manual_seed(1)
    found = attention(Layer(), *leaves, mask, dropout=p, scaling=LENGTH**-0.5)[0].transpose(1, 2)
    kept = (found.detach() != 0).float() / (1 - p)
    others = [x.clone().requires_grad_() for x in (query, key, value)]
    expected = (shares(others[0], others[1], mask) * kept) @ others[2]
    torch.testing.assert_close(found, expected)
    above = torch.randn(found.shape)
    for mine, its in zip(
        torch.autograd.grad(found, leaves, above), torch.autograd.grad(expected, others, above), strict=True
    ):
        torch.testing.assert_close(mine, its, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("case", ["causal", "queries differ", "bias", "other lengths", "half dropped"])
def test_what_it_is_not_made_for_is_left_to_transformers(monkeypatch, case):
    asked = []

    def theirs(module, query, *others, **keywords):
        asked.append(case)
        return query, None

    monkeypatch.setattr(kernels, "sdpa_attention_forward", theirs)
    query, key, value, mask = inputs()
    layer, keywords = Layer(), {"dropout": 0.1}
    if case == "causal":
        layer.is_causal, mask = True, None
    elif case == "queries differ":
        mask = mask.clone()
    elif case == "bias":
        keywords["position_bias"] = torch.zeros(1, HEADS, LENGTH, LENGTH)
    elif case == "other lengths":
        key, value, mask = key[:, :, :4], value[:, :, :4], mask[..., :4]
    else:
        keywords["dropout"] = 0.5
    attention(layer, query, key, value, mask, **keywords)
    assert asked == [case]
