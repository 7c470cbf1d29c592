"""A verdict in one plain sentence."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from sharewise.compare.verdict import Verdict
from sharewise.stats.metrics import METRICS

_MOST_DECIMALS = 4
ALPHA = 0.05
"""Of the family of verdicts."""


def sentence(verdict: Verdict) -> str:
    """Say a verdict in plain English, in points of .01 or in the unit of a metric that has its own.

    What makes the comparison an unequal one is said with it.
    """
    return " ".join([_told(verdict), *(mark for mark in verdict.marks if mark.startswith("Unequal"))])


def _told(verdict: Verdict) -> str:
    task, arm = verdict.task, f"sharing ({verdict.arm})"
    if verdict.baseline != "single":
        arm = f"{verdict.arm}, compared with {verdict.baseline},"
    if verdict.difference is None or verdict.interval is None:
        reason = next((mark for mark in verdict.marks if mark.startswith("No verdict")), "No verdict.")
        return f"This data can't tell whether {arm} helps or hurts {task}. {reason}"
    values = [verdict.difference, *verdict.interval]
    if verdict.verdict == "hurts":
        values = [-values[0], -values[2], -values[1]]
    said, low, high = told(verdict.metric, values)
    size = f"{said} {_unit(verdict.metric, said)} ({low} to {high})"
    if verdict.verdict in ("helps", "hurts"):
        return _capital(f"{arm} {verdict.verdict} {task} by {size}.")
    if verdict.verdict == "equivalent":
        margin = _size(verdict.metric, verdict.margin)
        return _capital(f"{arm} makes no difference to {task} that matters: {size}, margin {margin}.")
    text = f"This data can't tell whether {arm} helps or hurts {task}"
    if verdict.deciding_rows == 0 and not any(values):
        return f"{text}: both answer every row alike, with every seed."
    text += f": {size}"
    if verdict.interval[0] * verdict.interval[1] > 0 and (verdict.p_adjusted or 0) > ALPHA:
        text += f" taken alone, which is not enough among {verdict.m} comparisons"
    if verdict.not_worse:
        text += f", not worse by more than {_size(verdict.metric, verdict.margin)}"
    if out_of_reach(verdict):
        return f"{text}; with so much noise it could show none."
    return f"{text}; it could show a difference of {_size(verdict.metric, verdict.detectable)}."


def out_of_reach(verdict: Verdict) -> bool:
    """Whether the detectable difference is one that no arm can make: a hundred points or more."""
    return METRICS[verdict.metric].in_points and verdict.detectable is not None and verdict.detectable >= 1


def told(metric: str, values: Sequence[float]) -> list[str]:
    """A difference and the bounds of its interval as readers see them, with the decimals that it deserves."""
    scaled = [value * (100 if METRICS[metric].in_points else 1) for value in values]
    scale = max(abs(scaled[0]), (max(scaled) - min(scaled)) / 10)
    decimals = min(_MOST_DECIMALS, max(0, 1 - floor(log10(scale)))) if scale else 0
    # A bound that isn't 0 must not look like 0: the interval would seem to hold it.
    while decimals < _MOST_DECIMALS and any(value and not round(value, decimals) for value in scaled[1:]):
        decimals += 1
    return [_number(value, decimals) for value in scaled]


def _number(value: float, decimals: int) -> str:
    text = f"{abs(value):.{decimals}f}"
    return f"−{text}" if value < 0 and float(text) else text


def _size(metric: str, value: float | None) -> str:
    if value is None:
        return "unknown size"
    said = told(metric, [value])[0]
    if "." in said:
        said = said.rstrip("0").rstrip(".")
    return f"{said} {_unit(metric, said)}"


def _unit(metric: str, said: str) -> str:
    if METRICS[metric].in_points:
        return "point" if said == "1" else "points"
    return f"({metric.upper()})"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
