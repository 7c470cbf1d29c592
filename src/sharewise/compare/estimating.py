"""What a study will cost, before it is trained."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from sharewise.compare.budgets import refuse_unequal
from sharewise.compare.comparison import study_folder, workspace_for
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
    with threads_set(thread_count(count)):
        for spec in specs:
            if spec.arm not in probes:
                probes[spec.arm] = _probe(spec, workspace)
            rows.append(_estimate_run(spec, workspace, root, probes[spec.arm]))
    arms = plan_arms(study)
    one_seed = sum(probes[a.name].weights * _most_states(a, study) for a in arms) * _BYTES
    all_seeds = one_seed * len(study.seeds)
    copies = {a.name: _COPIES_IN_TRAINING + (_most_states(a, study) - 1 if a.one_model else 0) for a in arms}
    in_training = max(p.weights * copies[arm] for arm, p in probes.items()) * _BYTES * count
    return Estimate(
        runs=tuple(rows),
        seconds=sum(r.seconds for r in rows) / count,
        workers=count,
        kept_bytes={"all": all_seeds, "selected": one_seed, "none": 0}[study.keep],
        peak_bytes=in_training + (0 if study.keep == "none" else all_seeds),
    )


def _most_states(arm: PlannedArm, study: Study) -> int:
    """Return how many weights of the whole model one seed of an arm leaves at most."""
    of_each_task = not arm.one_model or arm.resolved.training.select == "per_task"
    return len(study.tasks) if of_each_task else 1


def _estimate_run(spec: RunSpec, workspace: Workspace, root: Path, probe: _Probe) -> RunEstimate:
    on_disk = find_run(spec, workspace, root) is not None
    job = workspace.job(spec)
    targets, plan = batch_plan(job)
    updates = planned_updates(targets, plan, job.training.epochs)
    seen = int(targets.own.sum()) * job.training.epochs
    scored = int(job.data.validation.present_any(spec.tasks).sum()) * job.training.epochs
    seconds = 0.0 if on_disk else (seen + scored / 3) * probe.seconds
    return RunEstimate(spec.label, on_disk, max(updates.values()), seen, seconds)


def _probe(spec: RunSpec, workspace: Workspace) -> _Probe:
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(workspace.job(spec), Path(folder))
        seconds = trainer.probe(_PROBED)
        # What is saved has the whole vocabulary again.
        trainer.learner.make_whole()
        return _Probe(seconds, sum(p.numel() for p in trainer.model.parameters()))
