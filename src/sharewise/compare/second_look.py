"""Whether seeds, arms or decisions changed after verdicts had been seen: who looks until it fits finds too much."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sharewise.compare.reading import load_results
from sharewise.compare.results import Results, RunRecord
from sharewise.errors import UserError


def earlier_results(root: Path) -> Results | None:
    """Return what the last comparison in this folder found, or None."""
    try:
        return load_results(root)
    except UserError:
        return None


def is_second_look(earlier: Results | None, runs: Sequence[RunRecord]) -> bool:
    """Whether these runs add seeds or arms to a comparison whose verdicts were written before, or decide otherwise.

    Another comparison (none of whose runs is among these) doesn't count, nor one that had no verdict yet. Once a
    second look, it stays one.
    """
    if earlier is None:
        return False
    before, now = ([(r.hash, r.calibration, r.thresholds) for r in side] for side in (earlier.runs, runs))
    seen = any(verdict.interval is not None for verdict in earlier.verdicts)
    # Arms that only decide otherwise have their runs in common.
    changed = any(run not in before for run in now)
    same = not {digest for digest, *_ in before}.isdisjoint(digest for digest, *_ in now)
    return same and (earlier.second_look or (seen and changed))
