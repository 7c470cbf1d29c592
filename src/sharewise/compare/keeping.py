"""Which weights stay on disk."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path

from sharewise.compare.planning import plan_arms
from sharewise.compare.results import RunRecord
from sharewise.study import Study

MODEL = "model"


def kept_folders(study: Study, root: Path, runs: Sequence[RunRecord]) -> tuple[set[str], list[str]]:
    """Choose the runs whose weights stay: all, none, or of each arm those of the seed with the median score.

    Weights that an earlier comparison deleted are not trained again: the seed nearest to the median one takes its
    place.

    Args:
        study: says in ``keep`` what to keep.
        root: the study's folder.
        runs: all runs of the study.

    Returns:
        The runs' folders below ``root``, and a note for whatever should have been kept and is gone.
    """
    if study.keep == "none":
        return set(), []
    if study.keep == "all":
        gone = [r.folder for r in runs if not (root / r.folder / MODEL).is_dir()]
        return {r.folder for r in runs}, [
            f"{folder}: keep is `all`, but this run was made before and its weights were not kept; "
            "delete the folder to train it again"
            for folder in gone
        ]
    kept: set[str] = set()
    notes = []
    for arm in plan_arms(study):
        of_arm = [r for r in runs if r.arm == arm.name]
        by_seed = {r.seed: [s.folder for s in of_arm if s.seed == r.seed] for r in of_arm}
        ranked = seeds_by_score(of_arm)
        middle = (len(ranked) - 1) // 2
        chosen = chosen_seed(of_arm, root)
        if chosen is None:
            notes.append(
                f"{arm.name}: keep is `selected`, but the weights of its runs were not kept when they were made; "
                f"delete {by_seed[ranked[middle]][0]} to train it again"
            )
            continue
        if chosen != ranked[middle]:
            notes.append(
                f"{arm.name}: seed {ranked[middle]} has the median score now, but its weights were deleted before; "
                f"those of seed {chosen} are kept"
            )
        kept.update(by_seed[chosen])
    return kept, notes


def chosen_seed(of_arm: Sequence[RunRecord], root: Path) -> int | None:
    """Of one arm's runs, the seed nearest to the median score whose weights are all on disk; None where none is."""
    ranked = seeds_by_score(of_arm)
    middle = (len(ranked) - 1) // 2
    there = [
        seed for seed in ranked if all((root / r.folder / MODEL).is_dir() for r in of_arm if r.seed == seed)
    ]
    return min(there, key=lambda seed: abs(ranked.index(seed) - middle), default=None)


def prune(root: Path, runs: Sequence[RunRecord], kept: set[str]) -> None:
    """Delete all other weights, and what only an unfinished run needs."""
    for run in runs:
        shutil.rmtree(root / run.folder / "checkpoints", ignore_errors=True)
        if run.folder not in kept:
            shutil.rmtree(root / run.folder / MODEL, ignore_errors=True)


def seeds_by_score(runs: Sequence[RunRecord]) -> list[int]:
    """Return one arm's seeds from the lowest selection score to the highest, each the mean over the seed's models.

    Seeds with a failed run are left out, unless all have one.
    """
    scores: dict[int, list[float]] = {}
    failed = {r.seed for r in runs if r.failed is not None}
    for run in runs:
        best = next(line for line in run.history if line.step == run.best_step)
        scores.setdefault(run.seed, []).append(best.score if best.score is not None else float("-inf"))
    means = {seed: statistics.fmean(of_seed) for seed, of_seed in scores.items()}
    return sorted(set(means) - failed or means, key=lambda seed: (means[seed], seed))
