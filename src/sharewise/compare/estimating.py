"""What a study will cost, before it is trained."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sharewise.compare.budgets import refuse_unequal
from sharewise.compare.comparison import study_folder, workspace_for
from sharewise.compare.identity import run_hash
from sharewise.compare.packing import thread_count, threads_set, worker_count
from sharewise.compare.planning import PlannedArm, RunSpec, plan_arms, plan_runs
from sharewise.compare.running import find_run
from sharewise.compare.workspace import Workspace
from sharewise.study import Study
from sharewise.train import Trainer
from sharewise.train.steps import batch_plan, planned_updates

# Updates that are timed for each arm, after one that isn't.
_PROBED = 4
_BYTES = 4  # of a float32 weight
# Copies of a model that a run in training holds on disk: its checkpoint with the optimizer's two moments, the next
# one while it is written, and the best weights so far.
_COPIES_IN_TRAINING = 7


@dataclass(frozen=True)
class RunEstimate:
    """One run: its name, whether it is on disk already, its updates, rows and seconds still to spend."""

    label: str
    on_disk: bool
    updates: int
    rows: int
    seconds: float


@dataclass(frozen=True)
class Estimate:
    """A whole study: its runs, the seconds left, and the bytes of weights that stay on disk."""

    runs: tuple[RunEstimate, ...]
    seconds: float
    workers: int
    kept_bytes: int
    peak_bytes: int


@dataclass(frozen=True)
class _Probe:
    """What one arm's model costs: seconds a row, and weights."""

    seconds: float
    weights: int


def estimate(
    study: Study, *, runs: Path | str = "runs", workers: int | None = None, strict: bool = False
) -> Estimate:
    """Count the runs of a study, time a few updates of each arm, and add up.

    The time is a guess: evaluation is counted as a third of an update a row, and early stopping not at all.

    Raises:
        UserError: where the study or its data are wrong, or budgets and rules are unequal and ``strict`` refuses that.
    """
    specs = plan_runs(study)
    root = study_folder(study, Path(runs))
    count = worker_count(len(specs), workers)
    workspace = workspace_for(study, Path(runs))
    if strict:
        refuse_unequal(study, workspace)
    probes: dict[str, _Probe] = {}
    rows: list[RunEstimate] = []
    planned: set[tuple[str, str]] = set()
    with threads_set(thread_count(count)):
        for spec in specs:
            if spec.arm not in probes:
                probes[spec.arm] = _probe(spec, workspace)
            estimated = _estimate_run(spec, workspace, root, probes[spec.arm])
            same = (spec.task, run_hash(spec, workspace))
            # Arms that only decide otherwise have their runs in common.
            rows.append(replace(estimated, seconds=0.0) if same in planned else estimated)
            planned.add(same)
        searches = list(_searches(study, workspace, probes))
    arms = plan_arms(study)
    one_seed = sum(probes[a.name].weights * _most_states(a, study) for a in arms) * _BYTES
    all_seeds = one_seed * len(study.seeds)
    copies = {a.name: _COPIES_IN_TRAINING + (_most_states(a, study) - 1 if a.one_model else 0) for a in arms}
    in_training = max(p.weights * copies[arm] for arm, p in probes.items()) * _BYTES * count
    return Estimate(
        runs=(*rows, *searches),
        # Trials go one after another.
        seconds=sum(r.seconds for r in rows) / count + sum(r.seconds for r in searches),
        workers=count,
        kept_bytes={"all": all_seeds, "selected": one_seed, "none": 0}[study.keep],
        peak_bytes=in_training + (0 if study.keep == "none" else all_seeds),
    )


def _most_states(arm: PlannedArm, study: Study) -> int:
    """Return how many weights of the whole model one seed of an arm leaves at most."""
    of_each_task = not arm.one_model or arm.resolved.training.select == "per_task"
    return len(study.tasks) if of_each_task else 1


def _searches(study: Study, workspace: Workspace, probes: Mapping[str, _Probe]) -> Iterator[RunEstimate]:
    """What the trials of each search take, as if their settings cost what the arm as it stands does."""
    first = plan_runs(study.model_copy(update={"seeds": study.seeds[:1]}))
    arms = {arm.name: arm for arm in plan_arms(study)}
    for contestant in study.contestants:
        arm = arms[contestant.arm]
        name = arm.baseline if contestant.role == "baseline" else arm.name
        if not contestant.axes or name is None:
            continue
        # Trials are all made anew as far as is known before they are.
        each = [_cost(spec, workspace, probes[name]) for spec in first if spec.arm == name]
        label = f"{contestant.arm}: search of {contestant.trials} trials"
        label += {"arm": "", "equal": ", equal weights", "baseline": ", models of one task"}[contestant.role]
        yield RunEstimate(
            label,
            False,
            sum(run.updates for run in each) * contestant.trials,
            sum(run.rows for run in each) * contestant.trials,
            sum(run.seconds for run in each) * contestant.trials,
        )


def _estimate_run(spec: RunSpec, workspace: Workspace, root: Path, probe: _Probe) -> RunEstimate:
    cost = _cost(spec, workspace, probe)
    return replace(cost, on_disk=True, seconds=0.0) if find_run(spec, workspace, root) else cost


def _cost(spec: RunSpec, workspace: Workspace, probe: _Probe) -> RunEstimate:
    """What a run takes that isn't on disk."""
    job = workspace.job(spec)
    targets, plan = batch_plan(job)
    updates = planned_updates(targets, plan, job.training.epochs)
    seen = int(targets.own.sum()) * job.training.epochs
    scored = int(job.data.validation.present_any(spec.tasks).sum()) * job.training.epochs
    seconds = (seen + scored / 3) * probe.seconds
    return RunEstimate(spec.label, False, max(updates.values()), seen, seconds)


def _probe(spec: RunSpec, workspace: Workspace) -> _Probe:
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(workspace.job(spec), Path(folder))
        seconds = trainer.probe(_PROBED)
        # What is saved has the whole vocabulary again.
        trainer.learner.make_whole()
        return _Probe(seconds, sum(p.numel() for p in trainer.model.parameters()))
