"""How many turns the dialogues have, and where a split cuts between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sharewise.data.corpus.draws import Draws

_LENGTHS = (0.45, 0.25, 0.15, 0.15)
"""Shares of dialogues with 1, 2, 3 and 4 turns: 2 on average, so half of all rows are first turns."""

MAX_TURNS = len(_LENGTHS)


@dataclass(frozen=True)
class Turns:
    """Which dialogue and which turn each row is."""

    dialogue: npt.NDArray[np.int64]
    """(rows,) from 0."""
    turn: npt.NDArray[np.int64]
    """(rows,) from 1."""

    @property
    def dialogues(self) -> int:
        """The number of dialogues."""
        return int(self.dialogue[-1]) + 1


def sample_turns(split_rows: Sequence[int], draws: Draws) -> Turns:
    """Draw dialogues, one after another, such that every split has exactly its number of rows.

    The last dialogue of a split is cut where the split is full, so no dialogue is in two splits.
    """
    lengths = 1 + np.searchsorted(np.cumsum(_LENGTHS)[:-1], draws.uniform("turns", sum(split_rows)), "right")
    kept, used = [], 0
    for rows in split_rows:
        ends = np.cumsum(lengths[used:])
        count = int(np.searchsorted(ends, rows)) + 1
        block = lengths[used : used + count].copy()
        block[-1] -= int(ends[count - 1]) - rows
        kept.append(block)
        used += count
    spans = np.concatenate(kept)
    dialogue = np.repeat(np.arange(len(spans)), spans)
    starts = np.repeat(np.cumsum(spans) - spans, spans)
    return Turns(dialogue=dialogue, turn=np.arange(len(dialogue)) - starts + 1)
