from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from sharewise.train.cells import Cells, task_losses
from sharewise.train.steps import Targets, batch_plan, planned_updates
from support import COLUMNS, TASKS, make_data, make_job, make_table, make_tasks, pick

CPU = torch.device("cpu")


def test_own_rows_hold_a_cell_of_the_models_tasks():
    table = make_table("train", rows=20)
    assert Targets(table, COLUMNS["forum"]).own.tolist() == (table.sources == 1).tolist()
    assert Targets(table, ["spam"]).own.tolist() == table.present("spam").tolist()


def test_counts_are_the_cells_of_each_task():
    table = make_table("train", rows=20)
    rows = np.array([0, 1, 4, 7, 8])
    expected = {t: int((~np.isnan(table.targets[t][rows, 0])).sum()) for t in TASKS}
    assert Targets(table, TASKS).counts(rows) == expected


def test_cells_point_at_the_rows_of_the_part_that_hold_one():
    table = make_table("train", rows=20)
    targets, rows = Targets(table, TASKS), np.array([9, 2, 0, 14, 5, 6])
    totals = dict.fromkeys(TASKS, 11) | {"tone": 0}
    cells = targets.cells(rows, totals, CPU)
    assert list(cells) == ["spam", "urgent", "stars", "topic"]
    for task, cell in cells.items():
        column = table.targets[task][rows, 0]
        held = [index for index in range(len(rows)) if not np.isnan(column[index])]
        assert cell.index.tolist() == held
        assert cell.targets[:, 0].tolist() == column[held].tolist()
        assert cell.total == 11


def test_planned_updates_count_the_steps_that_hold_a_cell_of_the_task():
    job = make_job()
    targets, plan = batch_plan(job)
    expected = dict.fromkeys(TASKS, 0)
    for epoch in (0, 1):
        for batch in plan.epoch(epoch):
            for task in TASKS:
                expected[task] += bool((~np.isnan(job.data.train.targets[task][batch, 0])).any())
    assert planned_updates(targets, plan, 2) == expected


def test_a_single_model_plans_the_updates_that_its_task_gets_in_the_shared_one():
    shared = planned_updates(*batch_plan(make_job()), 3)
    for task in TASKS:
        assert planned_updates(*batch_plan(make_job(task)), 3) == {task: shared[task]}


@pytest.mark.parametrize("keys", [{"batch_rows": 5}, {"sampling": "equal"}, {"sampling": {"temperature": 4}}])
def test_the_plan_follows_the_training_keys(keys):
    job = make_job(seed=9, **keys)
    _, plan = batch_plan(job)
    assert plan.batch_rows == keys.get("batch_rows")
    assert plan.temperature == job.training.temperature
    assert plan.seed == 9
    assert plan.sources is job.data.train.sources


def test_losses_are_shares_of_the_mean_over_the_steps_cells():
    tasks = make_tasks()
    outputs = {"spam": torch.tensor([[0.5], [-2.0], [9.0]]), "stars": torch.tensor([[0.1], [0.2], [0.3]])}
    cells = {
        "spam": Cells(torch.tensor([0, 1]), torch.tensor([[1.0], [1.0]]), total=5),
        "stars": Cells(torch.tensor([2]), torch.tensor([[4.0]]), total=1),
    }
    losses = task_losses(outputs, cells, tasks)
    logits = np.array([0.5, -2.0])
    assert losses["spam"].item() == pytest.approx(np.log1p(np.exp(-logits)).sum() / 5)
    # Stars 1 … 5 have mean 3 and deviation √2, in which the head works.
    assert losses["stars"].item() == pytest.approx((0.3 - (4 - 3) / np.sqrt(2)) ** 2)


def test_a_part_without_a_cell_gives_a_zero_that_reaches_the_head():
    tasks = make_tasks()
    head = torch.nn.Linear(4, 3)
    cells = {"topic": Cells(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 1), total=2)}
    losses = task_losses({"topic": head(torch.ones(2, 4))}, cells, tasks)
    assert losses["topic"].item() == 0.0
    losses["topic"].backward()
    assert head.weight.grad is not None
    assert not head.weight.grad.any()


def test_shares_of_parts_add_up_to_the_mean_over_the_step():
    table, tasks = make_table("train", rows=20), make_tasks()
    targets, rows = Targets(table, TASKS), np.arange(20)
    totals = targets.counts(rows)
    torch.manual_seed(0)
    outputs = {name: torch.randn(20, task.outputs) for name, task in tasks.items()}
    whole = task_losses(outputs, targets.cells(rows, totals, CPU), tasks)
    shares = dict.fromkeys(TASKS, 0.0)
    for part in np.array_split(rows, 7):
        picked = {name: values[torch.from_numpy(part)] for name, values in outputs.items()}
        for name, loss in task_losses(picked, targets.cells(part, totals, CPU), tasks).items():
            shares[name] += loss.item()
    for name in TASKS:
        cells = tasks[name].loss(
            outputs[name][torch.from_numpy(targets.present[:, TASKS.index(name)])],
            torch.from_numpy(table.targets[name][table.present(name)]),
        )
        assert whole[name].item() == pytest.approx(cells.mean().item())
        assert shares[name] == pytest.approx(whole[name].item(), rel=1e-5)


def test_rows_of_other_tasks_shape_the_batches_but_are_not_in_them():
    data = make_data()
    job = make_job(*COLUMNS["forum"], data=data)
    _, plan = batch_plan(job)
    drawn = np.concatenate(plan.epoch(0))
    assert sorted(drawn) == np.flatnonzero(data.train.sources == 1).tolist()
    alone = replace(data, train=pick(data.train, np.flatnonzero(data.train.sources == 1)))
    _, own = batch_plan(make_job(*COLUMNS["forum"], data=alone))
    assert len(plan.epoch(0)) > len(own.epoch(0))
