"""Criteria with their raters' votes, as dialogue quality data are published: a majority and two counts each.

The layout is that of AI Hub's data set 71773: ``<criterion>_majority``, ``<criterion>_yes_count`` and
``<criterion>_no_count`` beside the texts. A criterion without its majority is known by its votes alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from sharewise.tasks import Array, spelled, truth_labels

_COUNT = re.compile(r"^(.+)_(yes|no)_count$")
_MAJORITY = "_majority"


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """One criterion that raters voted on.

    Attributes:
        name: of the criterion.
        label: the column with the majority; None where there is none, and the votes say it.
        yes: column with the number of raters who said yes.
        no: column with the number of those who said no.
        raters: the numbers of votes that rows have, each once, in order.
        voted: rows with a vote.
        yeses: share of these where most said yes.
        disputed: share of these where not all said the same.
        ties: rows with as many yeses as noes.
        contradicted: rows whose label is not the one with the most votes.
    """

    name: str
    label: str | None
    yes: str
    no: str
    raters: tuple[int, ...]
    voted: int
    yeses: float
    disputed: float
    ties: int
    contradicted: int

    @property
    def about(self) -> str:
        """What a draft says of it."""
        raters = " or ".join(map(str, self.raters[:3])) + (" or more" if len(self.raters) > 3 else "")
        parts = [f"{raters} raters a row, not all of one mind in {self.disputed:.1%}"]
        if self.ties:
            parts.append(f"{self.ties:,} ties")
        if self.contradicted:
            parts.append(f"in {self.contradicted:,} rows the label is not the one with most votes")
        return "; ".join(parts)


def find_ballots(frame: pl.DataFrame) -> tuple[Ballot, ...]:
    """Return the criteria that have both counts, in the order of the columns."""
    found = [(name, match) for name in frame.columns if (match := _COUNT.match(name))]
    stems = [match.group(1) for _, match in found]
    both = [stem for stem in dict.fromkeys(stems) if stems.count(stem) == 2]
    ballots = (_ballot(frame, stem) for stem in both)
    return tuple(ballot for ballot in ballots if ballot is not None)


def _ballot(frame: pl.DataFrame, stem: str) -> Ballot | None:
    yes, no = (_counts(frame[f"{stem}_{side}_count"]) for side in ("yes", "no"))
    if yes is None or no is None or not (yes + no).any():
        return None
    label = next((c for c in (stem + _MAJORITY, stem) if c in frame.columns), None)
    voted = yes + no > 0
    return Ballot(
        name=stem,
        label=label,
        yes=f"{stem}_yes_count",
        no=f"{stem}_no_count",
        raters=tuple(np.unique((yes + no)[voted]).astype(int).tolist()),
        voted=int(voted.sum()),
        yeses=float(np.mean(yes[voted] > no[voted])),
        disputed=float(np.mean((yes > 0)[voted] & (no > 0)[voted])),
        ties=int(np.count_nonzero(voted & (yes == no))),
        contradicted=0 if label is None else _contradicted(frame[label], yes, no),
    )


def _counts(column: pl.Series) -> Array | None:
    """The counts as numbers, 0 for a hole; None where something else is in the column."""
    text = column if column.dtype.is_numeric() else column.cast(pl.String, strict=False).str.strip_chars()
    numbers = text.cast(pl.Float64, strict=False).fill_nan(None)
    holes = spelled(column)[1] < 0
    known = numbers.filter(pl.Series(~holes))
    if known.null_count() or not ((known >= 0) & (known == known.floor())).all():
        return None
    return np.asarray(numbers.fill_null(0.0).to_numpy())


def _contradicted(column: pl.Series, yes: Array, no: Array) -> int:
    """How many labels, where they say yes or no, are not what most of the row's raters said."""
    spellings, codes = spelled(column)
    truths = truth_labels(spellings)
    if truths is None:
        return 0
    said = np.array([truths.index(s) if s in truths else -1 for s in spellings] + [-1])[codes]
    return int(np.count_nonzero(((said == 1) & (yes < no)) | ((said == 0) & (yes > no))))


def in_order(names: Sequence[str]) -> tuple[str, ...]:
    """Columns of earlier turns such as ``context_1`` (the nearest), ``context_2``, the oldest first."""
    numbered = [
        (int(match.group(1)), name) for name in names if (match := re.match(r"^context_(\d+)$", name))
    ]
    return tuple(name for _, name in sorted(numbered, reverse=True))
