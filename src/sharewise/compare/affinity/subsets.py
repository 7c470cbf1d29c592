"""What a model of any subset of the tasks would reach, estimated without training it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from sharewise.stats.partition import members_of
from sharewise.tasks import Array, Task
from sharewise.train.sketch import Linear

# Tasks up to which every subset is estimated; of more, pairs are, and single tasks.
MOST_SUBSETS = 10
# Strengths of the penalty that are tried, next to features of unit length.
_PENALTIES = (0.001, 0.01, 0.1, 1.0)
_CHUNK = 256
_ITERATIONS = 100


@dataclass(frozen=True)
class SubsetLosses:
    """Estimated validation losses.

    Attributes:
        sets: 0 or 1, which tasks each subset holds, ``(sets, tasks)``.
        losses: of each task in a model of each subset, ``(sets, tasks)``; NaN where the subset doesn't hold it.
        penalty: the strength that was taken.
    """

    sets: Array
    losses: Array
    penalty: float

    @property
    def gains(self) -> Array:
        """What each task gains over a model of its own: the share of its loss, ``(sets, tasks)``."""
        alone = np.array([self.losses[self.row((task,)), task] for task in range(self.sets.shape[1])])
        return np.asarray(1.0 - self.losses / alone)

    def row(self, tasks: Sequence[int]) -> int:
        """Return the row of a subset.

        Raises:
            KeyError: where it was not estimated.
        """
        wanted = np.zeros(self.sets.shape[1], dtype=self.sets.dtype)
        wanted[list(tasks)] = 1
        (rows,) = np.nonzero((self.sets == wanted).all(axis=1))
        if not len(rows):
            raise KeyError(tuple(tasks))
        return int(rows[0])


def estimate_subsets(
    tasks: Mapping[str, Task],
    weights: Mapping[str, float],
    train: Mapping[str, Linear],
    validation: Mapping[str, Linear],
) -> SubsetLosses:
    """Estimate the validation loss of each task in a model of every subset of the tasks.

    The model of all tasks, with weights theta, is taken for linear in their change (Li et al., 2024, "Scalable
    fine-tuning from multiple data sources", eq. 2; Li, Sharma and Zhang, 2024, "Scalable multitask learning using
    gradient-based estimation of task affinity", §3.2, there for binary labels):

        f_t(x; theta + P w)  =  f_t(x; theta) + (P^T grad f_t(x; theta))^T w        (outputs,)
        w_S  =  argmin_w  sum over t in S of weight_t · mean over training cells of loss_t(f_t(x; theta + P w))
                          + penalty · |w|^2 / 2                                       (dimensions,)
        L_t(S)  =  mean over validation cells of loss_t(f_t(x; theta + P w_S))

    P is a random projection; loss_t is the task's own, so that every kind of task is fitted alike. The gradients are
    scaled to a root mean square length of 1. One penalty serves all subsets: the one with which models of single tasks
    have the lowest estimated validation loss, each next to the loss before.

    Args:
        tasks: by name; up to ``MOST_SUBSETS`` all their subsets are estimated, else single tasks, pairs, and all.
        weights: of their losses.
        train: their training cells.
        validation: their validation cells.
    """
    sets = _sets(len(tasks))
    size = (
        torch.cat([part.gradients.flatten(0, 1) for part in train.values()]).square().sum(dim=1).mean().sqrt()
    )
    size = size.clamp_min(1e-12)
    problem = _Problem(tasks, weights, _scaled(train, size), _scaled(validation, size))
    alone = np.eye(len(tasks), dtype=sets.dtype)
    before = problem.validation_losses(torch.zeros(1, problem.dimensions))[0]
    ratios = []
    for penalty in _PENALTIES:
        own = problem.validation_losses(problem.fit(alone, penalty)).diagonal()
        ratios.append(float((own / before).mean()))
    penalty = _PENALTIES[int(np.nanargmin(ratios))]
    losses = np.concatenate(
        [
            problem.validation_losses(problem.fit(sets[i : i + _CHUNK], penalty)).numpy()
            for i in range(0, len(sets), _CHUNK)
        ]
    )
    return SubsetLosses(sets=sets, losses=np.where(sets > 0, losses, np.nan), penalty=penalty)


class _Problem:
    """The linear models of all subsets, fitted together: their weights don't meet in any term."""

    def __init__(
        self,
        tasks: Mapping[str, Task],
        weights: Mapping[str, float],
        train: Mapping[str, Linear],
        validation: Mapping[str, Linear],
    ) -> None:
        self.tasks = tasks
        self.weights = torch.tensor([weights[name] for name in tasks])
        self.train = train
        self.validation = validation
        self.dimensions = next(iter(train.values())).gradients.shape[-1]

    def fit(self, sets: Array, penalty: float) -> torch.Tensor:
        """Return the weights of the subsets' models, ``(sets, dimensions)``."""
        inside = torch.from_numpy(sets).float() * self.weights
        fitted = torch.zeros(len(sets), self.dimensions, requires_grad=True)
        optimizer = torch.optim.LBFGS(
            [fitted],
            max_iter=_ITERATIONS,
            history_size=20,
            line_search_fn="strong_wolfe",
            tolerance_grad=1e-6,
            # A sum over many subsets, in float32, stands still long before the weights do.
            tolerance_change=0.0,
        )

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = (inside * self._losses(self.train, fitted)).sum()
            loss = loss + penalty * fitted.square().sum() / 2
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimizer.step(closure)  # type: ignore[no-untyped-call]
        return fitted.detach()

    def validation_losses(self, fitted: torch.Tensor) -> torch.Tensor:
        """Return every task's validation loss under each model, whether fitted to it or not, ``(sets, tasks)``."""
        with torch.no_grad():
            return self._losses(self.validation, fitted)

    def _losses(self, parts: Mapping[str, Linear], fitted: torch.Tensor) -> torch.Tensor:
        return torch.stack([self._loss(name, part, fitted) for name, part in parts.items()], dim=1)

    def _loss(self, name: str, part: Linear, fitted: torch.Tensor) -> torch.Tensor:
        cells, outputs, dimensions = part.gradients.shape
        changes = fitted @ part.gradients.reshape(-1, dimensions).T
        moved = part.outputs + changes.view(len(fitted), cells, outputs)
        targets = part.targets.expand(len(fitted), *part.targets.shape)
        each = self.tasks[name].loss(moved.flatten(0, 1), targets.flatten(0, 1))
        return each.view(len(fitted), cells).mean(dim=1)


def _scaled(parts: Mapping[str, Linear], size: torch.Tensor) -> dict[str, Linear]:
    return {name: Linear(p.outputs, p.gradients / size, p.targets) for name, p in parts.items()}


def _sets(tasks: int) -> Array:
    """Return the subsets that are estimated, ``(sets, tasks)``."""
    if tasks <= MOST_SUBSETS:
        return members_of(tasks)[1:]
    return np.array(list(_few(tasks)), dtype=np.int64)


def _few(tasks: int) -> Iterator[Array]:
    single = np.eye(tasks, dtype=np.int64)
    yield from single
    for one in range(tasks):
        for other in range(one + 1, tasks):
            yield single[one] + single[other]
    yield np.ones(tasks, dtype=np.int64)
