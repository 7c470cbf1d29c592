"""Simulated data carry a note beside them, so that no report takes them for real."""

from __future__ import annotations

from pathlib import Path

NOTE = "SIMULATED.txt"


def is_simulated(file: Path) -> bool:
    """Whether a data file lies beside the note that the bundled corpus is written with."""
    return (file.parent / NOTE).is_file()
