"""Curriculum by rater agreement: rows on which the raters agreed come first (Bengio et al., ICML 2009)."""

from __future__ import annotations

import math
from typing import Literal, final

import numpy as np
from pydantic import Field

from sharewise.data.table import StudyData
from sharewise.options import Options
from sharewise.tasks import Array


class CurriculumOptions(Options):
    """Keys of `training.curriculum`."""

    start: float = Field(
        default=0.5,
        gt=0.0,
        lt=1.0,
        description="share of the rows, those that the raters agreed on most, that the first epoch draws from",
    )
    until: float = Field(
        default=0.5,
        gt=0.0,
        le=1.0,
        description="share of the epochs after which all rows are drawn from; the last epoch always does",
    )
    pace: Literal["linear", "root", "step"] = Field(
        default="root",
        description="how the share grows from `start` to all rows: evenly, fast at first, or at once",
    )


def difficulty(data: StudyData) -> Array:
    """Return how much the raters disagreed on each training row, ``(rows,)``, from 0 (unanimous) to under 1.

    It is 1 minus the share of the votes for the label with the most, averaged over all tasks of the study of which the
    row has a cell and votes: the same for every arm, whatever its model's tasks are. A row without votes has 0.
    """
    table = data.train
    total, known = np.zeros(len(table)), np.zeros(len(table))
    for task, votes in table.votes.items():
        cast = votes.sum(axis=1)
        held = table.present(task) & (cast > 0)
        total[held] += 1 - votes[held].max(axis=1) / cast[held]
        known[held] += 1
    return total / np.maximum(known, 1)


@final
class Curriculum:
    """Which rows an epoch draws from.

    In epoch e of E, both from zero, the competence (Platanios et al., NAACL 2019, eq. 5 and 7) is, with
    t = min(1, e / (until (E - 1))) and c_0 = start,

        linear: c = c_0 + (1 - c_0) t
        root:   c = sqrt(c_0^2 + (1 - c_0^2) t)
        step:   c = 1 where t = 1, else c_0

    and of each data set the rows are drawn from that are at most as difficult as its quantile c: those that are as
    difficult as the last one come along, so that all unanimous rows come together. An epoch is as many rows as ever,
    of which easy ones are drawn more than once: arms with and without a curriculum make about the same updates.

    Args:
        data: whose votes say how difficult rows are.
        options: start and pace.
        epochs: of the training.
    """

    def __init__(self, data: StudyData, options: CurriculumOptions, epochs: int) -> None:
        self.options = options
        self.epochs = epochs
        self.difficulty = difficulty(data)
        self.sources = data.train.sources

    def competence(self, epoch: int) -> float:
        """Return the share of the rows that an epoch (zero-based) draws from at least."""
        start = self.options.start
        done = min(1.0, epoch / (self.options.until * (self.epochs - 1)))
        if self.options.pace == "linear":
            return start + (1 - start) * done
        if self.options.pace == "root":
            return math.sqrt(start**2 + (1 - start**2) * done)
        return 1.0 if done == 1.0 else start

    def admitted(self, epoch: int) -> Array:
        """Return which rows an epoch draws from: bool ``(rows,)``, some of each data set."""
        share = self.competence(epoch)
        admitted = np.ones(len(self.difficulty), dtype=bool)
        if share < 1.0:
            for source in np.unique(self.sources):
                rows = np.flatnonzero(self.sources == source)
                last = math.ceil(share * len(rows)) - 1
                admitted[rows] = self.difficulty[rows] <= np.sort(self.difficulty[rows])[last]
        return admitted
