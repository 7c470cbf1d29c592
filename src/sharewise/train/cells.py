"""A step's cells, and the tasks' losses over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch

from sharewise.tasks import SoftTask, Task


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
