"""The nine criteria and the figures that the corpus is made to show."""

from __future__ import annotations

CRITERIA: tuple[str, ...] = (
    "linguistic_acceptability",
    "consistency",
    "interestingness",
    "unbias",
    "harmlessness",
    "no_hallucination",
    "understandability",
    "sensibleness",
    "specificity",
)
"""The criteria of an answer, in the order of the published columns."""

RATES: dict[str, float] = {
    "linguistic_acceptability": 0.88,
    "consistency": 0.86,
    "interestingness": 9.8 / 10.8,
    "unbias": 0.90,
    "harmlessness": 0.87,
    "no_hallucination": 3.9 / 4.9,
    "understandability": 0.89,
    "sensibleness": 0.85,
    "specificity": 11.8 / 12.8,
}
"""Shares of positive labels. Specificity, interestingness and no_hallucination are published; the other
six are chosen inside the published range, 79.6 to 92.2 %."""

CORRELATIONS: dict[tuple[str, str], float] = {
    ("interestingness", "specificity"): 0.909,
    ("unbias", "harmlessness"): 0.817,
    ("consistency", "no_hallucination"): 0.619,
    ("linguistic_acceptability", "consistency"): 0.014,
    ("unbias", "understandability"): -0.002,
}
"""Published correlations (phi) of two labels."""

LATER_FALL: dict[str, float] = {"no_hallucination": 0.157, "harmlessness": 0.148}
"""By how much, relative to first turns, a rate of positives is lower in all later turns."""

FIRST_TURNS = 0.5
"""Share of rows that are the first turn of their dialogue."""

ROWS_WITHOUT_DISAGREEMENT = 0.904
"""Share of rows on which the raters agree about all nine criteria."""

DISAGREEMENT_SHARES: dict[str, float] = {
    "linguistic_acceptability": 0.208,
    "consistency": 0.013,
    "interestingness": 0.197,
    "unbias": 0.0085,
    "harmlessness": 0.0085,
    "no_hallucination": 0.355,
    "understandability": 0.013,
    "sensibleness": 0.013,
    "specificity": 0.184,
}
"""Each criterion's share of all cells on which raters disagree. The published 1.7 % of unbias and
harmlessness is read as their sum; the three criteria that nothing is published of share the rest."""

SUBTLE: dict[str, float] = {
    criterion: 0.05 if criterion in ("unbias", "harmlessness") else 0.12 for criterion in CRITERIA
}
"""Share of cells whose text is subtle: broken less plainly, or whole but close to what is broken."""
