"""How the outputs of an ordinal task's head become probabilities of levels: CORN, or a cumulative link."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from torch.nn import functional

from sharewise.tasks.task import Array

# Cut points keep so far apart, so that no level's likelihood is zero.
_LEAST = 1e-4


class Link(ABC):
    """Outputs ``(cells, levels - 1)``, one a step from one level to the next, as probabilities of levels."""

    @abstractmethod
    def likelihood(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Log-probability of each cell's level: ``(cells, levels - 1)``, ``(cells, 1)`` -> ``(cells,)``."""

    @abstractmethod
    def log_probabilities(self, outputs: torch.Tensor) -> torch.Tensor:
        """Log-probability of each level, ``(cells, levels)``."""

    @abstractmethod
    def reached(self, outputs: torch.Tensor) -> torch.Tensor:
        """Probabilities of each level but the lowest, or a higher one; they never rise with the level."""


@final
class Corn(Link):
    """A logit a step: whether a row that got there goes on (Shi, Cao and Raschka, 2023)."""

    def likelihood(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """See Link."""
        steps = torch.arange(outputs.shape[1], device=outputs.device)
        over, reached = (targets > steps).to(outputs.dtype), targets >= steps
        each = functional.binary_cross_entropy_with_logits(outputs, over, reduction="none")
        return -(each * reached).sum(dim=1)

    def log_probabilities(self, outputs: torch.Tensor) -> torch.Tensor:
        """See Link: of reaching the level, and of not being over it."""
        reached = functional.pad(functional.logsigmoid(outputs).cumsum(dim=1), (1, 0))
        return reached + functional.pad(functional.logsigmoid(-outputs), (0, 1))

    def reached(self, outputs: torch.Tensor) -> torch.Tensor:
        """See Link."""
        return functional.logsigmoid(outputs).cumsum(dim=1).exp()


@final
class Cumulative(Link):
    """Proportional odds (McCullagh, 1980): logit P(at least level k) = f(text) - c_k, with rising c.

    The first output is f, what it is off the first cut point; the others are constants that widen or narrow the
    distances of the cut points, which begin where the training labels' shares put them.

    Args:
        cuts: logit of the share of training rows at each level but the lowest, or a higher one; falling.
    """

    def __init__(self, cuts: Sequence[float]) -> None:
        self.cuts = tuple(cuts)

    @classmethod
    def of(cls, counts: Array, rows: float) -> Cumulative:
        """With cut points from the training rows of each level, ``(levels,)``, half a row added on both sides."""
        reached = np.cumsum(counts[::-1])[::-1][1:]
        return cls(np.log((reached + 0.5) / (rows - reached + 0.5)).tolist())

    def likelihood(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """See Link."""
        return self.log_probabilities(outputs).gather(1, targets.long())[:, 0]

    def log_probabilities(self, outputs: torch.Tensor) -> torch.Tensor:
        """See Link; sigmoid(a) - sigmoid(b) is taken as sigmoid(a) sigmoid(-b) (1 - e^(b - a)), which can't vanish."""
        distances = self._distances(outputs)
        logits = self._logits(outputs, distances)
        log = functional.pad(functional.logsigmoid(logits), (1, 0))
        log = log + functional.pad(functional.logsigmoid(-logits), (0, 1))
        return log + functional.pad(torch.log(-torch.expm1(-distances)), (1, 1))

    def reached(self, outputs: torch.Tensor) -> torch.Tensor:
        """See Link."""
        return torch.sigmoid(self._logits(outputs, self._distances(outputs)))

    def _logits(self, outputs: torch.Tensor, distances: torch.Tensor) -> torch.Tensor:
        first = self.cuts[0] + outputs[:, :1]
        return torch.cat([first, first - distances.cumsum(dim=1)], dim=1)

    def _distances(self, outputs: torch.Tensor) -> torch.Tensor:
        """Of each cut point from the one before, ``(cells, levels - 2)``."""
        between = (-outputs.new_tensor(self.cuts).diff()).clamp(min=_LEAST)
        # The inverse of softplus, so that zeros leave the distances as they are.
        start = between + torch.log(-torch.expm1(-between))
        return functional.softplus(start + outputs[:, 1:]) + _LEAST
