"""Searches: trials of an arm's settings on validation, by optuna, before the arm is trained with every seed.

Every trial is a run like any other, found again by its hash. So a search needs no storage of its own: made anew, it
draws the same settings, reads what was trained from disk, prunes where it pruned, and goes on where it was stopped.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sharewise.compare.choosing import Judged, front, primaries, task_scores, validation_score
from sharewise.compare.identity import run_hash
from sharewise.compare.keeping import MODEL
from sharewise.compare.planning import ALL, RunSpec
from sharewise.compare.results import RunRecord
from sharewise.compare.running import find_run, make_run, run_folder
from sharewise.compare.searched import SearchRecord, TrialRecord
from sharewise.compare.watching import StudyObserver
from sharewise.compare.workspace import Workspace
from sharewise.errors import RunError
from sharewise.study import SINGLE, ArmOptions, Study
from sharewise.study.searching import Contestant, Found, Range, found_name, whole_keys
from sharewise.train import Observer

if TYPE_CHECKING:
    import optuna

# A trial is compared with others from its second value on, when so many of them have ended.
_WARM_UP, _UNPRUNED = 1, 4


def search(
    study: Study, workspace: Workspace, root: Path, observer: StudyObserver
) -> tuple[Study, list[SearchRecord]]:
    """Make a study's searches, or read what was made of them before.

    Args:
        study: with arms that are searched; others come back as they are.
        workspace: with its data.
        root: the study's folder.
        observer: is told of each trial's runs.

    Returns:
        The study with the settings that were found, and every trial.

    Raises:
        RunError: where every trial of a search failed.
    """
    found: list[Found] = []
    records = []
    for contestant in study.contestants:
        if contestant.role == "baseline" and not contestant.axes:
            continue
        trials = _Trials(contestant, study, workspace, root, observer)
        chosen, made = trials.run()
        found.append(Found(contestant, found_name(contestant, chosen), contestant.with_trial(chosen)))
        name = found[-1].name or f"{SINGLE}[{contestant.arm}]"
        record = SearchRecord(
            arm=name,
            searched=contestant.arm,
            seed=trials.seed,
            sampler="TPE",
            pruner=contestant.pruner,
            trials=made,
        )
        records += [record] if contestant.axes else []
    return study.with_found(found), records


class _Pruned(Exception):
    """Ends a run whose trial is pruned."""


class _Trials:
    """The trials of one contestant."""

    def __init__(
        self, contestant: Contestant, study: Study, workspace: Workspace, root: Path, observer: StudyObserver
    ) -> None:
        self.contestant = contestant
        self.study = study
        self.workspace = workspace
        self.root = root
        self.observer = observer
        self.seed = study.seeds[0]
        self.whole = whole_keys()
        self.tasks = primaries(workspace.base.tasks)
        self.best: tuple[float, list[Path]] | None = None

    def run(self) -> tuple[dict[str, Any], list[TrialRecord]]:
        """Make all trials; return the chosen one's values, and what became of each."""
        made = []
        for trial in self._asked():
            values = {key: self._draw(trial, key, axis) for key, axis in self.contestant.axes.items()}
            made.append(self._try(trial, values))
        scores = [t.score if t.state == "complete" else None for t in made]
        known = [(score, -i) for i, score in enumerate(scores) if score is not None]
        if not known:
            raise RunError(
                f"search.{self.contestant.arm}: none of {len(made)} trials ended with a score on validation, so no "
                "setting can be chosen; search between other ends"
            )
        chosen = -max(known)[1]
        points = {
            str(i): [t.metrics[n] * (1 if p.higher_is_better else -1) for n, p in self.tasks.items()]
            for i, t in enumerate(made)
            if t.state == "complete"
        }
        undominated = front(points)
        records = [
            t.model_copy(update={"chosen": i == chosen, "front": str(i) in undominated})
            for i, t in enumerate(made)
        ]
        return records[chosen].values, records

    def _asked(self) -> Iterator[optuna.trial.Trial]:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        pruner: optuna.pruners.BasePruner = optuna.pruners.NopPruner()
        if self.contestant.pruner == "median":
            pruner = optuna.pruners.MedianPruner(n_startup_trials=_UNPRUNED, n_warmup_steps=_WARM_UP)
        sampler = optuna.samplers.TPESampler(seed=self.seed)
        self.told = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
        for _ in range(self.contestant.trials):
            yield self.told.ask()

    def _draw(self, trial: optuna.trial.Trial, key: str, axis: Range | Sequence[Any]) -> Any:
        if not isinstance(axis, Range):
            # Optuna's own choices are single values; here they may be mappings.
            return axis[trial.suggest_categorical(key, range(len(axis)))]
        if key in self.whole:
            return trial.suggest_int(key, int(axis.low), int(axis.high), log=axis.log)
        return axis.rounded(trial.suggest_float(key, axis.low, axis.high, log=axis.log))

    def _try(self, trial: optuna.trial.Trial, values: dict[str, Any]) -> TrialRecord:
        """Make one trial's runs, as far as it isn't pruned."""
        from optuna.trial import TrialState

        specs = self._specs(values)
        records: list[RunRecord] = []
        reports = _Reports(trial, self.tasks)
        pruned = False
        for number, spec in enumerate(specs):
            several = len(specs) > 1
            record = self._run(spec, trial.number * len(specs) + number + 1, None if several else reports)
            if record is not None:
                records.append(record)
                if several:
                    own = {name: self.tasks[name] for r in records for name in r.metrics}
                    reports.add(number, validation_score(records, own))
            if record is None or (several and number + 1 < len(specs) and reports.prune()):
                pruned = True
                break
        score = validation_score(records, self.tasks) if not pruned else reports.last
        if pruned:
            self.told.tell(trial, state=TrialState.PRUNED)
        elif score is None:
            self.told.tell(trial, state=TrialState.FAIL)
        else:
            self.told.tell(trial, score)
        self._clear(specs, None if pruned else score)
        complete = not pruned and score is not None
        return TrialRecord(
            number=trial.number + 1,
            values=values,
            state="pruned" if pruned else "complete" if complete else "failed",
            score=score,
            metrics=_metrics(records, self.tasks) if complete else {},
            steps=len(reports.values),
            front=False,
            chosen=False,
        )

    def _specs(self, values: Mapping[str, Any]) -> list[RunSpec]:
        keys = ArmOptions.model_validate(self.contestant.with_trial(values))
        resolved = self.study.filled(self.contestant.arm, keys)
        tasks = tuple(self.study.tasks)
        if self.contestant.role != "baseline":
            return [
                RunSpec(arm=self.contestant.arm, task=ALL, tasks=tasks, resolved=resolved, seed=self.seed)
            ]
        alone, name = resolved.alone(), f"{SINGLE}[{self.contestant.arm}]"
        return [RunSpec(arm=name, task=task, tasks=(task,), resolved=alone, seed=self.seed) for task in tasks]

    def _run(self, spec: RunSpec, number: int, reports: _Reports | None) -> RunRecord | None:
        """Make a run, or take it from disk; None where its trial was pruned on the way."""
        found = find_run(spec, self.workspace, self.root)
        folder = run_folder(self.root, spec, run_hash(spec, self.workspace))
        lines: list[Mapping[str, Any]] = []
        if found is not None:
            lines = [line.model_dump() for line in found.record.history]
        elif reports is not None:
            lines = _lines(folder / "history.jsonl")
        total = self.contestant.trials * (1 if self.contestant.role != "baseline" else len(self.tasks))
        told = self.observer.on_run(spec, number=number, total=total, cached=found is not None)
        try:
            if reports is not None:
                for line in lines:
                    reports.evaluation(line)
            if found is None:
                watched = told if reports is None else _Watching(told, reports)
                make_run(spec, self.workspace, self.root, observer=watched)
                found = find_run(spec, self.workspace, self.root)
        except _Pruned:
            return None
        if found is None:
            raise RunError(
                f"{spec.label}: the run was made but is not in {self.root}; run the same command again"
            )
        return found.record

    def _clear(self, specs: Sequence[RunSpec], score: float | None) -> None:
        """Drop the weights of trials that aren't the best; which runs of it stay is decided in the end."""
        folders = [run_folder(self.root, s, run_hash(s, self.workspace)) for s in specs]
        for folder in folders:
            shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        if self.study.keep == "all":
            return
        if score is not None and (self.best is None or score > self.best[0]):
            folders, self.best = self.best[1] if self.best else [], (score, folders)
        for folder in folders:
            shutil.rmtree(folder / MODEL, ignore_errors=True)


class _Reports:
    """What the pruner is told of one trial: a value an evaluation, or a model."""

    def __init__(self, trial: optuna.trial.Trial, tasks: Mapping[str, Judged]) -> None:
        self.trial = trial
        self.tasks = tasks
        self.values: list[float] = []
        self.seen: set[int] = set()

    @property
    def last(self) -> float | None:
        """The newest value."""
        return self.values[-1] if self.values else None

    def add(self, step: int, value: float | None) -> None:
        """Tell a value, where there is one."""
        if value is not None:
            self.values.append(value)
            self.trial.report(value, step)

    def prune(self) -> bool:
        """Whether the trial is behind."""
        return bool(self.trial.should_prune())

    def evaluation(self, line: Mapping[str, Any]) -> None:
        """Tell the mean over tasks of an evaluation's primary metrics; one that was told before is left out.

        Raises:
            _Pruned: where the trial is behind.
        """
        if line["step"] in self.seen:
            return
        found = [line["tasks"].get(name, {}).get(task.metric) for name, task in self.tasks.items()]
        signs = [1 if task.higher_is_better else -1 for task in self.tasks.values()]
        known = [value * sign for value, sign in zip(found, signs, strict=True) if value is not None]
        self.add(len(self.seen), sum(known) / len(known) if len(known) == len(found) else None)
        self.seen.add(line["step"])
        if self.prune():
            raise _Pruned


class _Watching:
    """An observer that tells the pruner of evaluations, and everything to the one that it stands for."""

    def __init__(self, told: Observer, reports: _Reports) -> None:
        self.told = told
        self.reports = reports

    def on_start(self, *, done: int, total: int) -> None:
        self.told.on_start(done=done, total=total)

    def on_step(self, *, step: int, total: int) -> None:
        self.told.on_step(step=step, total=total)

    def on_note(self, note: str) -> None:
        self.told.on_note(note)

    def on_end(self) -> None:
        self.told.on_end()

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        self.told.on_evaluation(record)
        try:
            self.reports.evaluation(record)
        except _Pruned:
            self.told.on_note("pruned: behind the median of the trials before it")
            self.told.on_end()
            raise


def _lines(history: Path) -> list[Mapping[str, Any]]:
    """The evaluations of a run that has not ended; none where there are none, or they can't be read."""
    try:
        return [json.loads(line) for line in history.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        return []


def _metrics(records: Sequence[RunRecord], tasks: Mapping[str, Judged]) -> dict[str, float]:
    """The tasks' primary metrics on validation, in their own direction."""
    signed = task_scores(records, tasks)
    return {
        name: value * (1 if tasks[name].higher_is_better else -1)
        for name, value in signed.items()
        if value is not None
    }
