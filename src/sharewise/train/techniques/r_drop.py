"""R-Drop: two dropout masks are to give one answer (Wu, Li, et al., NeurIPS 2021)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import Field

from sharewise.options import Options
from sharewise.tasks import Task
from sharewise.train.cells import Cells, task_losses


class RDropOptions(Options):
    """Keys of `training.r_drop`."""

    alpha: float = Field(
        default=1.0,
        gt=0.0,
        allow_inf_nan=False,
        description="weight of the divergence between the two answers; the paper takes 0.1 to 1 to tune an encoder",
    )


def r_drop_losses(
    one: Mapping[str, torch.Tensor],
    other: Mapping[str, torch.Tensor],
    cells: Mapping[str, Cells],
    tasks: Mapping[str, Task],
    options: RDropOptions,
) -> dict[str, torch.Tensor]:
    """Return each task's share of its loss over the step's cells, a scalar each, as ``task_losses`` does.

    With P_1 and P_2 the answers to a cell under two dropout masks (Wu et al., 2021, eq. 1 to 4):

        L_NLL = - log P_1(y | x) - log P_2(y | x)
        L_KL  = (KL(P_1 || P_2) + KL(P_2 || P_1)) / 2
        L     = L_NLL / 2 + alpha L_KL

    The paper adds the two likelihoods up; halved, as in its authors' code, a task's loss stays on its scale. The
    divergence is the kind of task's own (``Task.divergence``), and counts in cells alone, as the loss does.

    Args:
        one: outputs under the first mask, ``(batch, outputs)`` by task.
        other: outputs under the second.
        cells: task -> its cells.
        tasks: the model's tasks.
        options: the weight of the divergence.
    """
    first, second = task_losses(one, cells, tasks), task_losses(other, cells, tasks)
    losses = {}
    for name, cell in cells.items():
        apart = tasks[name].divergence(one[name][cell.index], other[name][cell.index])
        losses[name] = (first[name] + second[name]) / 2 + options.alpha * cell.share_of_mean(apart)
    return losses
