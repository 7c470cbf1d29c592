"""The affinity of a study's tasks: measured in one run a seed, divided into groups, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from sharewise.compare.affinity.dividing import (
    divide,
    mean_matrix,
    most_groups,
    pair_gains,
    predict,
    subset_losses,
)
from sharewise.compare.affinity.measuring import (
    Measured,
    MeasureOptions,
    affinity_spec,
    find_measured,
    measure,
    plain,
)
from sharewise.compare.affinity.records import Affinity, SubsetEstimate
from sharewise.compare.comparison import study_folder, workspace_for
from sharewise.compare.packing import thread_count, threads_set
from sharewise.compare.prediction import AFFINITY_FILE, Measure
from sharewise.compare.watching import SilentStudy, StudyObserver
from sharewise.data.simulated import is_simulated
from sharewise.data.table import StudyData
from sharewise.errors import UserError
from sharewise.files import locked, write_text
from sharewise.stats.association import association
from sharewise.study import Study
from sharewise.version import __version__

# Ways to share in groups, and what an arm needs besides.
SHARED_IN_GROUPS: dict[str, dict[str, Any]] = {
    "group_encoders": {},
    "grouped": {},
    "interaction": {"scope": "groups"},
}


def measure_affinity(
    study: Study,
    *,
    runs: Path | str = "runs",
    seeds: Sequence[int] = (),
    by: Measure = "lookahead",
    groups: int | None = None,
    options: MeasureOptions | None = None,
    observer: StudyObserver | None = None,
) -> Affinity:
    """Measure which tasks help which, in one training run a seed, and divide them into groups.

    Writes ``affinity.json`` into the study's folder; what was measured before is not measured again. The test split
    is not scored.

    Args:
        study: whose tasks.
        runs: folder of all runs.
        seeds: of the runs; the study's first one if none is named.
        by: the measure that decides the groups.
        groups: how many there may be; a third of the tasks if left out, two at least.
        options: how closely it is looked.
        observer: is told of progress.

    Raises:
        UserError: where the study has one task only, no heads, or is otherwise not fit to be looked at.
    """
    _refuse(study, groups)
    options = options or MeasureOptions()
    root = study_folder(study, Path(runs))
    watching = observer or SilentStudy()
    specs = [affinity_spec(study, seed) for seed in dict.fromkeys(seeds or study.seeds[:1])]
    busy = f"{root}: another process is working on this study; wait for it, or give the study another name"
    with locked(root / ".lock", busy=busy):
        workspace = workspace_for(study, Path(runs))
        data = workspace.base
        _refuse_unlabelled(data)
        measured = []
        with threads_set(thread_count(1)):
            for number, spec in enumerate(specs, start=1):
                cached = find_measured(spec, workspace, root, options)
                told = watching.on_run(spec, number=number, total=len(specs), cached=cached is not None)
                measured.append(cached or measure(spec, workspace, root, options, observer=told))
        names = list(data.tasks)
        unordered = {name for name, task in data.tasks.items() if not task.ordered}
        associated = association({t: data.train.targets[t] for t in names}, unordered)
        most = groups or most_groups(len(names))
        divisions = divide(names, measured, associated, by=by, most=most)
        found = Affinity(
            study=study.name,
            sharewise=__version__,
            configuration=study.model_dump(mode="json"),
            simulated=any(is_simulated(study.folder / keys.train) for keys in study.data.values()),
            tasks=names,
            seeds=[m.seed for m in measured],
            every=measured[0].every,
            updates=[m.updates for m in measured],
            looks=[m.looks for m in measured],
            cells=measured[0].cells,
            most=most,
            lookahead=plain(mean_matrix([m.lookahead for m in measured])),
            cosine=plain(mean_matrix([m.cosine for m in measured])),
            association=plain(associated.matrix),
            estimate=plain(pair_gains(measured)),
            subsets=_subsets(names, measured),
            divisions=divisions,
            prediction=predict(names, measured, divisions[0]),
        )
        write_text(root / AFFINITY_FILE, found.model_dump_json(by_alias=True, indent=1) + "\n")
    return found


def affinity_arm(
    found: Affinity, sharing: Literal["group_encoders", "grouped", "interaction"] = "group_encoders"
) -> dict[str, Any]:
    """The arm that shares in the groups that were found, as the study file writes it.

    Raises:
        UserError: where all tasks are in one group.
    """
    if len(found.groups) < 2:
        raise UserError(
            "there are no groups to write: all tasks together is the best division",
            action="leave --write-groups away; `sharing: hard` shares among all tasks",
        )
    keys = SHARED_IN_GROUPS[sharing]
    return {"sharing": sharing, **keys, "groups": {n: list(group) for n, group in found.groups.items()}}


def _refuse(study: Study, groups: int | None) -> None:
    if len(study.tasks) < 2:
        raise UserError(
            "tasks: affinity is what tasks do to each other, and this study has one",
            action="add a task, or go on with `sharewise compare`",
        )
    if study.backend.writes:
        raise UserError(
            "backend: affinity is measured with heads on an encoder, and this study's backend writes text",
            action="give the study an encoder and `backend: heads`, or name the groups yourself",
        )
    if study.training.optimizer != "adamw":
        raise UserError(
            f"training.optimizer: affinity looks ahead by AdamW's steps, and this study's is "
            f"{study.training.optimizer}",
            action="run it with --set training.optimizer=adamw and a learning rate that suits it",
        )
    if groups is not None and groups < 2:
        raise UserError("--groups: one group is all tasks together", expected="2 or more")


def _refuse_unlabelled(data: StudyData) -> None:
    for table in (data.train, data.validation):
        for task in data.tasks:
            if not table.present(task).any():
                raise UserError(
                    f"tasks.{task}: the {table.split} split has no label of it, so that nothing is known of its loss",
                    action="label some of its rows, or leave the task out",
                )


def _subsets(tasks: Sequence[str], measured: Sequence[Measured]) -> list[SubsetEstimate]:
    return [
        SubsetEstimate(
            tasks=tuple(tasks[i] for i in subset), losses={tasks[i]: float(losses[i]) for i in subset}
        )
        for subset, losses in subset_losses(measured).items()
    ]
