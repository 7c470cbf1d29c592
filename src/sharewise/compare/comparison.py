"""The main job: all arms with paired seeds, then the verdicts."""

from __future__ import annotations

from pathlib import Path

from sharewise.compare.budgets import refuse, refuse_unequal
from sharewise.compare.collecting import collect
from sharewise.compare.foresight import Foreseeing
from sharewise.compare.keeping import kept_folders, prune
from sharewise.compare.packing import run_packed, thread_count, threads_set, worker_count
from sharewise.compare.planning import plan_arms, plan_runs
from sharewise.compare.quantising import try_integers
from sharewise.compare.restating import restate
from sharewise.compare.results import Results
from sharewise.compare.running import FinishedRun
from sharewise.compare.scheduling import Schedule
from sharewise.compare.searching import search
from sharewise.compare.second_look import earlier_results, is_second_look
from sharewise.compare.shipping import ship_anew, to_ship
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
    strict: bool = False,
) -> Results:
    """Train all arms of a study with paired seeds and judge them; what was trained before is not trained again.

    Runs that go side by side are processes of their own, which import the calling script: keep the call under
    ``if __name__ == "__main__":`` there.

    Args:
        study: what to compare.
        runs: folder of all runs; the study's own is ``runs/<name>``, with ``results.json`` in it.
        observer: is told of progress.
        workers: runs that go side by side; chosen by the machine if None.
        strict: whether unequal budgets and rules are refused, before training where they can be known; else they
            are named beside the verdicts.

    Returns:
        What results.json holds.

    Raises:
        UserError: where the study or its data are wrong, or not as strict demands.
        RunError: where another process works on the same study.
    """
    root = study_folder(study, Path(runs))
    busy = f"{root}: another process is comparing this study; wait for it, or give the study another name"
    with locked(root / ".lock", busy=busy):
        workspace = workspace_for(study, Path(runs))
        if strict:
            refuse_unequal(study, workspace)
        told = observer or SilentStudy()
        # As many threads as the runs that follow get, so that a trial's run can be one of them.
        with threads_set(thread_count(worker_count(len(plan_runs(study)), workers))):
            study, searches = search(study, workspace, root, told)
        # As many side by side, with as many threads each, as if nothing were stopped: the same runs give the same
        # numbers.
        count = worker_count(len(plan_runs(study)), workers)
        schedule = Schedule(study, workspace, root, Foreseeing(told, workspace, root))
        finished = _run(schedule, workspace, Path(runs), count)
        study = schedule.study
        records = [run.record for run in finished]
        kept, notes = kept_folders(study, root, records)
        second_look = is_second_look(earlier_results(root), records)
        results = collect(
            study,
            workspace,
            finished,
            root=root,
            notes=notes,
            second_look=second_look,
            searches=searches,
            stopped=schedule.stopped,
        )
        if strict:
            refuse(
                results.objections,
                action="results.json is not written; without --strict it is, with this in it",
            )
        write_text(root / "results.json", results.model_dump_json(by_alias=True, indent=1) + "\n")
        prune(root, records if study.keep == "all" else schedule.made, kept)
        restate(root, study, workspace, [run for run in finished if run.record.folder in kept])
        ship_anew(results, root)
        if try_integers(study, workspace, root, to_ship(results, root)):
            ship_anew(results, root)
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
    of_seed = study.model_copy(update={"seeds": (seed,)})
    specs = [spec for spec in plan_runs(of_seed) if spec.arm == arm]
    with locked(root / ".lock", busy=f"{root}: another process is training in this folder; wait for it"):
        workspace = workspace_for(study, Path(runs))
        # As many threads as the whole study would give this run, so that compare gets the same numbers.
        count = worker_count(len(plan_runs(study)))
        schedule = Schedule(of_seed, workspace, root, observer or SilentStudy(), specs)
        return _run(schedule, workspace, Path(runs), count)


def _run(schedule: Schedule, workspace: Workspace, runs: Path, count: int) -> list[FinishedRun]:
    """Make what isn't on disk yet, ``count`` at a time, and read all from there: old and new runs are the same."""
    if schedule.left:
        run_packed(schedule, workspace, runs, study_folder(workspace.study, runs), workers=count)
    return schedule.finished()
