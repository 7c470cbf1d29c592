"""Adversarial training: the gradient of both losses, spelt out; each text's own step, however a batch is cut."""

from __future__ import annotations

import pytest
import torch

from sharewise.train import Trainer
from sharewise.train.cells import task_losses
from sharewise.train.techniques import Adversary, FgmOptions
from support import make_data, make_job, make_stores
from train import test_combining

DATA = make_data()
STORES = make_stores(DATA)
EPSILON = 0.3
KEYS = {"batch_tokens": 1024, "data": DATA, "stores": STORES, "fgm": {"epsilon": EPSILON}}


def gradients(folder, **keys):
    """The gradient that the first update leaves, by parameter, and the losses."""
    return test_combining.gradients(folder, **KEYS | keys)


def close(one, other):
    assert one.keys() == other.keys()
    for name, gradient in one.items():
        torch.testing.assert_close(gradient, other[name], rtol=2e-3, atol=1e-5, msg=name)


def spelt_out(folder, *, weights):
    """The same gradient with embeddings fed from outside, text by text, as the paper has it."""
    trainer = Trainer(make_job(weights=weights, **KEYS), folder)
    model, job = trainer.model, trainer.job
    rows = trainer.plan.epoch(0)[0]
    totals = trainer.targets.counts(rows)
    tokens = job.stores["train"].batch(rows)
    ids = trainer.learner.remap[tokens.input_ids].long()
    cells = trainer.targets.cells(rows, totals, torch.device("cpu"))

    def loss(embeddings):
        states = model.encoder.backbone(
            inputs_embeds=embeddings, attention_mask=tokens.attention_mask.long()
        ).last_hidden_state
        pooled = model.encoder.pool(states, tokens.attention_mask)
        outputs = {n: head(pooled) for n, head in zip(model.tasks, model.heads, strict=True)}
        return sum(weights.get(n, 1.0) * v for n, v in task_losses(outputs, cells, job.tasks).items())

    embeddings = model.encoder.table(ids)
    clean = loss(embeddings)
    (slope,) = torch.autograd.grad(clean, embeddings, retain_graph=True)
    step = torch.stack([EPSILON * g / g.norm() for g in slope])
    (clean + loss(model.encoder.table(ids) + step)).backward()
    return {n: p.grad for n, p in model.named_parameters() if p.grad is not None}


def test_the_gradient_is_that_of_both_losses(tmp_path):
    weights = {"spam": 3.0, "topic": 0.5}
    found, _ = gradients(tmp_path / "found", weights=weights)
    close(found, spelt_out(tmp_path / "expected", weights=weights))


def test_the_losses_that_are_told_are_the_clean_ones(tmp_path):
    _, plain = gradients(tmp_path / "plain", fgm=None)
    _, attacked = gradients(tmp_path / "attacked")
    torch.testing.assert_close(attacked, plain)


@pytest.mark.parametrize("weighting", ["static", "uncertainty", "upgrad"])
def test_cutting_a_step_into_parts_changes_nothing_but_rounding(tmp_path, weighting):
    whole, _ = gradients(tmp_path / "whole", weighting=weighting)
    cut, _ = gradients(tmp_path / "cut", weighting=weighting, parts=3)
    close(cut, whole)


@pytest.mark.parametrize("sharing", ["soft", "adapters", "lora"])
def test_passes_of_the_tasks_own_are_attacked_too(tmp_path, sharing):
    found, _ = gradients(tmp_path / "attacked", sharing=sharing)
    plain, _ = gradients(tmp_path / "plain", sharing=sharing, fgm=None)
    assert found.keys() == plain.keys()
    # Twice the plain gradient is what a step of length 0 would leave.
    assert any((found[n] - 2 * plain[n]).abs().max() > 1e-5 for n in found)


def test_a_step_of_almost_no_length_doubles_the_gradient(tmp_path):
    found, _ = gradients(tmp_path / "attacked", fgm={"epsilon": 1e-7})
    plain, _ = gradients(tmp_path / "plain", fgm=None)
    close(found, {n: 2 * g for n, g in plain.items()})


def test_embeddings_change_by_epsilon_and_the_loss_rises(tmp_path):
    trainer = Trainer(make_job(**KEYS), tmp_path)
    adversary = trainer.combiner.adversary
    rows = trainer.plan.epoch(0)[0]
    (part,) = trainer._parts(rows, trainer.targets.counts(rows))
    with adversary.watching() as seen:
        clean = torch.stack(list(part(trainer.learner).values())).sum()
    slopes = torch.autograd.grad(clean, seen)
    lengths = adversary._step(slopes[0]).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.full_like(lengths, EPSILON))
    with adversary.perturbing(slopes):
        worse = torch.stack(list(part(trainer.learner).values())).sum()
    assert worse > clean
    # Afterwards nothing is left of it.
    torch.testing.assert_close(torch.stack(list(part(trainer.learner).values())).sum(), clean)


def test_gradients_of_any_size_give_a_step_of_the_same_length():
    adversary = Adversary(torch.nn.Identity(), FgmOptions(epsilon=2.0))
    gradient = torch.randn(3, 4, 5)
    gradient[1] *= 1e-25
    gradient[2] = 0.0
    lengths = adversary._step(gradient).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.tensor([2.0, 2.0, 0.0]))
