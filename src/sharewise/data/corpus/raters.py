"""Three simulated raters: who disagrees about what, and how often."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from sharewise.data.corpus.criteria import CRITERIA, DISAGREEMENT_SHARES, ROWS_WITHOUT_DISAGREEMENT, SUBTLE
from sharewise.data.corpus.draws import Draws

RATERS = 3
_SUBTLE_ODDS = 6.0
"""How many times more often raters disagree over subtle text than over plain text."""
_MISREAD = 0.3
"""Share of disputed cells in which two of the three raters read the text against what was written."""


@cache
def disagreement_rates() -> dict[str, float]:
    """Return each criterion's share of rows with a disagreement.

    They have the published proportions, and leave the published share of rows without any.
    """

    def excess(total: float) -> float:
        none = math.prod(1 - total * share for share in DISAGREEMENT_SHARES.values())
        return none - ROWS_WITHOUT_DISAGREEMENT

    total = float(brentq(excess, 0.0, 1.0, xtol=1e-12))
    return {criterion: total * share for criterion, share in DISAGREEMENT_SHARES.items()}


def sample_difficulty(rows: int, draws: Draws) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Draw which cells have subtle text and which the raters disagree about, the former more often.

    Returns:
        subtle and disputed, (rows, criteria) each.
    """
    subtle = np.zeros((rows, len(CRITERIA)), dtype=np.bool_)
    disputed = np.zeros_like(subtle)
    for index, criterion in enumerate(CRITERIA):
        share = SUBTLE[criterion]
        plain = disagreement_rates()[criterion] / (1 + (_SUBTLE_ODDS - 1) * share)
        place = draws.stratified(f"difficulty of {criterion}", rows)
        subtle[:, index] = place < share
        disputed[:, index] = np.where(
            subtle[:, index], place < share * _SUBTLE_ODDS * plain, place - share < (1 - share) * plain
        )
    return subtle, disputed


def yes_counts(majority: npt.NDArray[np.bool_], disputed: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    """Count the raters who say yes, (rows, criteria): all or none, or one less or more where disputed."""
    agreeing = np.where(disputed, RATERS - 1, RATERS)
    return np.where(majority, agreeing, RATERS - agreeing).astype(np.int8)


def sample_written(
    majority: npt.NDArray[np.bool_], disputed: npt.NDArray[np.bool_], draws: Draws
) -> npt.NDArray[np.bool_]:
    """Draw what the text shows, (rows, criteria): what the majority says, but for some disputed cells."""
    written = majority.copy()
    for index, criterion in enumerate(CRITERIA):
        written[:, index] ^= disputed[:, index] & (
            draws.uniform(f"misread {criterion}", len(majority)) < _MISREAD
        )
    return written
