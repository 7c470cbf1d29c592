"""Cross-entropy of labels, and what may be done to it: weights, smoothing, focus on hard cells.

Every form is the mean of a label's loss over the labels' shares: of one label, of raters' votes, or of either after
smoothing. So all of them go together, and with default keys each is the plain cross-entropy.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self, final

import torch
from pydantic import Field
from torch.nn import functional

from sharewise.options import Options

# The keys of a task that make its loss another than plain cross-entropy; each kind has some.
LOSS_KEYS = ("class_weights", "pos_weight", "label_smoothing", "gamma", "gamma_negative", "shift", "link")
# Keeps a power's gradient finite where its base is zero.
_TINY = torch.finfo(torch.float32).tiny


def focused(log: torch.Tensor, gamma: float) -> torch.Tensor:
    """Focal loss (Lin et al., ICCV 2017, eq. 4), -(1 - p)^gamma log p, of log-probabilities of any shape, in nats."""
    if gamma == 0:
        return -log
    return -log * (-torch.expm1(log)).clamp(min=_TINY) ** gamma


class Loss(Options, ABC):
    """How a task's loss differs from plain cross-entropy, with all that training rows decide filled in.

    It is saved with the run, as a part of what the task says of itself.
    """

    smoothing: float = Field(default=0.0, description="share of every label that is spread over all labels")

    @cached_property
    def plain(self) -> bool:
        """Whether this is plain cross-entropy."""
        return self == type(self)()

    def describe(self) -> dict[str, Any]:
        """What differs from plain cross-entropy, ready for JSON; empty if nothing does."""
        return {} if self.plain else {"loss": self.model_dump(mode="json", exclude_defaults=True)}

    @classmethod
    def restore(cls, description: Mapping[str, Any]) -> Self:
        """Make it again from what ``describe`` said among other things."""
        return cls.model_validate(description.get("loss", {}))


@final
class OneLabelLoss(Loss):
    """Of labels that exclude each other: sum over labels c of w_c q_c (1 - p_c)^gamma (-log p_c), q the shares."""

    weights: tuple[float, ...] = Field(default=(), description="w, one a label; all 1 where there is none")
    gamma: float = Field(default=0.0, description="focus on cells that the model gets wrong; 0 is none")

    def of_shares(self, log: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        """Loss of each cell: log-probabilities and shares, both ``(cells, labels)``, -> ``(cells,)``."""
        spread = shares * (1 - self.smoothing) + self.smoothing / shares.shape[1]
        each = focused(log, self.gamma) * spread
        return (each @ each.new_tensor(self.weights)) if self.weights else each.sum(dim=1)

    def of_labels(self, log: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Loss of each cell from the log-probability of its own label alone, which can't be smoothed.

        Args:
            log: ``(cells,)``.
            labels: class indices, int64 ``(cells,)``.
        """
        each = focused(log, self.gamma)
        return each * each.new_tensor(self.weights)[labels] if self.weights else each


@final
class YesNoLoss(Loss):
    """Of labels that hold or don't: w q (1 - p)^g+ (-log p) + (1 - q) p_m^g- (-log(1 - p_m)), p_m = max(p - m, 0).

    With g+ = g- and m = 0 this is the focal loss, else the asymmetric loss (Ridnik et al., ICCV 2021, eq. 7).
    """

    weights: tuple[float, ...] = Field(default=(), description="w, one an output; all 1 where there is none")
    gamma: float = Field(default=0.0, description="g+, of cells where the label holds")
    gamma_negative: float = Field(default=0.0, description="g-, of cells where it doesn't")
    shift: float = Field(default=0.0, description="m: negatives of a lower probability teach nothing")

    def __call__(self, outputs: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        """Loss of each label of each cell: logits and shares of yes -> loss, all ``(cells, outputs)``."""
        if self.plain:
            return functional.binary_cross_entropy_with_logits(outputs, shares, reduction="none")
        share = shares * (1 - self.smoothing) + self.smoothing / 2
        yes = focused(functional.logsigmoid(outputs), self.gamma) * share
        no = focused(self._log_of_no(outputs), self.gamma_negative) * (1 - share)
        return (yes * yes.new_tensor(self.weights) if self.weights else yes) + no

    def _log_of_no(self, outputs: torch.Tensor) -> torch.Tensor:
        if self.shift == 0:
            return functional.logsigmoid(-outputs)
        return torch.log1p(-(torch.sigmoid(outputs) - self.shift).clamp(min=_TINY))
