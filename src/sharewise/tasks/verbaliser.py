"""A task in words: the texts that stand for its answers, for models that read and write text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True, kw_only=True)
class Verbaliser:
    """What a model may answer to a task, and what its answers mean (Schick and Schütze, EACL 2021).

    Several labels at once are a set of answers too: one for each combination of labels.

    Attributes:
        names: each answer as messages name it: the label, or the number.
        texts: what the model writes for each answer.
        choose: targets ``(cells, target_width)`` without holes to the number of the right answer, int64 ``(cells,)``.
        outputs: log-probabilities of the answers ``(cells, answers)`` to the outputs ``(cells, task.outputs)`` that a
            head would give: ``activate`` turns them into the task's probabilities or values.
    """

    names: tuple[str, ...]
    texts: tuple[str, ...]
    choose: Callable[[torch.Tensor], torch.Tensor]
    outputs: Callable[[torch.Tensor], torch.Tensor]


def first_column(targets: torch.Tensor) -> torch.Tensor:
    """The class index, where targets are class indices."""
    return targets[:, 0].long()
