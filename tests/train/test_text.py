"""Text to text in the loop: what a step's loss is, which batches it sees, and that a run goes on bit for bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from sharewise.train import Trainer
from sharewise.train.learners.text import TextLearner
from sharewise.train.scoring import metrics_of
from sharewise.train.steps import Targets, batch_plan
from support import COLUMNS, TASKS, make_data, with_tables
from train.comparing import assert_same, train
from train.observers import At, Stopped, stop
from train.text_jobs import text_job

CPU = torch.device("cpu")


def learner(job) -> TextLearner:
    return TextLearner(job, precision="fp32", device=CPU).eval()


def step(job, rows):
    """The losses of a step on these rows, by task, and the gradient of their weighted sum."""
    model = learner(job)
    targets = Targets(job.data.train, list(job.tasks))
    rows = np.asarray(rows)
    cells = targets.cells(rows, targets.counts(rows), CPU)
    losses = model(job.stores["train"].batch(rows), cells)
    sum(job.weights[t] * v for t, v in losses.items()).backward()
    return {t: float(v.detach()) for t, v in losses.items()}, model.model.backbone.shared.weight.grad


@pytest.mark.parametrize("objective", ["tokens", "labels"])
def test_a_steps_loss_is_the_mean_over_each_tasks_own_cells(objective):
    """A row with several tasks counts in each of them, a hole in none; every row is reckoned alone here."""
    job = text_job(backend={"objective": objective})
    rows = list(range(12))
    found, _ = step(job, rows)
    for task in TASKS:
        values = job.data.train.targets[task][rows, 0]
        alone = [step(job, [row])[0][task] for row in rows if not np.isnan(values[row])]
        assert found[task] == pytest.approx(np.mean(alone), rel=1e-4)


def test_weights_are_per_task_in_a_mixed_batch():
    one = text_job(weights={"topic": 0.0})
    rows = np.arange(12)
    _, gradient = step(one, rows)
    own = np.array([r for r in rows if one.data.train.sources[r] == 0])
    _, without = step(text_job(*COLUMNS["reviews"]), own)
    tone = text_job("tone")
    _, of_tone = step(tone, rows[~np.isnan(tone.data.train.targets["tone"][rows, 0])])
    torch.testing.assert_close(gradient, without + of_tone, atol=1e-4, rtol=1e-3)


def test_weights_are_per_row_too():
    """As where rows weigh by how far their raters agree."""
    job = text_job("topic")
    rows = [r for r in range(12) if not np.isnan(job.data.train.targets["topic"][r, 0])][:3]
    alone = [step(job, [row])[0]["topic"] for row in rows]
    weights = np.zeros(len(job.data.train), dtype=np.float32)
    weights[rows] = (0.5, 2.0, 0.0)
    heavy = replace(job.data.train, loss_weights={"topic": weights})
    found, _ = step(replace(job, data=replace(job.data, train=heavy)), rows)
    assert found["topic"] == pytest.approx((0.5 * alone[0] + 2.0 * alone[1]) / 3, rel=1e-4)


def test_the_order_of_tasks_and_rows_changes_no_loss():
    job = text_job()
    turned = replace(job, tasks=dict(reversed(job.tasks.items())))
    rows = np.arange(12)
    one, gradient = step(job, rows)
    other, its = step(turned, rows[::-1].copy())
    assert one == pytest.approx(other, rel=1e-4)
    torch.testing.assert_close(gradient, its, atol=1e-4, rtol=1e-3)


def test_a_part_without_a_cell_gives_a_zero_that_reaches_the_model():
    job = text_job("spam", "topic")
    model = learner(job)
    targets = Targets(job.data.train, list(job.tasks))
    rows = np.flatnonzero(~np.isnan(job.data.train.targets["spam"][:, 0]))[:3]
    losses = model(job.stores["train"].batch(rows), targets.cells(rows, {"spam": 3, "topic": 5}, CPU))
    assert losses["topic"] == 0
    assert losses["topic"].requires_grad


def test_the_budget_counts_prefixes_and_label_texts_of_all_tasks():
    job = text_job(batch_tokens=256)
    lengths = job.stores["train"].lengths
    for rows in batch_plan(job)[1].epoch(0):
        texts = 0
        for task, words in job.words.items():
            held = rows[~np.isnan(job.data.train.targets[task][rows, 0])]
            texts += int((lengths[held] + len(words.prefix) + words.longest).sum())
        assert texts <= 256 or len(rows) == 1


def test_single_walks_through_the_shared_models_batches():
    shared, alone = batch_plan(text_job())[1].epoch(0), batch_plan(text_job("topic"))[1].epoch(0)
    targets = make_data().train.targets["topic"][:, 0]
    own = [rows[~np.isnan(targets[rows])] for rows in shared]
    assert [r.tolist() for r in alone] == [r.tolist() for r in own if len(r)]


def test_a_run_goes_on_bit_for_bit(tmp_path):
    job = text_job(dropout=0.1, epochs=1, optimizer="adafactor")
    whole = train(job, tmp_path / "whole")
    with pytest.raises(Stopped):
        train(job, tmp_path / "stopped", observer=At(2, stop), checkpoint_seconds=0.0)
    assert_same(train(job, tmp_path / "stopped"), whole)


def test_it_learns_what_can_be_read(tmp_path):
    keys = {"epochs": 12, "learning_rate": 0.003, "batch_tokens": 256, "stop": "never"}
    job = text_job("topic", backend={"objective": "labels"}, **keys)
    run = train(job, tmp_path)
    assert run.outcome.failed is None
    found = metrics_of(job.tasks, run.outcome.scores["test"])["topic"]
    assert found["accuracy"] > 0.8


def test_scores_do_not_depend_on_what_else_is_in_the_batch(tmp_path):
    """Validation rows without any cell of a task are asked nothing of it."""
    data = make_data()
    job = text_job("spam", data=data, epochs=1)
    own = ~np.isnan(data.validation.targets["spam"][:, 0])
    targets = {t: np.where(own[:, None], v, np.nan) for t, v in data.validation.targets.items()}
    fewer = with_tables(data, validation=replace(data.validation, targets=targets))
    scores = train(job, tmp_path / "all").outcome.scores["validation"]["spam"]
    again = train(text_job("spam", data=fewer, epochs=1), tmp_path / "own").outcome.scores["validation"][
        "spam"
    ]
    np.testing.assert_allclose(scores.scores, again.scores, atol=1e-5)


def test_free_answers_are_reported_once_after_selection(tmp_path):
    job = text_job("topic", "stars", epochs=1, backend={"generate": True})
    run = train(job, tmp_path)
    for line in run.history:
        assert "invalid_outputs" not in line["tasks"]["topic"]
    found = metrics_of(job.tasks, run.outcome.scores["test"])
    for task in ("topic", "stars"):
        assert 0 <= found[task]["invalid_outputs"] <= 1
        assert found[task]["written_accuracy"] <= 1 - found[task]["invalid_outputs"] + 1e-9
    assert {"written_mcc", "written_macro_f1"} <= found["topic"].keys()
    assert "written_mcc" not in found["stars"]


def test_an_invalid_answer_is_wrong(tmp_path, monkeypatch):
    job = text_job("topic", epochs=1, backend={"generate": True})
    trainer = Trainer(job, tmp_path)
    write = lambda tokens, asked: {t: torch.full((len(i),), -1) for t, i in asked.items()}  # noqa: E731
    monkeypatch.setattr(trainer.learner, "write", write)
    found = metrics_of(job.tasks, trainer.run().scores["test"])["topic"]
    assert (found["invalid_outputs"], found["written_accuracy"], found["written_macro_f1"]) == (1, 0, 0)
