"""Looking ahead says what an update does, and leaves the run as it would have been."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from sharewise.train import Trainer
from sharewise.train.lookahead import Lookahead, Looked, lookahead_affinity, mean_cosine
from support import TASKS, make_job


def train(job, folder, **keys):
    trainer = Trainer(job, folder, **keys)
    outcome = trainer.run()
    return trainer, outcome


@pytest.fixture(scope="module")
def looked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("looked")
    job = make_job(dropout=0.2)
    lookahead = Lookahead(folder / "lookahead.jsonl", every=2)
    trainer, outcome = train(job, folder, before_update=lookahead)
    return folder, lookahead, trainer, outcome


def test_the_run_is_the_same_to_the_bit(looked, tmp_path):
    _, lookahead, trainer, outcome = looked
    plain, expected = train(make_job(dropout=0.2), tmp_path)
    assert len(lookahead.looked) > 3
    assert outcome.history[-1]["train_loss"] == expected.history[-1]["train_loss"]
    for (name, one), other in zip(trainer.model.named_parameters(), plain.model.parameters(), strict=True):
        assert torch.equal(one, other), name


def test_it_looks_before_every_nth_update_but_the_first(looked):
    folder, lookahead, trainer, _ = looked
    assert sorted(lookahead.looked) == list(range(2, trainer.total, 2))
    assert len((folder / "lookahead.jsonl").read_text().splitlines()) == len(lookahead.looked)


def test_what_was_looked_at_before_is_read_and_a_torn_line_left_out(looked, tmp_path):
    folder, lookahead, _, _ = looked
    lines = (folder / "lookahead.jsonl").read_text().splitlines()
    file = tmp_path / "lookahead.jsonl"
    file.write_text("\n".join([*lines[:3], lines[3][:40]]))
    again = Lookahead(file, every=2)
    assert sorted(again.looked) == [json.loads(line)["step"] for line in lines[:3]]
    for step, found in again.looked.items():
        np.testing.assert_array_equal(found.after, lookahead.looked[step].after)


def test_the_step_is_what_adamw_makes_of_one_tasks_gradient(tmp_path):
    """By hand: the optimizer's own update, less what it would have been without the task's gradient."""
    job = make_job("spam", "urgent", epochs=1, weight_decay=0.0, max_gradient_norm=1e9)
    lookahead = Lookahead(tmp_path / "lookahead.jsonl", every=1)
    seen = {}

    def both(trainer, step, rows):
        lookahead(trainer, step, rows)
        if step == 2:
            totals = trainer.targets.counts(rows)
            tokens = job.stores["train"].batch(rows)
            cells = trainer.targets.cells(rows, totals, trainer.device)
            trainer.learner.eval()
            seen["before"] = trainer.learner(tokens, cells)["urgent"].item()
            kept = {n: p.detach().clone() for n, p in trainer.model.named_parameters()}
            loss = trainer.learner(tokens, cells)["spam"]
            names = [n for n in kept if n.startswith("encoder.")]
            parameters = dict(trainer.model.named_parameters())
            gradients = torch.autograd.grad(loss, [parameters[n] for n in names], allow_unused=True)
            with torch.no_grad():
                for name, gradient in zip(names, gradients, strict=True):
                    if gradient is not None:
                        state = trainer.optimizer.state[parameters[name]]
                        t = float(state["step"])
                        size = (state["exp_avg_sq"] / (1 - 0.999**t)).sqrt() + 1e-8
                        part = 0.1 * gradient / (1 - 0.9 ** (t + 1))
                        parameters[name].sub_(trainer.learning_rate(step) * part / size)
                seen["after"] = trainer.learner(tokens, cells)["urgent"].item()
                for name, value in kept.items():
                    parameters[name].copy_(value)

    train(job, tmp_path, before_update=both)
    found = lookahead.looked[2]
    assert found.losses[1] == pytest.approx(seen["before"], rel=1e-5)
    assert found.after[0, 1] == pytest.approx(seen["after"], rel=1e-5)
    assert found.after[0, 1] != found.losses[1]


def test_a_step_for_a_task_itself_helps_it(looked):
    _, lookahead, _, _ = looked
    affinity = lookahead_affinity([lookahead.looked[s] for s in sorted(lookahead.looked)])
    assert affinity.shape == (len(TASKS), len(TASKS))
    assert (np.diagonal(affinity) > 0).all()


def test_losses_are_summed_before_they_are_compared_and_absent_tasks_left_out():
    nan = np.nan
    looks = [
        Looked(
            2, np.array([2.0, nan]), np.array([[1.0, nan], [nan, nan]]), np.array([[1.0, nan], [nan, nan]])
        ),
        Looked(
            4, np.array([2.0, 4.0]), np.array([[1.0, 5.0], [2.0, 3.0]]), np.array([[1.0, -0.5], [-0.5, 1.0]])
        ),
    ]
    np.testing.assert_allclose(lookahead_affinity(looks), [[0.5, -0.25], [0.0, 0.25]])
    np.testing.assert_allclose(mean_cosine(looks), [[1.0, -0.5], [-0.5, 1.0]])
    assert np.isnan(lookahead_affinity(looks[:1])[1, 1])
    assert np.isnan(mean_cosine(looks[:1])[0, 1])
