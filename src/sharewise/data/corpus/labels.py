"""Majority labels with the published rates and correlations."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sharewise.data.corpus.criteria import CORRELATIONS, CRITERIA, FIRST_TURNS, LATER_FALL, RATES
from sharewise.data.corpus.draws import Draws

_GIVEN = {"interestingness": "specificity", "unbias": "harmlessness", "consistency": "no_hallucination"}
"""criterion -> the correlated criterion that it is drawn after."""


def sample_labels(first: npt.NDArray[np.bool_], draws: Draws) -> npt.NDArray[np.bool_]:
    """Draw the majority labels of every row.

    Three pairs of criteria are correlated: the second of a pair is drawn with its own rate, the
    first with a probability that depends on the second alone. Their overall correlation then holds
    however the second's rate differs between turns. All else is independent, which is as near to the
    two published correlations of almost zero as anything.

    Args:
        first: (rows,) whether the row is the first turn of its dialogue.
        draws: the corpus's random numbers.

    Returns:
        (rows, criteria) in the order of `CRITERIA`; true is the positive label.
    """
    rows = len(first)
    negative = np.zeros((rows, len(CRITERIA)), dtype=np.bool_)
    for criterion in sorted(CRITERIA, key=lambda name: name in _GIVEN):
        chance = draws.uniform(f"label of {criterion}", rows)
        if criterion in _GIVEN:
            given = negative[:, CRITERIA.index(_GIVEN[criterion])]
            after_negative, after_positive = conditional_rates(criterion, _GIVEN[criterion])
            threshold = np.where(given, after_negative, after_positive)
        else:
            in_first, in_later = rates_by_turn(criterion)
            threshold = np.where(first, 1 - in_first, 1 - in_later)
        negative[:, CRITERIA.index(criterion)] = chance < threshold
    return ~negative


def rates_by_turn(criterion: str) -> tuple[float, float]:
    """Return the rates of positives in first and in later turns that give the overall rate."""
    kept = 1 - LATER_FALL.get(criterion, 0.0)
    in_first = RATES[criterion] / (FIRST_TURNS + (1 - FIRST_TURNS) * kept)
    return in_first, kept * in_first


def conditional_rates(criterion: str, given: str) -> tuple[float, float]:
    """Return P(negative | given negative) and P(negative | given positive).

    They follow from the two rates and phi: P(both negative) is the product of the negative rates
    plus phi times both standard deviations.
    """
    negative, negative_given = 1 - RATES[criterion], 1 - RATES[given]
    spread = math.sqrt(negative * (1 - negative) * negative_given * (1 - negative_given))
    both = negative * negative_given + CORRELATIONS[criterion, given] * spread
    return both / negative_given, (negative - both) / (1 - negative_given)
