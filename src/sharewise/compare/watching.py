"""Who is told how a study goes on."""

from __future__ import annotations

from typing import Protocol

from sharewise.compare.planning import RunSpec
from sharewise.train import Observer, Silence


class StudyObserver(Protocol):
    """Is told of every run, and gives each an observer of its own."""

    def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> Observer:
        """Run ``number`` (from 1) of ``total`` begins, or was found on disk; runs may overlap."""


class SilentStudy:
    """A study's observer that says nothing."""

    def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> Observer:
        """See StudyObserver."""
        return Silence()
