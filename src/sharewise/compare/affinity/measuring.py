"""One training run of all tasks together, in which it is measured what they do to each other."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import Field, ValidationError

from sharewise.compare.affinity.records import Matrix
from sharewise.compare.affinity.subsets import SubsetLosses, estimate_subsets
from sharewise.compare.identity import run_hash
from sharewise.compare.planning import ALL, RunSpec
from sharewise.compare.running import PATIENCE_SECONDS
from sharewise.compare.workspace import Workspace
from sharewise.errors import RunError
from sharewise.files import clear_unfinished, locked, write_text
from sharewise.models.encoder import derived_seed
from sharewise.models.sharing import HardOptions
from sharewise.options import Options
from sharewise.study import SINGLE, Study, located
from sharewise.study.weightings import STATIC
from sharewise.tasks import Array
from sharewise.train import Observer, Trainer
from sharewise.train.learners import HeadsLearner
from sharewise.train.lookahead import Lookahead, lookahead_affinity, mean_cosine
from sharewise.train.sketch import Sketch, linearise, pick_rows
from sharewise.train.steps import batch_plan
from sharewise.weighting import WeightingOptions

FOLDER = "affinity"
# Raised whenever a change of Sharewise changes what is measured in the same run.
_VERSION = 1
# Updates of a run from which it is looked ahead, if nothing else is said.
_LOOKS = 50
_DIMENSIONS = 512


class MeasureOptions(Options):
    """How closely it is looked at a run."""

    every: int | None = Field(
        default=None, ge=1, description=f"updates from one look to the next; {_LOOKS} looks a run if left out"
    )
    cells: int = Field(
        default=256,
        ge=8,
        description="labels of each task and split whose gradients the estimate is made from",
    )


class Measured(Options):
    """What one run showed; matrices are of what task i (row) does to task j (column)."""

    seed: int
    hash: str
    updates: int = Field(description="updates of the run")
    every: int
    looks: int
    lookahead: Matrix
    lookahead_halves: tuple[Matrix, Matrix] = Field(description="of the looks with odd and with even numbers")
    cosine: Matrix
    cosine_halves: tuple[Matrix, Matrix]
    base_step: int = Field(description="updates of the model that the estimates start from")
    cells: dict[str, tuple[int, int]] = Field(description="task -> training and validation labels in them")
    penalty: float
    subsets: list[list[int]] = Field(description="the subsets whose losses are estimated: numbers of tasks")
    losses: Matrix = Field(
        description="(subsets, tasks): estimated validation losses; none outside the subset"
    )


def affinity_spec(study: Study, seed: int) -> RunSpec:
    """The run that is looked at: hard sharing, plain weights, the study's own keys, every task in every step."""
    resolved = study.resolve(SINGLE)
    shared = resolved.model_copy(
        update={
            "name": FOLDER,
            "sharing": "hard",
            "sharing_options": HardOptions(),
            "weighting": STATIC,
            "weighting_options": WeightingOptions(),
            # Tasks leave one by one under `stop: per_task`, and then nothing is to be seen of them.
            "training": resolved.training.for_one_task(),
            "every_task": True,
        }
    )
    return RunSpec(arm=FOLDER, task=ALL, tasks=tuple(study.tasks), resolved=shared, seed=seed)


def measure(
    spec: RunSpec, workspace: Workspace, root: Path, options: MeasureOptions, *, observer: Observer
) -> Measured:
    """Make the run and look at it, or go on with it, or read what it showed before.

    Raises:
        UserError: where the study or its data are wrong.
        RunError: where the run failed, or is too short to look at.
    """
    digest = _digest(spec, workspace, options)
    folder = root / FOLDER / f"seed-{spec.seed}-{digest[:8]}"
    with locked(
        folder / ".lock", busy=f"{folder}: another process is making this run", patience=PATIENCE_SECONDS
    ):
        found = read_measured(folder, digest)
        if found is None:
            clear_unfinished(folder)
            found = _measure(spec, workspace, folder, digest, options, observer)
            write_text(folder / "measured.json", found.model_dump_json(indent=1))
    observer.on_end()
    return found


def find_measured(
    spec: RunSpec, workspace: Workspace, root: Path, options: MeasureOptions
) -> Measured | None:
    """Return what a run showed before, or None."""
    digest = _digest(spec, workspace, options)
    return read_measured(root / FOLDER / f"seed-{spec.seed}-{digest[:8]}", digest)


def read_measured(folder: Path, digest: str) -> Measured | None:
    """Read what a run showed, or None where it isn't there, of another run, or damaged."""
    try:
        found = Measured.model_validate_json((folder / "measured.json").read_bytes())
    except (OSError, ValidationError):
        return None
    return found if found.hash == digest else None


def _digest(spec: RunSpec, workspace: Workspace, options: MeasureOptions) -> str:
    payload = [_VERSION, run_hash(spec, workspace), options.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _measure(
    spec: RunSpec,
    workspace: Workspace,
    folder: Path,
    digest: str,
    options: MeasureOptions,
    observer: Observer,
) -> Measured:
    job = workspace.job(spec)
    # What isn't there can't be scored.
    job = replace(job, stores={split: store for split, store in job.stores.items() if split != "test"})
    _, plan = batch_plan(job)
    every = options.every or max(1, sum(plan.counts(job.training.epochs)) // _LOOKS)
    lookahead = Lookahead(folder / "lookahead.jsonl", every=every)
    trainer = Trainer(job, folder, observer=observer, before_update=lookahead)
    with located(workspace.study):
        trainer.learner.check_length(spec.resolved.training.max_length)
    outcome = trainer.run()
    if outcome.failed is not None:
        raise RunError(f"{spec.label}: {outcome.failed}; set a lower training.learning_rate")
    looked = [lookahead.looked[step] for step in sorted(lookahead.looked)]
    if not looked:
        raise RunError(
            f"{spec.label}: a run of {trainer.total} updates is too short to look at every {every}; "
            "set a lower --every, or more training.epochs"
        )
    base_step, cells, estimated = _estimate(trainer, options)
    trainer.folder.discard()
    odd, even = looked[::2], looked[1::2] or looked
    return Measured(
        seed=spec.seed,
        hash=digest,
        updates=trainer.total,
        every=every,
        looks=len(looked),
        lookahead=plain(lookahead_affinity(looked)),
        lookahead_halves=(plain(lookahead_affinity(odd)), plain(lookahead_affinity(even))),
        cosine=plain(mean_cosine(looked)),
        cosine_halves=(plain(mean_cosine(odd)), plain(mean_cosine(even))),
        base_step=base_step,
        cells=cells,
        penalty=estimated.penalty,
        subsets=[np.flatnonzero(row).tolist() for row in estimated.sets],
        losses=plain(estimated.losses),
    )


def _estimate(
    trainer: Trainer, options: MeasureOptions
) -> tuple[int, dict[str, tuple[int, int]], SubsetLosses]:
    """Estimate every subset's losses from the selected model: its update, cells by task, losses."""
    job, learner = trainer.job, trainer.learner
    if not isinstance(learner, HeadsLearner):
        raise TypeError(f"{type(learner).__name__}: no heads to estimate from")
    # One state serves all tasks, for the run selects for all of them together.
    ((step, _),) = trainer.selections()
    learner.make_trainable()
    sketch = Sketch(learner.model, _DIMENSIONS, job.seed)
    parts = {}
    for split in ("train", "validation"):
        rows = pick_rows(
            job.data.tables[split], list(job.tasks), options.cells, derived_seed(job.seed, f"cells {split}")
        )
        parts[split] = linearise(learner, sketch, job.data.tables[split], job.stores[split], rows)
    train, validation = parts["train"], parts["validation"]
    estimated = estimate_subsets(job.tasks, job.weights, train, validation)
    cells = {t: (len(train[t].targets), len(validation[t].targets)) for t in job.tasks}
    return step, cells, estimated


def plain(values: Array) -> Matrix:
    """Return a matrix as JSON has it: none for what isn't known."""
    return [[float(v) if np.isfinite(v) else None for v in row] for row in values]
