"""R-Drop: the loss as the paper has it, on cells alone."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch

from sharewise.train.cells import Cells, task_losses
from sharewise.train.techniques import RDropOptions, r_drop_losses
from support import make_job, make_tasks
from train.comparing import assert_same, train
from train.test_combining import gradients


def _cells(task, rows, targets, **more):
    return Cells(torch.tensor(rows), torch.tensor(targets), total=len(rows), **more)


def test_the_loss_is_worked_out_by_hand():
    """Of a positive cell with the probabilities 3/4 and 1/2."""
    tasks = {"spam": make_tasks()["spam"]}
    one, other = {"spam": torch.tensor([[3.0]]).log()}, {"spam": torch.zeros(1, 1)}
    cells = {"spam": _cells("spam", [0], [[1.0]])}
    found = r_drop_losses(one, other, cells, tasks, RDropOptions(alpha=0.5))
    p, q = torch.tensor([0.75, 0.25]), torch.tensor([0.5, 0.5])
    likelihoods = -(p[0].log() + q[0].log()) / 2
    apart = ((p * (p / q).log()).sum() + (q * (q / p).log()).sum()) / 2
    torch.testing.assert_close(found["spam"], likelihoods + 0.5 * apart)


def test_rows_without_a_cell_and_tasks_without_one_add_nothing():
    tasks = make_tasks()
    generator = torch.Generator().manual_seed(0)
    one, other = (
        {n: torch.randn(4, t.outputs, generator=generator, requires_grad=True) for n, t in tasks.items()}
        for _ in range(2)
    )
    cells = {
        "spam": _cells("spam", [1, 3], [[1.0], [0.0]]),
        "topic": Cells(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 1), total=5),
    }
    found = r_drop_losses(one, other, cells, tasks, RDropOptions())
    torch.stack(list(found.values())).sum().backward()
    assert found["topic"] == 0
    for outputs in (one, other):
        assert (outputs["spam"].grad[[0, 2]] == 0).all()
        assert (outputs["spam"].grad[[1, 3]] != 0).all()
        # A zero that reaches the outputs all the same.
        assert (outputs["topic"].grad == 0).all()
        assert outputs["stars"].grad is None


def test_weights_of_cells_weigh_the_divergence_too():
    tasks = {"spam": make_tasks()["spam"]}
    one, other = {"spam": torch.tensor([[1.0], [1.0]])}, {"spam": torch.tensor([[0.0], [0.0]])}
    plain = _cells("spam", [0, 1], [[1.0], [1.0]])
    weighed = replace(plain, weights=torch.tensor([1.5, 0.5]))
    options = RDropOptions()
    expected = r_drop_losses(one, other, {"spam": plain}, tasks, options)
    found = r_drop_losses(one, other, {"spam": weighed}, tasks, options)
    # Two cells that are alike: the weights' mean is 1.
    torch.testing.assert_close(found, expected)
    heavier = replace(plain, weights=torch.tensor([3.0, 1.0]))
    doubled = r_drop_losses(one, other, {"spam": heavier}, tasks, options)
    torch.testing.assert_close(doubled["spam"], 2 * expected["spam"])


def test_one_answer_given_twice_has_the_plain_loss():
    tasks = make_tasks()
    outputs = {n: torch.randn(3, t.outputs) for n, t in tasks.items()}
    cells = {n: _cells(n, [0, 2], [[1.0], [0.0]]) for n in tasks}
    found = r_drop_losses(outputs, outputs, cells, tasks, RDropOptions(alpha=5.0))
    torch.testing.assert_close(found, task_losses(outputs, cells, tasks))


def test_without_dropout_it_is_plain_training(tmp_path):
    one = train(make_job(epochs=1), tmp_path / "plain")
    assert_same(train(make_job(epochs=1, r_drop={}), tmp_path / "twice"), one)


def test_the_gradient_grows_evenly_with_alpha(tmp_path):
    """Under one pair of masks the divergence adds alpha times a gradient of its own, in encoder and heads."""
    found = [
        gradients(tmp_path / str(alpha), dropout=0.3, r_drop={"alpha": alpha})[0] for alpha in (1.0, 2.0, 3.0)
    ]
    slopes = [{n: b[n] - a[n] for n in a} for a, b in itertools.pairwise(found)]
    for name, slope in slopes[0].items():
        torch.testing.assert_close(slope, slopes[1][name], rtol=1e-3, atol=1e-6, msg=name)
    assert any(slope.abs().max() > 1e-4 for name, slope in slopes[0].items() if name.startswith("encoder."))
    assert any(slope.abs().max() > 1e-4 for name, slope in slopes[0].items() if name.startswith("heads."))


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("inf")])
def test_alpha_is_a_number_over_0(alpha):
    with pytest.raises(ValueError):
        RDropOptions(alpha=alpha)
