"""Making one run, or taking it from disk where it was made before."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sharewise.compare.deciding import as_fitted, fit_on_validation, with_decisions
from sharewise.compare.describing import describe_run
from sharewise.compare.energy import EnergyMeter, Metered
from sharewise.compare.environment import git_commit, machine, versions
from sharewise.compare.identity import run_hash
from sharewise.compare.keeping import MODEL
from sharewise.compare.planning import RunSpec
from sharewise.compare.results import EpochRecord, RunRecord, Selection
from sharewise.compare.storage import Scores, read_predictions, read_run, write_predictions, write_run
from sharewise.compare.voted import with_vote_metrics
from sharewise.compare.workspace import Workspace
from sharewise.files import clear_unfinished, locked
from sharewise.models.manifest import Facts
from sharewise.models.saved import save_model, save_models
from sharewise.study import SINGLE, located
from sharewise.train import Observer, Trainer
from sharewise.train.computing import described as kernels_described
from sharewise.train.scoring import defined, joint_metrics, metrics_of

# How long the worker of a comparison that was killed may take to end.
PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class FinishedRun:
    """A run that was made: its record, the selected model's answers, and what it was made with.

    ``scores`` are calibrated, and decided by thresholds, where the tasks' keys say so; ``plain`` are as the model gave
    them.
    """

    record: RunRecord
    scores: Scores
    plain: Scores = field(default_factory=dict)
    versions: dict[str, str]
    machine: dict[str, str]


def run_folder(root: Path, spec: RunSpec, digest: str) -> Path:
    """Return the folder of a run below the study's own."""
    arm = SINGLE if re.match(rf"{SINGLE}\[", spec.arm) else spec.arm
    return root / arm / spec.task / f"seed-{spec.seed}-{digest[:8]}"


def find_run(spec: RunSpec, workspace: Workspace, root: Path) -> FinishedRun | None:
    """Return a run that was finished before, perhaps under another name of the arm, or None."""
    digest = run_hash(spec, workspace)
    own = run_folder(root, spec, digest)
    for folder in (own, *sorted(root.glob(f"*/{spec.task}/{own.name}"))):
        found = read_run(folder / "run.json")
        if found is None or found[0].hash != digest:
            continue
        record = found[0].model_copy(update={"arm": spec.arm, "folder": folder.relative_to(root).as_posix()})
        data = workspace.data(spec.resolved)
        scores = read_predictions(folder / "predictions.parquet", data, record.metrics)
        if scores is not None:
            fitted = fit_on_validation(data.tasks, scores["validation"])
            decided = as_fitted(data.tasks, scores, fitted)
            record = with_decisions(record, decided, data.tasks, fitted)
            return FinishedRun(
                record=with_vote_metrics(record, decided, data),
                scores=decided,
                plain=scores,
                versions=found[1]["versions"],
                machine=found[1]["machine"],
            )
    return None


def make_run(spec: RunSpec, workspace: Workspace, root: Path, *, observer: Observer) -> None:
    """Train one run, or go on with it, and write all that it leaves."""
    digest = run_hash(spec, workspace)
    folder = run_folder(root, spec, digest)
    with locked(
        folder / ".lock", busy=f"{folder}: another process is making this run", patience=PATIENCE_SECONDS
    ):
        _make(spec, workspace, root, folder, digest, observer)
    observer.on_end()


def _make(
    spec: RunSpec, workspace: Workspace, root: Path, folder: Path, digest: str, observer: Observer
) -> None:
    clear_unfinished(folder)
    job = workspace.job(spec)
    metered = Metered(observer, EnergyMeter())
    trainer = Trainer(job, folder, observer=metered)
    with located(workspace.study):
        trainer.learner.check_length(spec.resolved.training.max_length)
    outcome = trainer.run()
    joules = metered.joules
    by_split = {split: metrics_of(job.tasks, scores) for split, scores in outcome.scores.items()}
    record = RunRecord(
        arm=spec.arm,
        task=spec.task,
        seed=spec.seed,
        hash=digest,
        folder=folder.relative_to(root).as_posix(),
        best_epoch=outcome.best.epoch,
        best_step=outcome.best.step,
        selected={t: Selection(epoch=b.epoch, step=b.step) for t, b in outcome.chosen.items()},
        stopped=outcome.stopped,
        stopped_early=outcome.stopped_early,
        failed=outcome.failed,
        seconds=outcome.seconds,
        energy=joules,
        rows_seen=outcome.rows_seen,
        updates=outcome.updates,
        updates_made=outcome.updates_made,
        parameters=outcome.parameters,
        trained=outcome.trained,
        flops=outcome.flops,
        precision=outcome.precision,
        notes=outcome.notes,
        metrics={t: {split: defined(metrics[t]) for split, metrics in by_split.items()} for t in job.tasks},
        joint={split: joint_metrics(job.tasks, scores) for split, scores in outcome.scores.items()},
        history=[EpochRecord.model_validate(h) for h in outcome.history],
    )
    study = workspace.study
    if study.keep != "none":
        described = describe_run(spec, study, job.data, outcome.scores, digest)
        _save_models(spec, trainer, folder / MODEL, described)
    write_predictions(folder / "predictions.parquet", job.data, outcome.scores)
    facts = {
        "configuration": spec.resolved.model_dump(mode="json"),
        "versions": versions(),
        "machine": machine() | {"kernels": kernels_described(job.training.kernels, trainer.kernels)},
        "git": git_commit(study.folder),
    }
    write_run(folder / "run.json", record, facts)
    trainer.folder.discard()


def _save_models(spec: RunSpec, trainer: Trainer, folder: Path, facts: Facts) -> None:
    """Save the selected weights: as one model, or where tasks have their own as one of each state."""
    several = len(trainer.state.kept_steps) > 1
    with TemporaryDirectory(dir=folder.parent, prefix=".states-", suffix=".part") as beside:
        parts = {}
        for step, tasks in trainer.selections():
            name = f"step-{step:09d}"
            parts[name] = Path(beside) / name
            save_model(
                parts[name],
                sharing=trainer.model,
                tokenizer=trainer.job.tokenizer,
                tasks=trainer.job.tasks,
                options=spec.resolved.encoder,
                backend=spec.resolved.backend,
                sharing_name=trainer.job.sharing,
                sharing_options=trainer.job.sharing_options,
                max_length=spec.resolved.training.max_length,
                facts=facts.of_tasks(tasks),
                serves=tasks if several else (),
            )
        save_models(folder, parts)
