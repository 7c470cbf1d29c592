"""From a study's runs to the one folder that people use: the recommended arm's model, or models."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from sharewise.compare.keeping import MODEL, chosen_seed
from sharewise.compare.restating import restate_as
from sharewise.compare.results import Results, RunRecord
from sharewise.errors import UserError, nearest
from sharewise.models.saved import model_folders, save_models
from sharewise.study import SINGLE


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A model that left its study.

    Attributes:
        folder: where it is.
        arm: the arm that it comes from.
        seed: the seed with the median validation score among those whose weights are on disk.
        models: how many models answer together.
        reason: why this arm.
    """

    folder: Path
    arm: str
    seed: int
    models: int
    reason: str


def ship_anew(results: Results, root: Path) -> None:
    """Put the recommended model into the study's own folder, or take an earlier one away where no weights are kept."""
    try:
        ship(results, root, root / MODEL)
    except UserError:  # What is gone and how to get it back is among the warnings of the results.
        shutil.rmtree(root / MODEL, ignore_errors=True)


def ship(
    results: Results, root: Path, output: Path, *, arm: str | None = None, licence: str | None = None
) -> Shipped:
    """Write the recommended arm's model into a folder of its own; weights are linked, not copied, where possible.

    Args:
        results: of the study.
        root: the study's folder.
        output: the folder to write; one that is there makes way.
        arm: another arm than the recommended one.
        licence: of the model, for its card: an identifier of the hub such as apache-2.0.

    Raises:
        UserError: where there is no such arm, or its weights are not on disk.
    """
    if arm is not None and arm not in results.arms:
        close = nearest(arm, results.arms)
        hint = f"; did you mean `{close}`?" if close else ""
        raise UserError(f"the study has no arm {arm!r}{hint}", expected=f"one of {', '.join(results.arms)}")
    recommended, reason = _recommended(results)
    if arm is None:
        arm = recommended
    else:
        reason = f"{arm} was asked for."
    runs = _kept(results, root, arm)
    if not runs:
        first = next((run for run in results.runs if run.arm == arm), None)
        raise UserError(
            f"{root}: no weights of arm {arm!r} are on disk",
            expected="a study with `keep: selected` or `keep: all`",
            action=f"delete {root / first.folder} and run `sharewise compare` again with one of them"
            if first
            else None,
        )
    parts: dict[str, Path] = {}
    for run in runs:
        found = model_folders(root / run.folder / MODEL)
        parts |= found if len(found) > 1 else dict.fromkeys([run.task], *found.values())
    save_models(output, parts, licence=licence)
    restate_as(results, runs, output)
    return Shipped(folder=output, arm=arm, seed=runs[0].seed, models=len(parts), reason=reason)


def to_ship(results: Results, root: Path) -> list[RunRecord]:
    """The runs whose models are those of the recommended arm; none where its weights are not on disk."""
    return _kept(results, root, _recommended(results)[0])


def _kept(results: Results, root: Path, arm: str) -> list[RunRecord]:
    """An arm's runs of the seed that speaks for it, of those whose weights are on disk; none where there is none."""
    of_arm = [run for run in results.runs if run.arm == arm]
    seed = chosen_seed(of_arm, root)
    return [run for run in of_arm if run.seed == seed]


def _recommended(results: Results) -> tuple[str, str]:
    """An arm, and why this one."""
    if results.recommendation is not None:
        return results.recommendation.arm, results.recommendation.reason
    return SINGLE, f"No arm was judged, so {SINGLE} is taken."
