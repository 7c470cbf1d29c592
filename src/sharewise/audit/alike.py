"""Which rows hold equal or nearly equal texts, over all splits and data sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sharewise.audit.fingerprints import Fingerprints, fingerprints
from sharewise.audit.near import Direction, Pairs, near_pairs
from sharewise.audit.rows import Rows
from sharewise.tasks import Array

DIRECTIONS: tuple[Direction, ...] = (("validation", "train"), ("test", "train"), ("validation", "test"))
"""The split whose rows leak, and the one that they leak from or into."""


@dataclass(frozen=True, eq=False)
class Alike:
    """Rows of equal and nearly equal texts.

    Attributes:
        prints: the fingerprints of all rows.
        first: int64 ``(normal forms,)``: the first row of each normal form.
        near: for each direction, and for each split with itself, the nearly equal normal forms.
    """

    prints: Fingerprints
    first: Array
    near: dict[Direction, Pairs]


def alike(rows: Rows) -> Alike:
    """Compare the texts of all rows."""
    prints = fingerprints(rows.texts)
    first = np.unique(prints.normal, return_index=True)[1]
    members = {}
    for split in rows.splits:
        members[split] = np.zeros(len(first), dtype=bool)
        members[split][prints.normal[rows.of_split(split)]] = True
    directions = [d for d in DIRECTIONS if set(d) <= set(rows.splits)]
    directions += [(split, split) for split in rows.splits]
    return Alike(prints, first, near_pairs(prints, first, members, directions))
