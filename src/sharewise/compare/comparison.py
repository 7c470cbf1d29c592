"""The main job: all arms with paired seeds, then the verdicts."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path

from sharewise.compare.collecting import collect
from sharewise.compare.packing import run_packed, worker_count
from sharewise.compare.planning import RunSpec, plan_arms, plan_runs
from sharewise.compare.results import Results
from sharewise.compare.running import FinishedRun, find_run
from sharewise.compare.watching import SilentStudy, StudyObserver
from sharewise.compare.workspace import Workspace
from sharewise.errors import UserError, nearest
from sharewise.files import locked, write_text
from sharewise.study import Study


def study_folder(study: Study, runs: Path) -> Path:
    """Return the folder in which a study's runs land."""
    return runs / study.name


def workspace_for(study: Study, runs: Path) -> Workspace:
    """Return the study's workspace; the token cache below ``runs`` is shared by all studies."""
    return Workspace(study, runs / ".cache")


def compare(
    study: Study,
    *,
    runs: Path | str = "runs",
    observer: StudyObserver | None = None,
    workers: int | None = None,
) -> Results:
    """Train all arms of a study with paired seeds and judge them; what was trained before is not trained again.

    Args:
        study: what to compare.
        runs: folder of all runs; the study's own is ``runs/<name>``, with ``results.json`` in it.
        observer: is told of progress.
        workers: runs that go side by side; chosen by the machine if None.

    Returns:
        What results.json holds.

    Raises:
        UserError: where the study or its data are wrong.
        RunError: where another process works on the same study.
    """
    root = study_folder(study, Path(runs))
    busy = f"{root}: another process is comparing this study; wait for it, or give the study another name"
    with locked(root / ".lock", busy=busy):
        workspace = workspace_for(study, Path(runs))
        finished = _run_all(plan_runs(study), workspace, Path(runs), observer or SilentStudy(), workers)
        results = collect(study, workspace, finished)
        write_text(root / "results.json", results.model_dump_json(by_alias=True, indent=1) + "\n")
        _prune(study, root, finished)
    return results


def train_one(
    study: Study, *, arm: str, seed: int, runs: Path | str = "runs", observer: StudyObserver | None = None
) -> list[FinishedRun]:
    """Make the run of one arm and seed (of ``single``: one a task), where ``compare`` will find it.

    Raises:
        UserError: where the study has no such arm.
    """
    root = study_folder(study, Path(runs))
    names = [a.name for a in plan_arms(study)]
    if arm not in names:
        close = nearest(arm, names)
        hint = f"; did you mean `{close}`?" if close else ""
        raise UserError(f"the study has no arm {arm!r}{hint}", expected=f"one of {', '.join(names)}")
    specs = [s for s in plan_runs(study.model_copy(update={"seeds": (seed,)})) if s.arm == arm]
    with locked(root / ".lock", busy=f"{root}: another process is training in this folder; wait for it"):
        workspace = workspace_for(study, Path(runs))
        # As many threads as the whole study would give this run, so that compare gets the same numbers.
        workers = worker_count(len(plan_runs(study)))
        return _run_all(specs, workspace, Path(runs), observer or SilentStudy(), workers)


def _run_all(
    specs: Sequence[RunSpec], workspace: Workspace, runs: Path, observer: StudyObserver, workers: int | None
) -> list[FinishedRun]:
    """Make what isn't on disk yet, and read everything from there, so that old and new runs are the same."""
    root = study_folder(workspace.study, runs)
    missing = {}
    for number, spec in enumerate(specs, start=1):
        if find_run(spec, workspace, root) is None:
            missing[number] = spec
        else:
            observer.on_run(spec, number=number, total=len(specs), cached=True)
    if missing:
        count = worker_count(len(specs)) if workers is None else workers
        run_packed(missing, workspace, runs, root, workers=count, total=len(specs), observer=observer)
    finished = [find_run(spec, workspace, root) for spec in specs]
    return [run for run in finished if run is not None]


def _prune(study: Study, root: Path, finished: Sequence[FinishedRun]) -> None:
    """Delete the weights that ``keep`` gives up: all, or those of other seeds than each arm's median one."""
    if study.keep == "all":
        return
    kept = (
        set()
        if study.keep == "none"
        else {
            run.record.folder
            for arm in plan_arms(study)
            for run in finished
            if run.record.arm == arm.name and run.record.seed == median_seed(arm.name, finished)
        }
    )
    for run in finished:
        if run.record.folder not in kept:
            shutil.rmtree(root / run.record.folder / "model", ignore_errors=True)


def median_seed(arm: str, finished: Sequence[FinishedRun]) -> int:
    """Return the seed whose selection score on validation is the median one (the lower of two), over all its runs."""
    by_seed: dict[int, list[float]] = {}
    for run in finished:
        if run.record.arm == arm:
            best = next(h for h in run.record.history if h.step == run.record.best_step)
            by_seed.setdefault(run.record.seed, []).append(
                best.score if best.score is not None else float("-inf")
            )
    means = {seed: statistics.fmean(scores) for seed, scores in by_seed.items()}
    ranked = sorted(means, key=lambda seed: (means[seed], seed))
    return ranked[(len(ranked) - 1) // 2]
