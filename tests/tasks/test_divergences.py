"""How far two answers to a cell are apart, by kind of task: one property each, held against distributions spelt out."""

from __future__ import annotations

import math

import polars as pl
import pytest
import torch

from sharewise.tasks import (
    BinaryOptions,
    MulticlassOptions,
    MultilabelOptions,
    OrdinalOptions,
    RegressionOptions,
)


def _task(kind):
    numbers = pl.Series([1.0, 2.0, 3.0])
    return {
        "binary": lambda: BinaryOptions(data="d", label="x").build("x", pl.Series([0, 1])),
        "multiclass": lambda: MulticlassOptions(data="d", label="x").build("x", pl.Series(["a", "b", "c"])),
        "multilabel": lambda: MultilabelOptions(data="d", label="x", labels=["a", "b", "c"]).build(
            "x", pl.Series(["a;b", "c"])
        ),
        "ordinal": lambda: OrdinalOptions(data="d", label="x").build("x", numbers),
        "regression": lambda: RegressionOptions(data="d", label="x").build("x", numbers),
    }[kind]()


KINDS = ("binary", "multiclass", "multilabel", "ordinal", "regression")


def _distributions(task, outputs):
    """Every distribution that a row of outputs stands for: ``(cells, distributions, values)``."""
    scores = task.activate(outputs.double())
    if task.options.kind == "multiclass":
        return scores[:, None, :]
    if task.options.kind == "ordinal":
        over = torch.nn.functional.pad(scores, (1, 1))
        over[:, 0] = 1.0
        return (over[:, :-1] - over[:, 1:])[:, None, :]
    return torch.stack([1 - scores, scores], dim=2)


def _kl(p, q):
    return (p * (p / q).log()).sum(dim=2)


@pytest.fixture(params=KINDS)
def task(request):
    return _task(request.param)


def _answers(task):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(6, task.outputs, generator=generator) * 2 for _ in range(2)]


def test_it_is_half_the_sum_of_both_divergences(task):
    one, other = _answers(task)
    found = task.divergence(one, other)
    assert found.shape == (6,)
    if task.options.kind == "regression":
        # Of two normal distributions with variance 1/2 either divergence is the squared difference of the means.
        normal = [torch.distributions.Normal(x[:, 0].double(), math.sqrt(0.5)) for x in (one, other)]
        expected = torch.distributions.kl_divergence(*normal)
    else:
        p, q = _distributions(task, one), _distributions(task, other)
        expected = ((_kl(p, q) + _kl(q, p)) / 2).mean(dim=1)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-6)


def test_it_is_the_same_either_way_round_and_nothing_for_one_answer(task):
    one, other = _answers(task)
    torch.testing.assert_close(task.divergence(one, other), task.divergence(other, one))
    assert (task.divergence(one, other) > 0).all()
    assert (task.divergence(one, one) == 0).all()


def test_the_loss_it_goes_with_is_a_likelihood_of_the_same_distributions(task):
    """What the loss says of each label is minus the log of its probability, but for a constant."""
    outputs = _answers(task)[0]
    if task.options.kind == "regression":
        normal = torch.distributions.Normal(outputs[:, 0], math.sqrt(0.5))
        targets = torch.full((6, 1), 2.5)
        scaled = (targets[:, 0] - task.mean) / task.deviation
        constant = math.log(math.sqrt(math.pi))
        torch.testing.assert_close(task.loss(outputs, targets), -normal.log_prob(scaled) - constant)
        return
    distributions = _distributions(task, outputs)
    for label in range(distributions.shape[2]):
        targets = torch.full((6, task.target_width), float(label))
        expected = -distributions[:, :, label].log().mean(dim=1)
        torch.testing.assert_close(task.loss(outputs, targets).double(), expected, rtol=1e-4, atol=1e-5)


def test_certain_answers_stay_finite(task):
    one = torch.full((1, task.outputs), 60.0, requires_grad=True)
    found = task.divergence(one, -one).sum()
    found.backward()
    assert found.isfinite()
    assert one.grad.isfinite().all()
