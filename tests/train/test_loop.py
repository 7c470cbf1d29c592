from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from sharewise.data.tokens import TokenStore
from sharewise.models.encoder import build_encoder
from sharewise.models.sharing import SHARINGS
from sharewise.train import Trainer
from sharewise.train.schedule import learning_rate
from sharewise.train.scoring import metrics_of
from sharewise.train.steps import batch_plan
from support import TASKS, make_data, make_job, make_stores
from train.comparing import train
from train.observers import At, Notes

# A rate at which nothing moves, so that losses can be reckoned from the first weights.
STILL = 1e-12


def initial_losses(job) -> list[dict[str, float]]:
    """Each task's mean loss over each step's cells, reckoned with numpy from the outputs of single rows."""
    model = SHARINGS["hard"](
        build_encoder(job.encoder, job.tokenizer, seed=job.seed), job.tasks, seed=job.seed
    )
    outputs = []
    with torch.no_grad():
        for row in range(len(job.data.train)):
            answers = model.eval()(job.stores["train"].batch(np.array([row])))
            outputs.append({name: answers[name][0].double().numpy() for name in job.tasks})
    _, plan = batch_plan(job)
    steps = []
    for epoch in range(job.training.epochs):
        for batch in plan.epoch(epoch):
            losses = {}
            for name in job.tasks:
                cells = [
                    cell_loss(name, outputs[row][name], float(job.data.train.targets[name][row, 0]))
                    for row in batch
                    if not np.isnan(job.data.train.targets[name][row, 0])
                ]
                if cells:
                    losses[name] = sum(cells) / len(cells)
            steps.append(losses)
    return steps


def cell_loss(task: str, outputs: np.ndarray, target: float) -> float:
    if task == "stars":
        return float((outputs[0] - (target - 3) / math.sqrt(2)) ** 2)
    if task == "topic":
        return float(np.log(np.exp(outputs).sum()) - outputs[int(target)])
    return math.log1p(math.exp(-outputs[0] if target else outputs[0]))


def test_training_loss_of_a_task_is_the_mean_over_its_updates(tmp_path):
    weights = {"spam": 2.0, "stars": 0.25, "topic": 3.0}
    job = make_job(weights=weights, learning_rate=STILL, epochs=1)
    steps = initial_losses(job)
    expected = {task: np.mean([step[task] for step in steps if task in step]) for task in TASKS}
    assert any(len(step) < len(TASKS) for step in steps), "every step holds every task"
    (line,) = train(job, tmp_path).history
    for task in TASKS:
        assert line["tasks"][task]["train_loss"] == pytest.approx(expected[task], abs=1e-5)
    weighted = sum(weights.get(task, 1.0) * expected[task] for task in TASKS)
    assert line["train_loss"] == pytest.approx(weighted, abs=1e-4)


def test_training_losses_start_anew_after_each_evaluation(tmp_path):
    job = make_job(learning_rate=STILL, evaluate_every=3)
    steps = initial_losses(job)
    history = train(job, tmp_path).history
    assert [line["step"] for line in history] == [3, 6, 9, len(steps)]
    before = 0
    for line in history:
        part, before = steps[before : line["step"]], line["step"]
        for task in TASKS:
            held = [step[task] for step in part if task in step]
            found = line["tasks"][task].get("train_loss")
            assert found == (pytest.approx(np.mean(held), abs=1e-5) if held else None)


def test_validation_loss_weighs_the_tasks(tmp_path):
    weights = {"spam": 2.0, "topic": 0.5}
    for line in train(make_job(weights=weights), tmp_path).history:
        parts = [weights.get(task, 1.0) * line["tasks"][task]["validation_loss"] for task in TASKS]
        assert line["validation_loss"] == pytest.approx(sum(parts))


def test_a_task_of_weight_zero_moves_nothing(tmp_path):
    job = make_job("spam", "topic", weights={"topic": 0.0}, weight_decay=0.0)
    start = SHARINGS["hard"](build_encoder(job.encoder, job.tokenizer, seed=1), job.tasks, seed=1)
    run = train(job, tmp_path)
    assert torch.equal(run.weights["heads.1.weight"], start.heads[1].weight)
    assert not torch.equal(run.weights["heads.0.weight"], start.heads[0].weight)


def test_history_tells_the_rate_of_each_last_update(tmp_path):
    job = make_job(warmup=0.3, evaluate_every=1, learning_rate=0.02, stop="never")
    history = train(job, tmp_path).history
    total = len(history)
    assert [line["learning_rate"] for line in history] == [
        learning_rate(step, total=total, peak=0.02, warmup=0.3) for step in range(total)
    ]


def test_evaluation_follows_each_epoch_or_every_so_many_updates(tmp_path):
    counts = batch_plan(make_job())[1].counts(2)
    by_epoch = train(make_job(), tmp_path / "epoch").history
    assert [(line["epoch"], line["step"]) for line in by_epoch] == [(1.0, counts[0]), (2.0, sum(counts))]
    every = train(make_job(evaluate_every=4, stop="never"), tmp_path / "every").history
    assert [line["step"] for line in every] == sorted({*range(4, sum(counts) + 1, 4), sum(counts)})
    place = every[0]["step"]
    assert every[0]["epoch"] == pytest.approx(place / counts[0])


@pytest.mark.parametrize("patience", [1, 2])
def test_a_run_stops_when_patience_runs_out(tmp_path, patience):
    run = train(make_job(learning_rate=STILL, epochs=6, patience=patience), tmp_path)
    assert len(run.history) == 1 + patience
    assert run.outcome.stopped_early
    assert run.outcome.best.step == run.history[0]["step"]
    assert [line["selected"] for line in run.history] == [True] + [False] * patience
    counts = batch_plan(make_job(epochs=6))[1].counts(6)
    assert max(run.outcome.updates_made.values()) <= sum(counts[: 1 + patience])
    assert run.outcome.updates["spam"] > run.outcome.updates_made["spam"]


def test_stop_never_trains_on(tmp_path):
    run = train(make_job(learning_rate=STILL, epochs=6, patience=1, stop="never"), tmp_path)
    assert len(run.history) == 6
    assert not run.outcome.stopped_early
    assert run.outcome.updates_made == run.outcome.updates


def test_a_run_out_of_patience_at_its_end_did_not_stop_early(tmp_path):
    assert not train(make_job(learning_rate=STILL, epochs=2, patience=1), tmp_path).outcome.stopped_early


def expected_score(rule: str, line) -> float:
    tasks, joint = line["tasks"], line["joint"]
    primary = [tasks[t][m] for t, m in zip(TASKS, ("mcc", "mcc", "pearson", "macro_f1", "mcc"), strict=True)]
    return (
        {
            "mean": lambda: sum(primary) / len(primary),
            "worst": lambda: min(primary),
            "loss": lambda: -line["validation_loss"],
            "macro_f1": lambda: np.mean([tasks[t]["macro_f1"] for t in TASKS if t != "stars"]),
            "accuracy": lambda: np.mean([tasks[t]["accuracy"] for t in TASKS if t != "stars"]),
        }[rule]()
        if not joint or rule not in joint
        else joint[rule]
    )


@pytest.mark.parametrize("rule", ["mean", "worst", "loss", "macro_f1", "accuracy"])
def test_the_best_line_gives_the_weights(tmp_path, rule):
    job = make_job(select=rule, epochs=4, learning_rate=0.1, warmup=0.0, stop="never")
    run = train(job, tmp_path)
    scores = [line["score"] for line in run.history]
    assert scores == pytest.approx([expected_score(rule, line) for line in run.history])
    best = run.history[int(np.argmax(scores))]
    assert (run.outcome.best.step, run.outcome.best.epoch) == (best["step"], best["epoch"])
    so_far = [max(scores[:index], default=-math.inf) for index in range(len(scores))]
    assert [line["selected"] for line in run.history] == [s > b for s, b in zip(scores, so_far, strict=True)]
    again = metrics_of(job.tasks, run.outcome.scores["validation"])
    for task, metrics in again.items():
        assert metrics.pop("loss") == pytest.approx(best["tasks"][task]["validation_loss"], abs=1e-5)
        for name, value in metrics.items():
            assert value == pytest.approx(best["tasks"][task][name], abs=1e-5), (task, name)


def test_the_best_weights_are_not_the_last_ones_where_validation_gets_worse(tmp_path):
    """Labels that have nothing to do with the texts: what is learnt of them makes the loss worse."""
    data = make_data()
    rng = np.random.default_rng(0)
    for table in (data.train, data.validation):
        targets = table.targets["spam"]
        targets[:, 0] = rng.permuted(targets[:, 0])
    job = make_job("spam", data=data, select="loss", epochs=8, learning_rate=0.05, stop="never")
    run = train(job, tmp_path)
    assert run.outcome.best.step < run.history[-1]["step"]
    best = min(run.history, key=lambda line: line["validation_loss"])
    assert run.outcome.scores["validation"]["spam"].loss == pytest.approx(best["validation_loss"], abs=1e-5)


def test_one_class_in_validation_leaves_its_undefined_metrics_out(tmp_path):
    data = make_data()
    present = data.validation.present("spam")
    data.validation.targets["spam"][present] = 1.0
    run = train(make_job("spam", "topic", data=data, select="auroc"), tmp_path)
    for line in run.history:
        assert "auroc" not in line["tasks"]["spam"]
        assert line["score"] == -line["validation_loss"]
    assert run.outcome.failed is None


def test_a_task_without_validation_cells_is_left_out_of_selection(tmp_path):
    data = make_data()
    data.validation.targets["spam"][:] = np.nan
    run = train(make_job("spam", "topic", data=data), tmp_path)
    for line in run.history:
        assert list(line["tasks"]["spam"]) == ["train_loss"]
        assert line["score"] == line["tasks"]["topic"]["macro_f1"]
        assert line["validation_loss"] == line["tasks"]["topic"]["validation_loss"]


def poison(holder) -> None:
    with torch.no_grad():
        holder[0].model.heads[0].weight.fill_(math.nan)


def test_a_loss_that_is_no_number_fails_the_run_and_keeps_the_best_weights(tmp_path):
    job = make_job(epochs=4, stop="never")
    first = batch_plan(job)[1].counts(1)[0]
    holder: list[Trainer] = []
    trainer = Trainer(job, tmp_path, observer=At(first + 1, lambda: poison(holder)))
    holder.append(trainer)
    outcome = trainer.run()
    good, bad = outcome.history
    assert outcome.failed == f"the loss was not a finite number at update {bad['step']}"
    assert outcome.stopped_early
    assert outcome.best.step == good["step"]
    assert (bad["selected"], bad["score"], bad["train_loss"]) == (False, None, None)
    assert all(value.isfinite().all() for value in trainer.model.state_dict().values())
    for task in TASKS:
        expected = good["tasks"][task]["validation_loss"]
        assert outcome.scores["validation"][task].loss == pytest.approx(expected, abs=1e-5)
    for text in (tmp_path / "history.jsonl").read_text().splitlines():
        json.loads(text, parse_constant=pytest.fail)


def test_a_run_that_fails_at_once_still_ends(tmp_path):
    run = train(make_job(weights={"spam": 1e39}), tmp_path)
    assert run.outcome.failed
    assert len(run.history) == 1
    assert run.outcome.best.score == -math.inf
    assert run.outcome.stopped_early


class Recording(TokenStore):
    """A store that tells which of its methods are used."""

    def __init__(self, store: TokenStore, split: str, notes: Notes) -> None:
        self.__dict__.update(store.__dict__)
        self.split = split
        self.notes = notes

    def batch(self, rows):
        self.notes.events.append(("batch", self.split))
        return super().batch(rows)

    def vocabulary_used(self):
        self.notes.events.append(("vocabulary", self.split))
        return super().vocabulary_used()


def test_the_test_split_is_computed_after_selection_only(tmp_path):
    notes = Notes()
    data = make_data()
    stores = {split: Recording(store, split, notes) for split, store in make_stores(data).items()}
    train(make_job(data=data, stores=stores, evaluate_every=2), tmp_path, observer=notes)
    last = max(index for index, (event, _) in enumerate(notes.events) if event == "evaluation")
    tested = [index for index, event in enumerate(notes.events) if event == ("batch", "test")]
    assert tested
    assert min(tested) > last
    assert set(notes.of("vocabulary")) == {"train", "validation"}
    before = [split for event, split in notes.events[:last] if event == "batch"]
    assert {"train", "validation"} == set(before)


def test_a_study_without_a_test_split(tmp_path):
    data = replace(make_data(), test=None)
    assert list(train(make_job(data=data), tmp_path).outcome.scores) == ["validation"]


def test_an_observer_is_told_of_each_update(tmp_path):
    notes = Notes()
    run = train(make_job(evaluate_every=4), tmp_path, observer=notes)
    total = sum(batch_plan(make_job())[1].counts(2))
    assert notes.of("start") == [(0, total)]
    assert notes.of("step") == list(range(1, total + 1))
    assert notes.of("evaluation") == [line["step"] for line in run.history]


def test_costs_of_a_run(tmp_path):
    job = make_job()
    run = train(job, tmp_path)
    outcome = run.outcome
    assert outcome.rows_seen == 2 * len(job.data.train)
    assert outcome.parameters == sum(value.numel() for value in run.weights.values())
    assert outcome.precision == "fp32"
    assert outcome.notes == []
    assert 0 < outcome.history[0]["seconds"] < outcome.history[1]["seconds"] <= outcome.seconds
    assert [
        json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()
    ] == outcome.history


def test_bf16_trains_too(tmp_path):
    run = train(make_job(precision="bf16"), tmp_path)
    assert run.outcome.precision == "bf16"
    assert run.outcome.failed is None
    assert all(value.dtype == torch.float32 for value in run.weights.values())


@pytest.mark.parametrize("sampling", ["equal", {"temperature": 3.0}])
def test_other_sampling_trains_too(tmp_path, sampling):
    job = make_job(sampling=sampling)
    run = train(job, tmp_path)
    assert run.outcome.rows_seen == sum(
        len(batch) for epoch in (0, 1) for batch in batch_plan(job)[1].epoch(epoch)
    )


def test_a_probe_tells_seconds_a_row(tmp_path):
    trainer = Trainer(make_job(), tmp_path)
    assert 0 < trainer.probe(2) < 60
    assert list(tmp_path.iterdir()) == []


def test_a_probe_times_the_only_batch_again(tmp_path):
    trainer = Trainer(make_job(batch_rows=1000), tmp_path)
    trainer.probe(4)
    assert trainer.state.rows_seen == 2 * len(trainer.job.data.train)
