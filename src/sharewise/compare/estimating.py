"""What a study will cost, before it is trained."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch

from sharewise.compare.comparison import study_folder, workspace_for
from sharewise.compare.packing import cores, worker_count
from sharewise.compare.planning import plan_arms, plan_runs
from sharewise.compare.running import find_run
from sharewise.study import Study
from sharewise.train import Trainer
from sharewise.train.steps import batch_plan, planned_updates

# Updates that are timed for each arm, after one that isn't.
_PROBED = 4
_BYTES = 4  # of a float32 weight


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


def estimate(study: Study, *, runs: Path | str = "runs", workers: int | None = None) -> Estimate:
    """Count the runs of a study, time a few updates of each arm, and add up.

    The time is a guess: evaluation is counted as a third of an update a row, and early stopping not at all.
    """
    root = study_folder(study, Path(runs))
    count = worker_count(len(plan_runs(study)), workers)
    torch.set_num_threads(max(1, cores() // count))
    workspace = workspace_for(study, Path(runs))
    rows: list[RunEstimate] = []
    speeds: dict[str, float] = {}
    sizes: dict[str, int] = {}
    for spec in plan_runs(study):
        found = find_run(spec, workspace, root)
        job = workspace.job(spec)
        if spec.arm not in speeds:
            with tempfile.TemporaryDirectory() as folder:
                trainer = Trainer(job, Path(folder))
                speeds[spec.arm] = trainer.probe(_PROBED)
                sizes[spec.arm] = sum(p.numel() for p in trainer.model.parameters())
        targets, plan = batch_plan(job)
        updates = planned_updates(targets, plan, job.training.epochs)
        seen = int(targets.own.sum()) * job.training.epochs
        scored = int(job.data.validation.present_any(spec.tasks).sum()) * job.training.epochs
        seconds = 0.0 if found else (seen + scored / 3) * speeds[spec.arm]
        rows.append(RunEstimate(spec.label, found is not None, max(updates.values()), seen, seconds))
    models = {a.name: 1 if a.one_model else len(study.tasks) for a in plan_arms(study)}
    one_seed = sum(sizes[arm] * count for arm, count in models.items()) * _BYTES
    peak = one_seed * len(study.seeds)
    kept = {"all": peak, "selected": one_seed, "none": 0}[study.keep]
    return Estimate(tuple(rows), sum(r.seconds for r in rows) / count, count, kept, peak)
