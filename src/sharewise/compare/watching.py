"""Who is told how a study goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sharewise.audit.schema import Power
from sharewise.compare.planning import RunSpec
from sharewise.compare.swept import StoppedRecord
from sharewise.train import Observer, Silence


class StudyObserver(Protocol):
    """Is told of every run, and gives each an observer of its own."""

    def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> Observer:
        """Run ``number`` (from 1) of ``total`` begins, or was found on disk; runs may overlap."""

    def on_stopped(self, stopped: Sequence[StoppedRecord], *, total: int) -> None:
        """Settings are trained with no further seed, so that there are ``total`` runs in all."""

    def on_baseline(self, powers: Sequence[Power]) -> None:
        """The baseline is trained, and this is what the study can show of each task; arms are still to be trained."""


class SilentStudy:
    """A study's observer that says nothing."""

    def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> Observer:
        """See StudyObserver."""
        return Silence()

    def on_stopped(self, stopped: Sequence[StoppedRecord], *, total: int) -> None:
        """See StudyObserver."""

    def on_baseline(self, powers: Sequence[Power]) -> None:
        """See StudyObserver."""
