"""From finished runs to results.json."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from sharewise.compare.choosing import about_sweeps, choose
from sharewise.compare.detail import spread_of
from sharewise.compare.detailing import task_detail
from sharewise.compare.doubts import about_learning, about_runs, about_surroundings, about_texts
from sharewise.compare.environment import git_commit, machine, versions
from sharewise.compare.fairness import audited
from sharewise.compare.judging import judge
from sharewise.compare.learning import unlearned
from sharewise.compare.overfitting import find_peaks, peak_sentences
from sharewise.compare.planning import PlannedArm, plan_arms
from sharewise.compare.prediction import read_prediction
from sharewise.compare.reliability import fitted_records
from sharewise.compare.results import ArmRecord, Metrics, Results, RunRecord, TaskRecord
from sharewise.compare.running import FinishedRun
from sharewise.compare.searched import SearchRecord
from sharewise.compare.swept import StoppedRecord, SweptRecord
from sharewise.compare.voted import vote_metrics
from sharewise.compare.workspace import Workspace
from sharewise.data.simulated import is_simulated
from sharewise.data.table import StudyData
from sharewise.models.sharing import groups_in_use
from sharewise.stats.metrics import METRICS
from sharewise.study import Study
from sharewise.tasks import Task
from sharewise.train import TaskScores
from sharewise.train.scoring import defined, joint_metrics
from sharewise.version import __version__

Split = Literal["test", "validation"]
Summary = dict[str, tuple[float, float]]


def collect(
    study: Study,
    workspace: Workspace,
    finished: Sequence[FinishedRun],
    *,
    root: Path,
    notes: Sequence[str] = (),
    second_look: bool = False,
    searches: Sequence[SearchRecord] = (),
    stopped: Sequence[StoppedRecord] = (),
) -> Results:
    """Gather everything that the reports show, and judge the arms.

    Args:
        study: the study.
        workspace: with its data.
        finished: all its runs.
        root: the study's folder, where affinity may have left what it predicts.
        notes: further warnings.
        second_look: whether seeds or arms were added after verdicts had been seen.
        searches: the trials that chose some arms' settings.
        stopped: settings that were behind, and are none of the arms.
    """
    data = workspace.base
    scored: Split = "test" if data.test is not None else "validation"
    arms = plan_arms(study)
    by_arm = {a.name: [r for r in finished if r.record.arm == a.name] for a in arms}
    tasks = {name: task_record(task, data, study, scored) for name, task in data.tasks.items()}
    records = [run.record for run in finished]
    stuck = unlearned(tasks, records, scored)
    swept = choose(study, records, tasks)
    judged = judge(
        study,
        data,
        arms,
        by_arm,
        scored,
        second_look=second_look,
        stuck=stuck,
        unchosen=[name for name, setting in swept.items() if not setting.chosen],
    )
    doubts = [
        *data.notes,
        *judged.warnings,
        *about_texts(workspace, arms),
        *about_runs(records),
        *about_learning(tasks, records, scored),
        *about_sweeps(swept, arms, records, tasks),
        *about_surroundings(finished),
        *notes,
    ]
    peaks = find_peaks(tasks, by_arm, records)
    described = {
        a.name: arm_record(
            a,
            by_arm[a.name],
            data.tasks,
            study,
            groups=groups_in_use(workspace.sharing_options(a.resolved, list(data.tasks))),
            swept=swept.get(a.name),
        )
        for a in arms
    }
    results = Results(
        study=study.name,
        sharewise=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        git=git_commit(study.folder),
        versions=versions(),
        machine=machine(),
        configuration=study.model_dump(mode="json"),
        seeds=list(study.seeds),
        scored=scored,
        epoch_metric=study.report.epoch_metric,
        simulated=any(is_simulated(study.folder / options.train) for options in study.data.values()),
        second_look=second_look,
        tasks=tasks,
        joint_baseline=joint_metrics(data.tasks, _constant_answers(data, scored)),
        arms=described,
        runs=records,
        verdicts=judged.verdicts,
        sentences=judged.sentences,
        recommendation=judged.recommendation,
        details={
            name: task_detail(
                task,
                data.tables[scored],
                by_arm,
                {a.name: a.baseline for a in arms},
                scored=scored,
                shown=study.report.rows,
            )
            for name, task in data.tasks.items()
        },
        prediction=read_prediction(root, {name: arm.groups for name, arm in described.items()}),
        stopped=list(stopped),
        searches=list(searches),
        fitted=fitted_records({a.name: workspace.data(a.resolved).tasks for a in arms}, by_arm, scored),
        peaks=peaks,
        peak_sentences=peak_sentences(peaks, [a.name for a in arms if a.one_model]),
        warnings=list(dict.fromkeys(doubts)),
    )
    return audited(results)


def task_record(task: Task, data: StudyData, study: Study, scored: Split) -> TaskRecord:
    """Describe one task and what a constant answer scores."""
    constant = _constant_answers(data, scored)[task.name]
    smaller, smaller_rows = _smaller_class(task, constant.targets)
    return TaskRecord(
        kind=task.options.kind,
        labels=list(task.labels),
        metric=task.metric,
        higher_is_better=METRICS[task.metric].higher_is_better,
        margin=study.tasks[task.name].margin,
        rows={split: int(t.present(task.name).sum()) for split, t in data.tables.items()},
        shares={
            split: _shares(task, t.targets[task.name][t.present(task.name)])
            for split, t in data.tables.items()
            if task.labels
        },
        baselines={
            "majority": defined(task.metrics(constant.targets, constant.scores))
            | dict(vote_metrics(task, constant, data, scored))
        },
        smaller_class=smaller,
        smaller_class_rows=smaller_rows,
    )


def _constant_answers(data: StudyData, scored: Split) -> dict[str, TaskScores]:
    """Answer every cell of a split with what its task's training targets imply: the majority label, the mean."""
    answers = {}
    for name, task in data.tasks.items():
        train, table = data.train, data.tables[scored]
        rows = np.flatnonzero(table.present(name))
        constant = task.baseline(train.targets[name][train.present(name)])
        answers[name] = TaskScores(
            rows=rows,
            targets=table.targets[name][rows],
            scores=np.tile(constant, (len(rows), 1)),
            loss=float("nan"),
        )
    return answers


def arm_record(
    arm: PlannedArm,
    runs: Sequence[FinishedRun],
    tasks: Mapping[str, Task],
    study: Study,
    *,
    groups: Mapping[str, tuple[str, ...]],
    swept: SweptRecord | None = None,
) -> ArmRecord:
    """Summarise one arm over its seeds: what it is, what it cost, what it scored."""
    records = [r.record for r in runs]
    by_seed = [[r.record for r in same_seed] for same_seed in _by_seed(runs)]
    seconds = sum(r.seconds for r in records)
    trained = _most(by_seed, lambda r: r.trained)
    options = study.compared_arms.get(arm.name)
    joint = [joint_metrics_of(tasks, same_seed) for same_seed in _by_seed(runs)]
    return ArmRecord(
        sharing=arm.resolved.sharing if arm.one_model else "single",
        weighting=arm.resolved.weighting,
        groups=dict(groups),
        baseline=arm.baseline,
        overrides=options.model_dump(mode="json", exclude_defaults=True) if options else {},
        models=max(sum(r.states for r in of_seed) for of_seed in by_seed),
        parameters=max(sum(r.parameters * r.states for r in of_seed) for of_seed in by_seed),
        trained=None if trained is None else round(trained),
        flops=_most(by_seed, lambda r: r.flops),
        seconds=seconds,
        examples_per_second=sum(r.rows_seen for r in records) / seconds if seconds else 0.0,
        updates=_mean_by_task(r.updates for r in records),
        updates_made=_mean_by_task(r.updates_made for r in records),
        rows_seen=sum(r.rows_seen for r in records) / len(by_seed),
        trials=arm.trials,
        passes=arm.resolved.training.passes,
        swept=swept,
        energy=_total_energy(records),
        training=arm.resolved.training.model_dump(mode="json"),
        summary={task: _by_split([r.metrics[task] for r in records if task in r.metrics]) for task in tasks},
        joint=_by_split(joint),
    )


def joint_metrics_of(tasks: Mapping[str, Task], runs: Sequence[FinishedRun]) -> dict[str, Metrics]:
    """Return exact match, micro- and macro-F1 by split over one seed's models together."""
    merged: dict[str, dict[str, TaskScores]] = {}
    for run in runs:
        for split, scores in run.scores.items():
            merged.setdefault(split, {}).update(scores)
    return {split: joint_metrics(tasks, scores) for split, scores in merged.items()}


def _most(by_seed: Sequence[Sequence[RunRecord]], cost: Callable[[RunRecord], float | None]) -> float | None:
    """Add a cost up over the models that serve all tasks, in the seed with the most; None where a run doesn't know."""
    sums: list[float] = []
    for of_seed in by_seed:
        costs = [(cost(run), run.states) for run in of_seed]
        known = [value * states for value, states in costs if value is not None]
        if len(known) < len(costs):
            return None
        sums.append(sum(known))
    return max(sums)


def _by_seed(runs: Sequence[FinishedRun]) -> list[list[FinishedRun]]:
    seeds = dict.fromkeys(r.record.seed for r in runs)
    return [[r for r in runs if r.record.seed == seed] for seed in seeds]


def _by_split(entries: Sequence[Mapping[str, Metrics]]) -> dict[str, Summary]:
    """Mean and standard deviation over seeds; a metric that a seed lacks is left out, never averaged around."""
    splits = dict.fromkeys(split for entry in entries for split in entry)
    return {split: _summary([entry.get(split, {}) for entry in entries]) for split in splits}


def _summary(entries: Sequence[Metrics]) -> Summary:
    names = [n for n in entries[0] if all(n in e for e in entries)]
    return {n: spread_of(e[n] for e in entries) for n in names}


def _mean_by_task(entries: Iterable[Mapping[str, int]]) -> dict[str, float]:
    gathered: dict[str, list[int]] = {}
    for entry in entries:
        for task, count in entry.items():
            gathered.setdefault(task, []).append(count)
    return {task: statistics.fmean(counts) for task, counts in gathered.items()}


def _total_energy(runs: Sequence[RunRecord]) -> float | None:
    """Of all runs; None where that of one isn't known."""
    known = [r.energy for r in runs if r.energy is not None]
    return sum(known) if known and len(known) == len(runs) else None


def _smaller_class(task: Task, targets: np.ndarray) -> tuple[str | None, int | None]:
    """The label with the fewest rows, and how many it has; of equals the first."""
    if not task.labels:
        return None, None
    counts = task.label_rows(targets)
    return task.labels[int(counts.argmin())], int(counts.min())


def _shares(task: Task, targets: np.ndarray) -> dict[str, float]:
    counts = task.label_rows(targets)
    return {label: float(c / max(1, len(targets))) for label, c in zip(task.labels, counts, strict=True)}
