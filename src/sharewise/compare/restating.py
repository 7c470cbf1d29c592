"""Saved models that were made before a calibration or threshold was declared, or changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sharewise.compare.describing import saved_metrics
from sharewise.compare.keeping import MODEL
from sharewise.compare.running import FinishedRun
from sharewise.compare.workspace import Workspace
from sharewise.models.manifest import Facts
from sharewise.models.saved import restate_models


def restate(root: Path, workspace: Workspace, kept: Sequence[FinishedRun]) -> None:
    """Let every kept model say what the study declares now; nothing is trained for it.

    Args:
        root: the study's folder.
        workspace: with its data.
        kept: runs whose weights stay on disk.
    """
    for run in kept:
        folder = root / run.record.folder / MODEL
        if not folder.is_dir():
            continue
        record, data = run.record, workspace.base
        tasks = {name: data.tasks[name] for name in record.metrics}
        facts = Facts(
            study={},
            calibration=record.calibration,
            thresholds=record.thresholds,
            metrics=saved_metrics(tasks, data, run.scores),
        )
        restate_models(folder, facts)
