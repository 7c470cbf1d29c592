"""What a run's saved model says of itself: where it comes from, what it saw, and what it scored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from math import isfinite, sqrt

import numpy as np
from scipy.special import stdtrit

from sharewise.compare.deciding import as_fitted, fit_on_validation
from sharewise.compare.planning import RunSpec
from sharewise.data.context_options import ContextOptions
from sharewise.data.languages import languages_seen
from sharewise.data.simulated import is_simulated
from sharewise.data.table import StudyData, Table
from sharewise.models.manifest import Facts, Licence, SavedContext, SavedMetric
from sharewise.models.pretrained import source_licence
from sharewise.stats.groups import Groups
from sharewise.stats.jackknife import influence
from sharewise.stats.metrics import METRICS
from sharewise.study import Study
from sharewise.tasks import Task
from sharewise.train import TaskScores


def describe_run(
    spec: RunSpec, study: Study, data: StudyData, scores: Mapping[str, Mapping[str, TaskScores]], digest: str
) -> Facts:
    """Gather what sharewise.json says of a run's model.

    Args:
        spec: the run.
        study: its study.
        data: what it was trained and scored on.
        scores: split -> task -> the selected model's answers.
        digest: the run's hash.
    """
    own = {t: data.tasks[t] for t in spec.tasks}
    fitted = fit_on_validation(own, scores["validation"])
    sources = dict.fromkeys(task.options.data for task in own.values())
    encoder = spec.resolved.encoder
    return Facts(
        study={
            "name": study.name,
            "arm": spec.arm,
            "seed": spec.seed,
            "run": digest,
            "configuration": hashlib.sha256(study.model_dump_json().encode()).hexdigest(),
            "data": {split: table.text_digest() for split, table in data.tables.items()},
            "labels": {t: {split: s.target_digest(t) for split, s in data.tables.items()} for t in own},
            "simulated": any(is_simulated(study.folder / study.data[s].train) for s in sources),
        },
        texts={source: study.data[source].columns for source in sources},
        context={
            source: _saved(context, len(study.data[source].columns))
            for source in sources
            if (context := study.data[source].context) is not None
        },
        languages=languages_seen(data.train.texts),
        metrics=saved_metrics(own, data, as_fitted(own, scores, fitted)),
        calibration=fitted.calibration,
        thresholds=fitted.thresholds,
        licence=Licence(encoder=source_licence(encoder) if encoder.scratch is None else None),
    )


def _saved(context: ContextOptions, texts: int) -> SavedContext:
    """Earlier turns in columns are one text each; those in rows have as many as the rows."""
    return SavedContext(
        columns=context.columns or (),
        dialogue=context.dialogue,
        turn=context.turn,
        turns=context.turns,
        texts=texts if context.dialogue is not None else 1,
    )


def saved_metrics(
    tasks: Mapping[str, Task], data: StudyData, scores: Mapping[str, Mapping[str, TaskScores]]
) -> dict[str, dict[str, SavedMetric]]:
    """Each task's primary metric on each split that was scored.

    Args:
        tasks: of the model.
        data: what it was scored on.
        scores: split -> task -> answers, as they are fitted.
    """
    return {
        name: {
            split: metric_with_interval(task, by_task[name], data.tables[split])
            for split, by_task in scores.items()
            if len(by_task[name].rows)
        }
        for name, task in tasks.items()
    }


def metric_with_interval(task: Task, answers: TaskScores, table: Table) -> SavedMetric:
    """One model's primary metric on one split, with the jackknife's 95 % interval over rows or groups of rows."""
    metric = METRICS[task.metric]
    outputs = answers.scores[:, 0] if metric.needs == "scores" else answers.decided(task)
    targets = task.truth(answers.targets)
    groups = Groups.of(table.groups[answers.rows] if table.grouped else None, len(answers.rows))
    found = influence(metric, targets, outputs[None], groups, len(task.labels) or None)
    value = float(metric.point(targets, outputs, len(task.labels) or None))
    squares = found.mean_influence**2
    freedom = max(1, len(squares) - 1)
    half = (
        float(-stdtrit(freedom, 0.025)) * sqrt(squares.sum()) if np.isfinite(squares).all() else float("nan")
    )
    return SavedMetric(
        metric=task.metric,
        value=value if isfinite(value) else 0.0,
        interval=(value - half, value + half) if isfinite(value + half) else None,
        rows=len(answers.rows),
    )
