"""Which run of a study comes next: seed by seed, past those on disk, and as far as halved sweeps are decided."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import final

from sharewise.compare.choosing import primaries
from sharewise.compare.halving import halve, stoppable
from sharewise.compare.identity import run_hash
from sharewise.compare.planning import RunSpec, plan_arms, plan_runs
from sharewise.compare.results import RunRecord
from sharewise.compare.running import FinishedRun, find_run
from sharewise.compare.swept import StoppedRecord
from sharewise.compare.watching import StudyObserver
from sharewise.compare.workspace import Workspace
from sharewise.errors import RunError
from sharewise.study import Study
from sharewise.train import Observer


@final
class Schedule:
    """The runs of a study: those that are on disk, that have begun, and that are still to begin.

    Settings of a halved sweep wait until the seed before is decided. The other arms don't, so that no worker stands
    idle meanwhile. What is stopped depends on the settings' scores alone, never on which run ended first.

    Args:
        study: whose runs are to be made.
        workspace: with its data.
        root: the study's folder.
        observer: is told of each run, and of settings that are stopped.
        specs: the runs, if not all of the study's.

    Attributes:
        study: without the settings that were stopped.
        stopped: what is known of these.
    """

    def __init__(
        self,
        study: Study,
        workspace: Workspace,
        root: Path,
        observer: StudyObserver,
        specs: Sequence[RunSpec] | None = None,
    ) -> None:
        self.study = study
        self.stopped: list[StoppedRecord] = []
        self._workspace, self._root, self._observer = workspace, root, observer
        self._specs = list(plan_runs(study) if specs is None else specs)
        uncertain = stoppable(study) if study.halves else ()
        self._sure = {arm.name for arm in plan_arms(study.with_stopped(uncertain))}
        self._keys = {spec.label: (spec.task, run_hash(spec, workspace)) for spec in self._specs}
        self._waiting = {spec.label: spec for spec in self._specs}
        self._made: dict[str, RunRecord] = {}
        # Two arms may say the same in other words; such a run is made once and found for both.
        self._begun: set[tuple[str, str]] = set()
        self._sought: set[str] = set()
        self._decided = 0
        self._numbers = count(1)
        self._go_on()

    @property
    def left(self) -> int:
        """How many runs have not begun; with halving at most so many will."""
        return len(self._waiting)

    @property
    def made(self) -> list[RunRecord]:
        """The runs on disk, those of stopped settings too."""
        return list(self._made.values())

    def take(self) -> tuple[int, RunSpec] | None:
        """Return the run that is to begin now, and its number; None where none is left or all wait for others."""
        for label, spec in self._waiting.items():
            if self._may_begin(spec) and self._keys[label] not in self._begun:
                del self._waiting[label]
                self._begun.add(self._keys[label])
                return next(self._numbers), spec
        return None

    def begin(self, number: int, spec: RunSpec) -> Observer:
        """Tell that a run which was taken begins; return its observer."""
        return self._observer.on_run(spec, number=number, total=self._total, cached=False)

    def ended(self, spec: RunSpec) -> None:
        """Take note that a run is on disk."""
        self._made[spec.label] = self._found(spec).record
        self._sought -= {label for label in self._waiting if self._keys[label] == self._keys[spec.label]}
        self._go_on()

    def finished(self) -> list[FinishedRun]:
        """Return all runs but those of stopped settings, from disk.

        Raises:
            RunError: where one isn't there.
        """
        left = {arm.name for arm in plan_arms(self.study)}
        return [self._found(spec) for spec in self._specs if spec.arm in left]

    @property
    def _total(self) -> int:
        return len(self._specs)

    def _may_begin(self, spec: RunSpec) -> bool:
        return spec.arm in self._sure or spec.seed in self.study.seeds[: self._decided + 1]

    def _go_on(self) -> None:
        """Pass over what is on disk, and decide what can be decided by it."""
        self._seek()
        while self._decide():
            self._seek()

    def _seek(self) -> None:
        for label, spec in list(self._waiting.items()):
            if label in self._sought or not self._may_begin(spec):
                continue
            self._sought.add(label)
            if (found := find_run(spec, self._workspace, self._root)) is not None:
                del self._waiting[label]
                self._made[label] = found.record
                self._observer.on_run(spec, number=next(self._numbers), total=self._total, cached=True)

    def _decide(self) -> bool:
        """Halve the sweeps by the seeds that all of their settings have; return whether that was done."""
        if not self.study.halves or self._decided == len(self.study.seeds) - 1:
            return False
        seeds = self.study.seeds[: self._decided + 1]
        trained = set(self.study.settings) - self.study.stopped
        of_settings = [spec for spec in self._specs if spec.arm in trained and spec.seed in seeds]
        if any(spec.label not in self._made for spec in of_settings):
            return False
        records = [self._made[spec.label] for spec in of_settings]
        self.study, behind = halve(self.study, records, primaries(self._workspace.base.tasks))
        self._decided += 1
        if behind:
            self.stopped += behind
            left = {arm.name for arm in plan_arms(self.study)}
            dropped = [label for label, spec in self._waiting.items() if spec.arm not in left]
            for label in dropped:
                del self._waiting[label]
            self._specs = [spec for spec in self._specs if spec.label not in dropped]
            self._observer.on_stopped(behind, total=self._total)
        return True

    def _found(self, spec: RunSpec) -> FinishedRun:
        run = find_run(spec, self._workspace, self._root)
        if run is None:
            raise RunError(
                f"{spec.label}: the run was made but is not in {self._root}: data, encoder or runs changed "
                "meanwhile; run the same command again"
            )
        return run
