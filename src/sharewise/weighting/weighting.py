"""A method at work in one run: what it remembers, and what it does to a step."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import torch
from torch import nn

from sharewise.weighting.method import Method, WeightingOptions
from sharewise.weighting.state import pack, unpack

_LEARNING_RATE = 1e-3


class Weighting(ABC):
    """A weighting in a run.

    Attributes:
        method: what it does.
        tasks: names of the run's tasks, in order.
        weights: each task's own weight, by which its loss is multiplied before all else.
    """

    method: Method
    tasks: tuple[str, ...]
    weights: Mapping[str, float]

    @abstractmethod
    def after_update(self, losses: Callable[[], Mapping[str, torch.Tensor]]) -> None:
        """Learn from a step that was made; ``losses`` computes those of the same cells anew."""

    @abstractmethod
    def after_epoch(self) -> None:
        """Learn from an epoch that has ended."""

    @abstractmethod
    def take_log(self) -> dict[str, float]:
        """Return the mean coefficient of each task's loss (or gradient) since the last call; may be empty."""

    @abstractmethod
    def state(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """Return all that a run must remember to go on bit for bit: tensors, and values ready for JSON."""

    @abstractmethod
    def load_state(self, tensors: Mapping[str, torch.Tensor], values: Mapping[str, Any]) -> None:
        """Put a state back."""


class _Log(nn.Module):
    """Sums of coefficients by task."""

    def __init__(self, tasks: int) -> None:
        super().__init__()
        self.sums = torch.zeros(tasks, dtype=torch.float64)
        self.counts = torch.zeros(tasks, dtype=torch.float64)

    def add(self, positions: Sequence[int], coefficients: torch.Tensor) -> None:
        """Note coefficients, ``(present,)``, of the tasks at these positions."""
        index = torch.tensor(positions)
        self.sums[index] += coefficients.detach().double().cpu()
        self.counts[index] += 1

    def take(self, tasks: Sequence[str]) -> dict[str, float]:
        """Return the means by task, and forget them."""
        means = {t: (self.sums[i] / self.counts[i]).item() for i, t in enumerate(tasks) if self.counts[i] > 0}
        self.sums, self.counts = torch.zeros_like(self.sums), torch.zeros_like(self.counts)
        return means


@final
class LossWeighting(Weighting):
    """Turns losses into coefficients, so that the step's loss is the sum of coefficient times loss.

    A scalarizer S has the gradient sum_t dS/dL_t grad L_t: the coefficients are dS/dL_t at the step's losses, which
    holds however the step is cut into parts or shared among processes. Weights that the method trains itself (the
    log-variances of uncertainty weighting, say) get the gradient of S too, and have an Adam of their own: at the rate
    of a pretrained encoder they would hardly move.
    """

    def __init__(
        self, method: Method, tasks: Sequence[str], weights: Mapping[str, float], options: WeightingOptions
    ) -> None:
        self.method = method
        self.tasks = tuple(tasks)
        self.weights = {t: weights[t] if method.weights else 1.0 for t in tasks}
        self.module = _Whole(method.make(len(self.tasks), options), len(self.tasks))
        trained = [p for p in self.module.parameters() if p.requires_grad]
        self._learns_after = hasattr(self.module.method, "update")
        rate = getattr(options, "rate", None) or _LEARNING_RATE
        self.optimizer = torch.optim.Adam(trained, lr=rate) if trained and not self._learns_after else None
        self._last: tuple[int, dict[str, torch.Tensor]] | None = None

    def coefficients(
        self, step: int, losses: Mapping[str, torch.Tensor]
    ) -> Mapping[str, float | torch.Tensor]:
        """Return the coefficient of each present task's loss.

        Args:
            step: zero-based number of the update; asked a second time for one, it answers as before and learns
                nothing, so that a step may be tried again.
            losses: of the whole step, scalars by task; detached.
        """
        if self.method.constant:
            return self.weights
        if len(self.tasks) == 1:
            return dict.fromkeys(losses, 1.0)
        if self._last is None or self._last[0] != step:
            self._last = step, self._compute(losses)
        return self._last[1]

    def after_update(self, losses: Callable[[], Mapping[str, torch.Tensor]]) -> None:
        """See Weighting."""
        if self._learns_after and len(self.tasks) > 1:
            self.module.method.update(self._weighted(losses()))

    def after_epoch(self) -> None:
        """See Weighting."""
        if hasattr(self.module.method, "step"):
            self.module.method.step()

    def take_log(self) -> dict[str, float]:
        """See Weighting."""
        return self.module.log.take(self.tasks)

    def state(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """See Weighting."""
        return pack(self.module, self.optimizer)

    def load_state(self, tensors: Mapping[str, torch.Tensor], values: Mapping[str, Any]) -> None:
        """See Weighting."""
        unpack(self.module, self.optimizer, tensors, values)

    def _compute(self, losses: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        values = self._weighted(losses).requires_grad_()
        trained = list(self.optimizer.param_groups[0]["params"]) if self.optimizer else []
        found, *own = torch.autograd.grad(self.module.method(values), [values, *trained])
        if self.optimizer:
            for parameter, gradient in zip(trained, own, strict=True):
                parameter.grad = gradient
            self.optimizer.step()
        coefficients = {t: c * self.weights[t] for t, c in zip(losses, found, strict=True)}
        self.module.log.add([self.tasks.index(t) for t in losses], torch.stack(list(coefficients.values())))
        return coefficients

    def _weighted(self, losses: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return torch.stack([self.weights[t] * v.detach().float().cpu() for t, v in losses.items()])


@final
class GradientWeighting(Weighting):
    """Turns a matrix of gradients, a row a task, into one gradient."""

    def __init__(
        self, method: Method, tasks: Sequence[str], weights: Mapping[str, float], options: WeightingOptions
    ) -> None:
        self.method = method
        self.tasks = tuple(tasks)
        self.weights = dict(weights)
        self.module = _Whole(method.make(len(self.tasks), options), len(self.tasks))

    @torch.no_grad()
    def aggregate(self, tasks: Sequence[str], blocks: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Combine gradients of these tasks' weighted losses.

        Methods that look at the gradients' scalar products alone never see the whole matrix in one piece.

        Args:
            tasks: whose gradients they are, ``present`` of them.
            blocks: columns of the matrix of gradients, ``(present, n)`` each.

        Returns:
            The combined gradient of each block, ``(n,)``.
        """
        method = self.module.method
        if len(tasks) == 1:
            return [block[0] for block in blocks]
        with warnings.catch_warnings():
            # What solvers say of a degenerate problem, or advise whoever posed it.
            warnings.simplefilter("ignore")
            if self.module.by_gramian:
                gramian = torch.stack([block @ block.T for block in blocks]).sum(dim=0)
                weights = method.gramian_weighting(gramian)
            elif self.module.by_weights:
                matrix = torch.cat(list(blocks), dim=1)
                weights = method.weighting(matrix)
            else:
                matrix = torch.cat(list(blocks), dim=1)
                return list(torch.split(method(matrix), [block.shape[1] for block in blocks]))
        self.module.log.add([self.tasks.index(t) for t in tasks], weights)
        return [weights @ block for block in blocks]

    def after_update(self, losses: Callable[[], Mapping[str, torch.Tensor]]) -> None:
        """See Weighting."""

    def after_epoch(self) -> None:
        """See Weighting."""

    def take_log(self) -> dict[str, float]:
        """See Weighting."""
        return self.module.log.take(self.tasks)

    def state(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """See Weighting."""
        return pack(self.module, None)

    def load_state(self, tensors: Mapping[str, torch.Tensor], values: Mapping[str, Any]) -> None:
        """See Weighting."""
        unpack(self.module, None, tensors, values)


class _Whole(nn.Module):
    """What a run remembers: TorchJD's module, and the log.

    Attributes:
        by_weights: whether it combines gradients by a weight a task.
        by_gramian: whether these weights follow from the gradients' scalar products.
    """

    def __init__(self, method: Any, tasks: int) -> None:
        from torchjd.aggregation import GramianWeightedAggregator, WeightedAggregator

        super().__init__()
        self.method = method
        self.by_weights = isinstance(method, WeightedAggregator)
        self.by_gramian = isinstance(method, GramianWeightedAggregator)
        self.log = _Log(tasks)
