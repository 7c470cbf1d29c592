"""The hash under which a run is kept: all that can change what it leaves, and nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sharewise.compare.planning import RunSpec
from sharewise.compare.storage import SPLITS_SCORED
from sharewise.compare.workspace import Workspace
from sharewise.models.sharing import HardOptions
from sharewise.train import TrainingOptions
from sharewise.train.techniques import TECHNIQUES, difficulty

# Raised whenever a change of Sharewise itself changes the numbers that a run gives.
NUMERICS = 5
# The same of models that write their answers alone.
TEXT_NUMERICS = 4


def run_hash(spec: RunSpec, workspace: Workspace) -> str:
    """Return the SHA-256 of one run's configuration, data and encoder.

    Names of arms and files, library versions and the machine are not in it: versions and machine are recorded with
    the run and warned about. The order of tasks is: dropout draws its masks in it. So are the numbers that scored
    rows have in their files, by which predictions are joined with them.
    """
    arm = spec.resolved
    data = workspace.data(arm)
    sampled_by_source = arm.training.temperature != 1.0
    payload: dict[str, Any] = {
        "numerics": NUMERICS,
        "seed": spec.seed,
        "sharing": arm.sharing,
        "training": _training(arm.training),
        "encoder": arm.encoder.model_dump(mode="json", exclude={"name", "revision", "trust_remote_code"}),
        "encoder_bytes": workspace.fingerprint(arm),
        "tasks": [
            data.tasks[t].describe()
            | {
                "name": t,
                "weight": spec.weights[t],
                "targets": [table.target_digest(t) for table in data.tables.values()],
            }
            for t in spec.tasks
        ],
        "texts": workspace.text_digests(arm),
        "rows": {
            split: hashlib.sha256(data.tables[split].rows.tobytes()).hexdigest()
            for split in SPLITS_SCORED
            if split in data.tables
        },
        "sources": data.train.sources.tolist() if sampled_by_source else None,
    }
    if arm.backend.writes:
        payload["text_numerics"] = TEXT_NUMERICS
        payload["backend"] = arm.backend.model_dump(mode="json")
        payload["words"] = {name: [w.prefix, w.answers] for name, w in workspace.words(arm).items()}
    soft = {t: [table.soft_digest(t) for table in data.tables.values()] for t in spec.tasks}
    if any(any(digests) for digests in soft.values()):
        payload["soft"] = soft
    if arm.sharing_options != HardOptions():
        payload["sharing_options"] = arm.sharing_options.model_dump(mode="json")
    if arm.weighting != "static":
        payload["weighting"] = [arm.weighting, arm.weighting_options.model_dump(mode="json")]
    if arm.every_task:
        # Then the batches depend on which rows hold which tasks' cells, the model's own or not.
        payload["every_task"] = [data.train.target_digest(t) for t in data.tasks]
    if arm.training.curriculum is not None:
        payload["curriculum"] = hashlib.sha256(difficulty(data).tobytes()).hexdigest()
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _training(options: TrainingOptions) -> dict[str, Any]:
    """The keys of `training`, but for the defaults of those that came when runs without them had been made."""
    keys = options.model_dump(mode="json")
    added: dict[str, Any] = {"optimizer": "adamw"} | dict.fromkeys(TECHNIQUES)
    return {k: v for k, v in keys.items() if k not in added or v != added[k]}
