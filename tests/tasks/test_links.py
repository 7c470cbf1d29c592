"""The cumulative link: a distribution over levels whatever the outputs, which begins as the training labels' shares."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sharewise.models.heads import Head
from sharewise.tasks import OrdinalOptions, restore_task
from sharewise.tasks.links import Cumulative

LEVELS = ("low", "middle", "high", "top")
COUNTS = np.array([400.0, 300.0, 200.0, 100.0])


def cumulative(**keys):
    task = OrdinalOptions(data="d", label="y", labels=LEVELS, link="cumulative", **keys)
    built = task.build("t", pl.Series(LEVELS))
    built.fit(COUNTS, 1000.0)
    return built


@given(st.lists(st.floats(-30, 30, width=32), min_size=3, max_size=3))
def test_levels_have_a_distribution_that_falls(outputs):
    task, given_ = cumulative(), torch.tensor([outputs])
    reached = task.activate(given_)[0].tolist()
    assert 1 >= reached[0] >= reached[1] >= reached[2] >= 0
    log = [-task.loss(given_, torch.tensor([[float(level)]])).item() for level in range(4)]
    assert np.exp(log).sum() == pytest.approx(1.0, rel=1e-4)
    np.testing.assert_allclose(np.cumsum(np.exp(log)[::-1])[::-1][1:], reached, atol=1e-5)


def test_without_a_text_levels_are_as_frequent_as_in_training():
    task = cumulative()
    np.testing.assert_allclose(task.activate(torch.zeros(1, 3))[0], [0.6, 0.3, 0.1], atol=2e-3)
    empty = Cumulative.of(np.array([5.0, 0.0, 5.0]), 10.0)
    assert torch.isfinite(empty.likelihood(torch.zeros(1, 2), torch.ones(1, 1))).all()


def test_the_odds_of_all_levels_move_together():
    task = cumulative()
    logits = [torch.logit(task.activate(torch.tensor([[x, 0.3, -0.2]]))) for x in (0.0, 1.5)]
    torch.testing.assert_close(logits[1] - logits[0], torch.full((1, 3), 1.5), atol=1e-4, rtol=0)


def test_the_head_reads_the_text_once():
    task = cumulative()
    assert (task.outputs, task.constants) == (3, 2)
    head = Head(8, task.outputs, dropout=0.0, seed=1, task="t", constants=task.constants)
    assert (head.weight.shape, head.bias.shape) == ((1, 8), (3,))
    outputs = head(torch.randn(5, 8))
    assert outputs.shape == (5, 3)
    assert (outputs[:, 1:] == 0).all()
    assert len(outputs[:, 0].unique()) == 5


def test_cut_points_are_learnt():
    torch.manual_seed(0)
    task = cumulative()
    head = Head(1, task.outputs, dropout=0.0, seed=1, task="t", constants=task.constants)
    x = torch.randn(2000, 1)
    noise = torch.logit(torch.rand(2000, 1), eps=1e-6)
    targets = ((2 * x + noise) > torch.tensor([-2.0, 0.0, 3.0])).sum(dim=1, keepdim=True).float()
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(300):
        loss = task.loss(head(x), targets).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    logits = torch.logit(task.activate(head(torch.zeros(1, 1))))[0].detach()
    np.testing.assert_allclose(logits, [2.0, 0.0, -3.0], atol=0.35)
    assert abs(head.weight.item()) == pytest.approx(2.0, abs=0.25)


def test_cut_points_are_saved():
    task = cumulative()
    again = restore_task("t", task.options.model_dump(mode="json"), task.describe())
    outputs = torch.randn(4, 3)
    assert torch.equal(again.activate(outputs), task.activate(outputs))
    assert again.constants == 2


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=6, max_size=6))
def test_the_divergence_of_two_answers_is_finite(outputs):
    one, other = torch.tensor(outputs).view(2, 1, 3)
    task = cumulative()
    assert torch.isfinite(task.divergence(one, other)).all()
    assert task.divergence(one, one).item() == 0
    assert task.divergence(one, other).item() >= 0
