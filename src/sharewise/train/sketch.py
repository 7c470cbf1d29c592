"""A model near its weights as a linear one: outputs, and their gradients in a few random dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from sharewise.data.table import Table
from sharewise.data.tokens import TokenStore
from sharewise.models.encoder import derived_seed
from sharewise.tasks import Array
from sharewise.train.learners import HeadsLearner


@dataclass(frozen=True)
class Linear:
    """One task's cells of some rows, as a linear model of the weights' change sees them.

    Attributes:
        outputs: of the model as it is, ``(cells, outputs)``.
        gradients: of each output, projected: ``(cells, outputs, dimensions)``.
        targets: ``(cells, target_width)``.
    """

    outputs: torch.Tensor
    gradients: torch.Tensor
    targets: torch.Tensor


def pick_rows(table: Table, tasks: Sequence[str], cells: int, seed: int) -> dict[str, Array]:
    """Draw rows until each task has ``cells`` of its own, or all that there are; rows serve several tasks at once.

    Returns:
        Task -> its rows, ``(cells,)``, sorted.
    """
    present = {task: table.present(task) for task in tasks}
    found: dict[str, list[int]] = {task: [] for task in tasks}
    for row in np.random.default_rng(seed).permutation(len(table.rows)).tolist():
        for task in tasks:
            if present[task][row] and len(found[task]) < cells:
                found[task].append(row)
    return {task: np.array(sorted(rows), dtype=np.int64) for task, rows in found.items()}


class Sketch:
    """Projects gradients of all trained parameters onto random dimensions, keeping inner products on average.

    Each parameter is added, with a random sign, to one random dimension (Charikar et al., 2002; Weinberger et al.,
    2009, §2). That takes memory and time of the parameters' number, a dense projection that times the dimensions.

    Args:
        model: its trained parameters, by name, decide with the seed.
        dimensions: of the projection.
        seed: of the run.
    """

    def __init__(self, model: nn.Module, dimensions: int, seed: int) -> None:
        self.dimensions = dimensions
        self.parameters = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        # The upper half of the places are those of a minus sign.
        self.places = [
            torch.randint(
                2 * dimensions,
                (p.numel(),),
                generator=torch.Generator().manual_seed(derived_seed(seed, f"sketch {name}")),
                dtype=torch.int32,
            ).to(p.device)
            for name, p in self.parameters
        ]

    def gradient(self, output: torch.Tensor) -> torch.Tensor:
        """Return the projected gradient of one number, ``(dimensions,)``."""
        gradients = torch.autograd.grad(
            output, [p for _, p in self.parameters], retain_graph=True, allow_unused=True
        )
        sums = torch.zeros(2 * self.dimensions, device=output.device)
        for places, gradient in zip(self.places, gradients, strict=True):
            if gradient is not None:
                sums.index_add_(0, places, gradient.flatten().float())
        return sums[: self.dimensions] - sums[self.dimensions :]


def linearise(
    learner: HeadsLearner,
    sketch: Sketch,
    table: Table,
    store: TokenStore,
    rows: Mapping[str, Array],
) -> dict[str, Linear]:
    """Compute outputs and projected gradients of each task's rows, one text after another, dropout off, in float32.

    Args:
        learner: with the weights around which is linearised.
        sketch: the projection.
        table: a split.
        store: its tokens.
        rows: task -> rows that hold a cell of it.
    """
    learner.eval()
    precision, learner.precision = learner.precision, "fp32"
    found: dict[str, tuple[list[torch.Tensor], list[torch.Tensor]]] = {task: ([], []) for task in rows}
    asked = {task: set(own.tolist()) for task, own in rows.items()}
    for row in sorted(set().union(*asked.values())):
        tokens = store.batch(np.array([row])).to(learner.device)
        outputs = learner.answer(tokens, {})
        for task, (values, gradients) in found.items():
            if row in asked[task]:
                values.append(outputs[task][0].detach())
                gradients.append(torch.stack([sketch.gradient(output) for output in outputs[task][0]]))
    learner.precision = precision
    return {
        task: Linear(
            outputs=torch.stack(values).cpu(),
            gradients=torch.stack(gradients).cpu(),
            targets=torch.from_numpy(table.targets[task][rows[task]]),
        )
        for task, (values, gradients) in found.items()
    }
