"""Estimates of subsets: right where the model is linear, whatever the kind of task."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sharewise.compare.affinity.subsets import MOST_SUBSETS, estimate_subsets
from sharewise.train import Trainer
from sharewise.train.sketch import Linear, Sketch, linearise, pick_rows
from support import TASKS, make_data, make_job, make_tasks


@pytest.fixture(scope="module")
def trainer(tmp_path_factory):
    trainer = Trainer(make_job(), tmp_path_factory.mktemp("run"))
    trainer.run()
    trainer.learner.make_trainable()
    return trainer


def linear_tasks(number, *, cells=60, seed=0):
    """Regressions that are linear in 3 features: of even numbers one way, of odd ones the other way."""
    rng = np.random.default_rng(seed)
    tasks = {f"t{i}": make_tasks()["stars"] for i in range(number)}
    parts = {}
    for i, (name, task) in enumerate(tasks.items()):
        features = rng.normal(size=(cells, 1, 3))
        truth = features[:, 0] @ np.array([1.0, -0.5, 0.25]) * (1 if i % 2 == 0 else -1)
        noisy = (truth + 0.5 * rng.normal(size=cells)) * task.deviation + task.mean
        parts[name] = Linear(
            torch.zeros(cells, 1),
            torch.from_numpy(features).float(),
            torch.from_numpy(noisy[:, None]).float(),
        )
    return tasks, parts


def ridge(parts, numbers, penalty):
    """The same fit in closed form, features scaled alike."""
    every = np.concatenate([p.gradients[:, 0].numpy() for p in parts.values()])
    size = np.sqrt((every**2).sum(axis=1).mean())
    task = make_tasks()["stars"]
    left, right = penalty * np.eye(3), np.zeros(3)
    for number in numbers:
        part = parts[f"t{number}"]
        x = part.gradients[:, 0].numpy() / size
        y = (part.targets[:, 0].numpy() - task.mean) / task.deviation
        left, right = left + 2 * x.T @ x / len(x), right + 2 * x.T @ y / len(x)
    return np.linalg.solve(left, right), size


def test_a_linear_model_is_estimated_as_its_closed_form_says():
    tasks, train = linear_tasks(4, cells=20)
    _, validation = linear_tasks(4, cells=200, seed=1)
    found = estimate_subsets(tasks, dict.fromkeys(tasks, 1.0), train, validation)
    assert len(found.sets) == 15
    task = make_tasks()["stars"]
    for numbers in ((0,), (0, 2), (0, 1), (0, 1, 2, 3)):
        fitted, size = ridge(train, numbers, found.penalty)
        for number in numbers:
            part = validation[f"t{number}"]
            y = (part.targets[:, 0].numpy() - task.mean) / task.deviation
            expected = np.mean((part.gradients[:, 0].numpy() / size @ fitted - y) ** 2)
            assert found.losses[found.row(numbers), number] == pytest.approx(expected, rel=1e-3)
    gains = found.gains
    assert gains[found.row((0, 2)), 0] > 0 > gains[found.row((0, 1)), 0], "like helps, unlike hurts"
    assert np.isnan(gains[found.row((0, 2)), 1])


def test_of_many_tasks_pairs_are_estimated():
    number = MOST_SUBSETS + 1
    tasks, parts = linear_tasks(number, cells=8)
    found = estimate_subsets(tasks, dict.fromkeys(tasks, 1.0), parts, parts)
    assert len(found.sets) == number + number * (number - 1) // 2 + 1
    with pytest.raises(KeyError):
        found.row((0, 1, 2))


def test_projected_gradients_keep_inner_products(trainer):
    model = trainer.model
    tokens = trainer.job.stores["train"].batch(np.arange(4))
    answers = trainer.learner.answer(tokens, {})
    parameters = [p for p in model.parameters() if p.requires_grad]
    outputs = [answers[t][i, 0] for t in ("spam", "tone") for i in range(3)]
    exact = torch.stack(
        [
            torch.cat(
                [
                    torch.zeros_like(p).flatten() if g is None else g.flatten()
                    for p, g in zip(
                        parameters,
                        torch.autograd.grad(o, parameters, retain_graph=True, allow_unused=True),
                        strict=True,
                    )
                ]
            )
            for o in outputs
        ]
    )
    found = torch.stack(
        [torch.stack([Sketch(model, 256, seed).gradient(o) for o in outputs]) for seed in range(20)]
    )
    products = (found @ found.transpose(1, 2)).mean(dim=0)
    size = (exact @ exact.T).diagonal().mean().item()
    torch.testing.assert_close(products, exact @ exact.T, rtol=0, atol=0.1 * size)


def test_rows_serve_several_tasks_and_hold_the_cells_that_they_are_drawn_for():
    table = make_data().train
    picked = pick_rows(table, TASKS, 6, 3)
    assert picked.keys() == set(TASKS)
    for task, rows in picked.items():
        assert len(rows) == len(set(rows.tolist())) == 6
        assert table.present(task)[rows].all()
    assert len(set(np.concatenate(list(picked.values())).tolist())) < 6 * len(TASKS)
    assert len(pick_rows(table, TASKS, 999, 3)["spam"]) == table.present("spam").sum()


def test_every_kind_of_task_is_linearised_and_estimated(trainer):
    job, learner = trainer.job, trainer.learner
    rows = pick_rows(job.data.train, TASKS, 6, 1)
    parts = linearise(learner, Sketch(learner.model, 32, 1), job.data.train, job.stores["train"], rows)
    assert learner.precision == job.training.precision
    for name, task in job.tasks.items():
        assert parts[name].gradients.shape == (6, task.outputs, 32)
        tokens = job.stores["train"].batch(rows[name][:1])
        with torch.no_grad():
            torch.testing.assert_close(learner.answer(tokens, {})[name], parts[name].outputs[:1])
    found = estimate_subsets(job.tasks, job.weights, parts, parts)
    alone = [found.losses[found.row((i,)), i] for i in range(len(TASKS))]
    before = [float(t.loss(parts[n].outputs, parts[n].targets).mean()) for n, t in job.tasks.items()]
    assert all(a <= b for a, b in zip(alone, before, strict=True)), "fitted on these very cells"
