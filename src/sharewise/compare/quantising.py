"""What 8-bit integers cost the recommended model on validation: its folder says so, for the engine `auto` to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from sharewise.compare.deciding import Fitted, as_fitted
from sharewise.compare.describing import metric_with_interval
from sharewise.compare.keeping import MODEL
from sharewise.compare.planning import plan_arms
from sharewise.compare.results import RunRecord
from sharewise.compare.workspace import Workspace
from sharewise.data.table import Table
from sharewise.data.tokens import TokenStore
from sharewise.errors import UserError
from sharewise.models.kernels.integer_layer import integers_are_exact
from sharewise.models.kernels.native import kernels
from sharewise.models.manifest import Bundle, Manifest, SavedMetric, read_manifest
from sharewise.models.saved import LoadedModel, load_model, model_folders, restate_integers
from sharewise.serve.engines import TorchEngine
from sharewise.study import Study
from sharewise.train.scoring import score_split


def try_integers(study: Study, workspace: Workspace, root: Path, runs: Sequence[RunRecord]) -> bool:
    """Score validation with kept models in 8-bit integers, where this machine can and it wasn't done before.

    A GPU has other means, so that nothing is tried where there is one.

    Args:
        study: whose runs they are, with what a search chose.
        workspace: with its data.
        root: the study's folder.
        runs: whose weights are on disk.

    Returns:
        Whether models say something new.
    """
    if torch.cuda.is_available() or kernels() is None or not integers_are_exact():
        return False
    news = False
    arms = {arm.name: arm.resolved for arm in plan_arms(study)}
    for run in runs:
        arm = arms[run.arm]
        folder = root / run.folder / MODEL
        untried = [part for part in model_folders(folder).values() if not _tried(read_manifest(part))]
        if arm.backend.writes or not untried:
            continue
        table, store = workspace.data(arm).tables["validation"], workspace.stores(arm)["validation"]
        found: dict[str, SavedMetric] = {}
        try:
            for part in untried:
                model = load_model(part, trust_remote_code=arm.encoder.trust_remote_code)
                found |= _scored(model, table, store)
        except (UserError, RuntimeError, TypeError, NotImplementedError):
            # It can't be computed so, or is damaged; and where one model of an arm bears no integers none are taken.
            break
        restate_integers(folder, found)
        news = True
    return news


def _tried(manifest: Manifest | Bundle) -> bool:
    return isinstance(manifest, Manifest) and bool(manifest.integers)


def _scored(model: LoadedModel, table: Table, store: TokenStore) -> Mapping[str, SavedMetric]:
    """Each task's primary metric in 8-bit integers.

    Raises:
        UserError: where the model can't be computed in them.
    """
    engine = TorchEngine([model], device="cpu", name="torch-int8")
    own = list(model.tasks)
    answers = score_split(
        lambda tokens, _: engine.forward(tokens, own),
        tasks=model.tasks,
        table=table,
        store=store,
        device=engine.device,
    )
    fitted = Fitted(dict(model.calibration), dict(model.thresholds))
    decided = as_fitted(model.tasks, {"validation": answers}, fitted)["validation"]
    return {
        task: metric_with_interval(model.tasks[task], found, table)
        for task, found in decided.items()
        if len(found.rows)
    }
