"""Models held against the distribution of raters' votes, beside the one label."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sharewise.compare.results import RunRecord
from sharewise.compare.storage import Scores
from sharewise.data.table import StudyData
from sharewise.stats.distribution import distribution_metrics
from sharewise.tasks import SoftTask, Task
from sharewise.train import TaskScores
from sharewise.train.scoring import defined


def with_vote_metrics(record: RunRecord, scores: Scores, data: StudyData) -> RunRecord:
    """Add cross-entropy and Brier score against the votes' shares, of tasks with votes, to a run's metrics.

    They follow from what a run leaves, so that runs that were made before votes were declared have them too.
    """
    metrics = {
        task: {split: dict(found) for split, found in own.items()} for task, own in record.metrics.items()
    }
    for split, by_task in scores.items():
        for task, answers in by_task.items():
            metrics[task][split] |= vote_metrics(data.tasks[task], answers, data, split)
    return record.model_copy(update={"metrics": metrics})


def vote_metrics(task: Task, answers: TaskScores, data: StudyData, split: str) -> Mapping[str, float]:
    """Return the metrics against the votes' shares over all rows with a cell and votes; empty where there are none."""
    votes = data.tables[split].votes.get(task.name)
    if votes is None or not isinstance(task, SoftTask):
        return {}
    counts = votes[answers.rows].astype(np.float64)
    total = counts.sum(axis=1)
    voted = total > 0
    shares = counts[voted] / total[voted, None]
    return defined(distribution_metrics(shares, task.label_probabilities(answers.scores)[voted]))
