"""From row numbers to what a step computes with: tokens, and each task's cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch

from sharewise.data.batches import BatchPlan
from sharewise.data.table import Table
from sharewise.tasks import Array, SoftTask, Task
from sharewise.train.job import Job


@dataclass(frozen=True)
class Cells:
    """One task's cells in (a part of) a step.

    Attributes:
        index: rows of the part that hold a cell, int64 ``(cells,)``.
        targets: ``(cells, target_width)``.
        total: cells of the whole step, over all parts and processes.
        shares: the labels' shares to train on instead of the targets, ``(cells, labels)``.
        weights: of the cells' losses, ``(cells,)``.
    """

    index: torch.Tensor
    targets: torch.Tensor
    total: int
    shares: torch.Tensor | None = None
    weights: torch.Tensor | None = None

    def share_of_mean(self, each: torch.Tensor) -> torch.Tensor:
        """Turn the cells' losses ``(cells,)`` into their share of the step's mean, a scalar."""
        return (each if self.weights is None else each * self.weights).sum() / self.total


class Targets:
    """The target block of one split, with holes, for the tasks of one model."""

    def __init__(self, table: Table, tasks: Sequence[str]) -> None:
        self.tasks = tuple(tasks)
        self.values = {t: table.targets[t] for t in self.tasks}
        self.shares = {t: table.soft[t] for t in self.tasks if t in table.soft}
        self.weights = {t: table.loss_weights[t] for t in self.tasks if t in table.loss_weights}
        self.present = np.stack([table.present(t) for t in self.tasks], axis=1)

    @property
    def own(self) -> Array:
        """Rows that hold at least one of the tasks' cells: bool ``(rows,)``."""
        return np.asarray(self.present.any(axis=1))

    def holding(self, rows: Array, tasks: Sequence[str]) -> Array:
        """Those of the rows that hold at least one cell of these tasks."""
        columns = [self.tasks.index(t) for t in tasks]
        return np.asarray(rows[self.present[rows][:, columns].any(axis=1)])

    def counts(self, rows: Array) -> dict[str, int]:
        """Cells of each task in these rows."""
        return dict(zip(self.tasks, self.present[rows].sum(axis=0).tolist(), strict=True))

    def cells(self, rows: Array, totals: Mapping[str, int], device: torch.device) -> dict[str, Cells]:
        """Gather the cells in these rows of every task that has any in the whole step."""
        gathered = {}
        for column, task in enumerate(self.tasks):
            if totals[task]:
                index = np.flatnonzero(self.present[rows, column])
                targets, shares, weights = (
                    torch.from_numpy(blocks[task][rows[index]]).to(device) if task in blocks else None
                    for blocks in (self.values, self.shares, self.weights)
                )
                place = torch.from_numpy(index).to(device)
                gathered[task] = Cells(place, cast(torch.Tensor, targets), totals[task], shares, weights)
        return gathered


def batch_plan(job: Job) -> tuple[Targets, BatchPlan]:
    """Return a job's target block and its batches, which the whole study's rows shape."""
    targets = Targets(job.data.train, list(job.tasks))
    plan = BatchPlan(
        lengths=job.sizes,
        sources=job.data.train.sources,
        own=targets.own,
        batch_tokens=job.training.batch_tokens,
        batch_rows=job.training.batch_rows,
        temperature=job.training.temperature,
        seed=job.seed,
        needed=np.stack([job.data.train.present(t) for t in job.data.tasks], axis=1)
        if job.every_task
        else None,
    )
    return targets, plan


def planned_updates(targets: Targets, plan: BatchPlan, epochs: int) -> dict[str, int]:
    """Count the updates of each task: steps that hold at least one of its cells."""
    planned = np.zeros(len(targets.tasks), dtype=np.int64)
    for epoch in range(epochs):
        for rows in plan.epoch(epoch):
            planned += targets.present[rows].any(axis=0)
    return dict(zip(targets.tasks, planned.tolist(), strict=True))


def task_losses(
    outputs: Mapping[str, torch.Tensor], cells: Mapping[str, Cells], tasks: Mapping[str, Task]
) -> dict[str, torch.Tensor]:
    """Return each task's share of its mean loss over the step's cells, a scalar each.

    Summed over parts and processes the shares give the mean over all present cells of the step. A part without a
    cell of a task that the step does hold gives a zero that still reaches the task's parameters, which keeps processes
    in step with each other.
    """
    losses = {}
    for name, cell in cells.items():
        if len(cell.index):
            each = cell_losses(tasks[name], outputs[name][cell.index], cell.targets, cell.shares)
            losses[name] = cell.share_of_mean(each)
        else:
            losses[name] = outputs[name].sum() * 0.0
    return losses


def cell_losses(
    task: Task, outputs: torch.Tensor, targets: torch.Tensor, shares: torch.Tensor | None
) -> torch.Tensor:
    """Return the loss of each cell, ``(cells,)``: against the shares of votes where the task is trained on them."""
    if shares is None:
        return task.loss(outputs, targets)
    return cast(SoftTask, task).soft_loss(outputs, shares)
