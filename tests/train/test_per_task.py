"""Tasks that stop one by one, and weights that are selected one by one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch

from sharewise.compare.planning import plan_runs
from sharewise.compare.workspace import Workspace
from sharewise.data.table import StudyData
from sharewise.train import Trainer, TrainingOptions
from sharewise.train.options import JOINT_METRICS
from sharewise.train.steps import batch_plan
from support import TASKS, make_data, make_job
from train.comparing import assert_same, train
from train.observers import At, Notes, Stopped, stop
from train.test_invariants import one_task_study

# `spam` has nothing to learn here and leaves first; small batches, of which some hold nothing but its cells.
KEYS: dict[str, Any] = {
    "stop": "per_task",
    "patience": 1,
    "select": "loss",
    "epochs": 5,
    "batch_rows": 3,
    "learning_rate": 0.02,
}


def data_without_sense() -> StudyData:
    """`spam` of training is drawn anew, and `urgent` and `stars` have holes so that rows of `spam` alone exist."""
    data = make_data()
    rng = np.random.default_rng(0)
    targets = {task: values.copy() for task, values in data.train.targets.items()}
    targets["spam"][:, 0] = rng.permuted(targets["spam"][:, 0])
    alone = data.train.present("spam") & (np.arange(len(data.train)) % 3 > 0)
    targets["urgent"][alone] = targets["stars"][alone] = np.nan
    return replace(data, train=replace(data.train, targets=targets))


@dataclass
class Watch(Notes):
    """Copies a task's head, and its moments in the optimizer, after every step."""

    trainer: Trainer | None = None
    head: int = 0
    heads: list[list[torch.Tensor]] = field(default_factory=list)

    def on_step(self, *, step: int, total: int) -> None:
        """See Observer."""
        assert self.trainer is not None
        head = self.trainer.model.heads[self.head]
        moments = [self.trainer.optimizer.state.get(p, {}) for p in head.parameters()]
        kept = [*head.parameters(), *(m[name] for m in moments for name in sorted(m))]
        self.heads.append([value.detach().clone() for value in kept])


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    job = make_job(data=data_without_sense(), **KEYS)
    watch = Watch()
    watch.trainer = Trainer(job, tmp_path_factory.mktemp("watched"), observer=watch)
    return job, watch, watch.trainer.run()


def test_a_stopped_task_gets_no_update_and_its_head_stays(watched):
    job, watch, outcome = watched
    left = outcome.stopped["spam"]
    assert outcome.history[-1]["epoch"] > left
    counts = batch_plan(job)[1].counts(5)
    step = sum(counts[: int(left)])
    before, after = watch.heads[:step], watch.heads[step:]
    assert len(after) == sum(counts[int(left) : int(outcome.history[-1]["epoch"])])
    assert not torch.equal(before[-1][0], before[0][0])
    for kept in after:
        assert all(torch.equal(one, other) for one, other in zip(kept, before[-1], strict=True))
    targets, plan = batch_plan(job)
    early = [rows for epoch in range(int(left)) for rows in plan.epoch(epoch)]
    assert outcome.updates_made["spam"] == sum(targets.counts(rows)["spam"] > 0 for rows in early)
    assert outcome.updates_made["spam"] < outcome.updates["spam"]


@pytest.mark.parametrize("sharing", ["interaction", "mmoe", "soft"])
def test_the_head_stays_whatever_the_tasks_share(tmp_path, sharing):
    watch = Watch()
    watch.trainer = Trainer(
        make_job(data=data_without_sense(), sharing=sharing, **KEYS | {"learning_rate": 0.01}),
        tmp_path,
        observer=watch,
    )
    outcome = watch.trainer.run()
    left = next(line["step"] for line in outcome.history if line["epoch"] == outcome.stopped["spam"])
    assert len(watch.heads) > left
    for kept in watch.heads[left:]:
        assert all(torch.equal(one, other) for one, other in zip(kept, watch.heads[left - 1], strict=True))


def test_rows_and_batches_of_stopped_tasks_alone_are_skipped(watched):
    job, _, outcome = watched
    targets, plan = batch_plan(job)
    made, rows_seen, skipped = dict.fromkeys(TASKS, 0), 0, 0
    for epoch in range(int(outcome.history[-1]["epoch"])):
        going = [t for t in TASKS if outcome.stopped.get(t, np.inf) > epoch]
        for rows in plan.epoch(epoch):
            held = [r for r in rows if any(targets.present[r, targets.tasks.index(t)] for t in going)]
            rows_seen += len(held)
            skipped += not held
            for task in going:
                made[task] += any(targets.present[r, targets.tasks.index(task)] for r in held)
    assert outcome.rows_seen == rows_seen
    assert outcome.updates_made == made
    assert skipped > 0, "no batch holds cells of stopped tasks only, and the test says nothing"


def test_the_plan_is_the_same_whoever_stops(watched):
    job, _, outcome = watched
    targets, plan = batch_plan(job)
    batches = [rows for epoch in range(5) for rows in plan.epoch(epoch)]
    assert outcome.updates == {t: sum(targets.counts(rows)[t] > 0 for rows in batches) for t in TASKS}


def test_history_goes_on_without_the_training_loss_of_who_has_left(watched):
    _, _, outcome = watched
    for line in outcome.history:
        trained = line["epoch"] <= outcome.stopped["spam"]
        assert ("train_loss" in line["tasks"]["spam"]) == trained
        assert "validation_loss" in line["tasks"]["spam"]
        parts = [m["train_loss"] for m in line["tasks"].values() if "train_loss" in m]
        assert line["train_loss"] == pytest.approx(sum(parts))


def test_the_run_ends_when_every_task_has_left(tmp_path):
    run = train(make_job(**KEYS | {"learning_rate": 1e-12, "patience": 2}), tmp_path)
    assert run.outcome.stopped == dict.fromkeys(TASKS, 3.0)
    assert len(run.history) == 3
    assert run.outcome.stopped_early


def test_where_no_task_leaves_nothing_is_other_than_under_never(tmp_path):
    one = train(make_job(**KEYS | {"patience": 9}), tmp_path / "one")
    other = train(make_job(**KEYS | {"stop": "never"}), tmp_path / "other")
    assert one.outcome.stopped == {}
    assert_same(one, other)


RULES = ("mean", "worst", "per_task", "loss", "accuracy", "macro_f1", JOINT_METRICS[0])


@pytest.mark.parametrize("select", RULES)
def test_one_task_alone_trains_the_same_under_either_way_to_stop_and_select(tmp_path, select):
    keys = {"epochs": 6, "learning_rate": 0.05, "patience": 1, "stop": "per_task", "select": select}
    job = make_job("tone", **keys)
    plain = job.training.for_one_task()
    assert plain.stop == "joint"
    assert plain.select != "per_task"
    one = train(job, tmp_path / "one")
    assert_same(one, train(replace(job, training=plain), tmp_path / "other"))
    assert one.outcome.stopped_early, "patience never ran out, and the test says nothing"


def test_hard_with_one_task_is_single_under_either_way_to_stop_and_select(tmp_path):
    study = one_task_study(tmp_path)
    keys = {"stop": "per_task", "select": "per_task", "patience": 1, "epochs": 6}
    study = type(study).model_validate(study.model_dump() | {"training": study.training.model_dump() | keys})
    workspace = Workspace(study, tmp_path / "cache")
    runs = {spec.arm: train(workspace.job(spec), tmp_path / spec.arm) for spec in plan_runs(study)}
    assert sorted(runs) == ["hard", "single"]
    assert_same(runs["hard"], runs["single"])


SELECT = {"select": "per_task", "epochs": 6, "learning_rate": 0.1, "stop": "never", "batch_rows": 12}
PRIMARY = dict(zip(TASKS, ("mcc", "mcc", "pearson", "macro_f1", "mcc"), strict=True))


def test_per_task_selection_scores_each_task_with_its_own_best_weights(tmp_path):
    job = make_job(**SELECT)
    run = train(job, tmp_path)
    best = {}
    for task, metric in PRIMARY.items():
        values = [line["tasks"][task].get(metric, -np.inf) for line in run.history]
        best[task] = run.history[int(np.argmax(values))]
    assert {t: b.step for t, b in run.outcome.chosen.items()} == {t: line["step"] for t, line in best.items()}
    assert len({line["step"] for line in best.values()}) > 2
    for task, metric in PRIMARY.items():
        scores = run.outcome.scores["validation"][task]
        assert scores.loss == pytest.approx(best[task]["tasks"][task]["validation_loss"], abs=1e-5)
        found = job.tasks[task].metrics(scores.targets, scores.scores)[metric]
        assert found == pytest.approx(best[task]["tasks"][task][metric], abs=1e-5)
        held = np.flatnonzero(job.data.tables["test"].present(task))
        np.testing.assert_array_equal(run.outcome.scores["test"][task].rows, held)
    assert list(run.outcome.scores["test"]) == list(TASKS)
    top = np.mean([best[t]["tasks"][t][m] for t, m in PRIMARY.items()])
    assert run.history[-1]["score"] == run.outcome.best.score == pytest.approx(top)


def test_selected_weights_come_back_one_after_the_other_as_often_as_wanted(tmp_path):
    trainer = Trainer(make_job(**SELECT), tmp_path)
    outcome = trainer.run()
    served = {}
    for step, tasks in trainer.selections():
        assert len(trainer.model.encoder.table.weight) == len(trainer.job.tokenizer)
        for task in tasks:
            served[task] = step
            again = trainer._score("test", [task])[task].scores
            np.testing.assert_allclose(again, outcome.scores["test"][task].scores, atol=1e-6)
    assert served == {t: b.step for t, b in outcome.chosen.items()}


@pytest.mark.parametrize("keys", [KEYS, KEYS | {"select": "per_task", "evaluate_every": 7, "patience": 2}])
def test_stopped_anywhere_a_run_ends_in_the_same_weights(tmp_path, keys):
    job = make_job(data=data_without_sense(), dropout=0.1, **keys)
    expected = train(job, tmp_path / "undisturbed")
    first = min(expected.outcome.stopped.values())
    place = next(line["step"] for line in expected.history if line["epoch"] == first)
    total = expected.history[-1]["step"]
    # Before the first task leaves, at once after it left, and later; each time an update is lost.
    for step in (place - 1, place + 1, place + 2, (place + total) // 2 + 3, total):
        with pytest.raises(Stopped):
            train(job, tmp_path / "stopped", observer=At(step, stop), checkpoint_seconds=0.0)
    again = train(job, tmp_path / "stopped")
    assert_same(again, expected)
    assert again.outcome.stopped == expected.outcome.stopped != {}
    assert again.outcome.rows_seen == expected.outcome.rows_seen


def test_per_task_stopping_wants_its_patience_named():
    with pytest.raises(ValueError, match="`stop: per_task` needs `patience`: after how many evaluations"):
        TrainingOptions(stop="per_task")
    assert TrainingOptions(stop="per_task", patience=3).patience == 3
