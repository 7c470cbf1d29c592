"""From a study to its runs: every arm and its single-task baseline, with paired seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sharewise.study import SINGLE, ArmOptions, ResolvedArm, Study

ALL = "all"


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One run to be made: which arm, which tasks in one model, which seed.

    Attributes:
        arm: the arm's name; of a baseline with an arm's overrides ``single[ARM]``.
        task: name of the one task, or ``all``.
        tasks: tasks of the model.
        resolved: the arm with every key filled in.
        seed: paired over arms.
    """

    arm: str
    task: str
    tasks: tuple[str, ...]
    resolved: ResolvedArm
    seed: int

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each task's loss; a lone task needs none, as only proportions count."""
        if len(self.tasks) == 1:
            return {self.tasks[0]: 1.0}
        return {t: self.resolved.tasks[t].weight for t in self.tasks}

    @property
    def label(self) -> str:
        """How the run is named in progress and messages."""
        task = "" if self.task == ALL else f" {self.task}"
        return f"{self.arm}{task}, seed {self.seed}"


@dataclass(frozen=True, kw_only=True)
class PlannedArm:
    """One arm of the comparison.

    Attributes:
        name: as in the study, or ``single[ARM]``.
        resolved: every key filled in.
        baseline: the arm it is compared with; None for a single-task arm.
        trials: settings that are tried of it: those of its sweep; of a baseline, how many differ of the sweep that
            it is in.
        one_model: whether one model serves all tasks.
    """

    name: str
    resolved: ResolvedArm
    baseline: str | None
    trials: int = 1

    @property
    def one_model(self) -> bool:
        """See class."""
        return self.baseline is not None


def plan_arms(study: Study) -> list[PlannedArm]:
    """Return all arms but the settings that were stopped, each after the single-task arm that it is compared with.

    An arm is compared with ``single`` under the same overrides; where these change nothing in a single-task run
    (a weight, the way to share, stopping or selecting task by task), that is ``single`` itself.
    """
    singles = {_single_key(study.resolve(SINGLE)): SINGLE}
    arms = [PlannedArm(name=SINGLE, resolved=study.resolve(SINGLE), baseline=None)]
    for name, options in study.compared_arms.items():
        resolved = study.resolve(name)
        baseline = options.baseline
        if baseline is None:
            alone = _tuned_alone(study, name) or resolved
            key = _single_key(alone)
            if key not in singles:
                singles[key] = f"{SINGLE}[{name}]"
                arms.append(PlannedArm(name=singles[key], resolved=alone.alone(), baseline=None))
            baseline = singles[key]
        arms.append(PlannedArm(name=name, resolved=resolved, baseline=baseline))
    trials = _trials(study, {arm.name: arm.baseline for arm in arms})
    wanted = {SINGLE, *(arm.baseline for arm in arms if arm.name not in study.stopped)}
    return [
        replace(arm, trials=trials.get(arm.name, 1))
        for arm in arms
        if arm.name not in study.stopped and (arm.one_model or arm.name in wanted)
    ]


def plan_runs(study: Study) -> list[RunSpec]:
    """Return every run, seed by seed, so that an interrupted study has whole seeds first."""
    tasks = tuple(study.tasks)
    return [
        RunSpec(
            arm=arm.name,
            task=ALL if arm.one_model else group[0],
            tasks=group,
            resolved=arm.resolved,
            seed=seed,
        )
        for seed in study.seeds
        for arm in plan_arms(study)
        for group in ([tasks] if arm.one_model else [(t,) for t in tasks])
    ]


def _tuned_alone(study: Study, arm: str) -> ResolvedArm | None:
    """Return the models of one task that an arm is compared with where both were searched; None elsewhere."""
    searched = next((f.contestant.arm for f in study.found if f.name == arm), None)
    own = (f for f in study.found if f.contestant.arm == searched and f.contestant.role == "baseline")
    found = next(own, None)
    return study.filled(arm, ArmOptions.model_validate(dict(found.keys))) if found else None


def _trials(study: Study, baselines: Mapping[str, str | None]) -> dict[str, int]:
    """Settings tried of each arm that has any; weights, say, leave a single-task baseline as it is: one trial."""
    trials: dict[str, int] = {}
    for swept in study.sweep:
        settings = [name for name, setting in study.settings.items() if setting.arm == swept]
        trials |= dict.fromkeys(settings, len(settings))
        against = {baseline for name in settings if (baseline := baselines[name])}
        trials |= {name: max(len(against), trials.get(name, 1)) for name in against}
    names = {(f.contestant.arm, f.contestant.role): f.name for f in study.found}
    for contestant in study.contestants:
        name = names.get((contestant.arm, contestant.role), contestant.arm)
        if contestant.role == "baseline":
            name = baselines.get(names.get((contestant.arm, "arm")) or contestant.arm)
        if name is not None:
            trials[name] = max(contestant.trials, trials.get(name, 1))
    return trials


def _single_key(arm: ResolvedArm) -> str:
    tasks = {
        name: task.model_dump(mode="json", exclude={"weight", "margin"}) for name, task in arm.tasks.items()
    }
    batches = arm.alone().every_task
    training = arm.training.for_one_task().model_dump_json()
    return str((training, arm.encoder.model_dump_json(), arm.backend.model_dump_json(), tasks, batches))
