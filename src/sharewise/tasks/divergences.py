"""How far two predicted distributions are apart: half the sum of both Kullback-Leibler divergences, in nats."""

from __future__ import annotations

import torch


def bernoulli_divergence(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Between distributions over two labels, of which these are the logits, of any shape; the same shape comes out.

    With p = sigmoid(a) and q = sigmoid(b): (KL(p || q) + KL(q || p)) / 2 = (p - q) (a - b) / 2.
    """
    return (torch.sigmoid(one) - torch.sigmoid(other)) * (one - other) / 2


def categorical_divergence(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Between distributions over labels, given as log-probabilities ``(cells, labels)``; ``(cells,)`` comes out.

    (KL(p || q) + KL(q || p)) / 2 = sum_k (p_k - q_k) (log p_k - log q_k) / 2.
    """
    return ((one.exp() - other.exp()) * (one - other)).sum(dim=1) / 2
