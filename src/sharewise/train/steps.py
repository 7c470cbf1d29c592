"""From row numbers to what a step computes with: each task's cells; and the steps of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import torch

from sharewise.data.batches import BatchPlan
from sharewise.data.table import Table
from sharewise.tasks import Array
from sharewise.train.cells import Cells
from sharewise.train.job import Job
from sharewise.train.techniques import Curriculum


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
    options, epochs = job.training.curriculum, job.training.epochs
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
        admitted=None if options is None else Curriculum(job.data, options, epochs).admitted,
    )
    return targets, plan


def planned_updates(targets: Targets, plan: BatchPlan, epochs: int) -> dict[str, int]:
    """Count the updates of each task: steps that hold at least one of its cells."""
    planned = np.zeros(len(targets.tasks), dtype=np.int64)
    for epoch in range(epochs):
        for rows in plan.epoch(epoch):
            planned += targets.present[rows].any(axis=0)
    return dict(zip(targets.tasks, planned.tolist(), strict=True))
