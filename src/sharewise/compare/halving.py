"""Successive halving of sweeps: settings that are behind on validation are not trained with the seeds to come.

After each seed the worse half of a sweep's settings is stopped (Jamieson and Talwalkar, 2016, with seeds as the
resource). What is left was chosen by the scores of the very models that would be judged: where some settings differ by
luck alone, the luckiest stay, on test too. So a sweep in which anything was stopped has no verdicts (see ``fairness``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sharewise.compare.choosing import Judged, validation_score
from sharewise.compare.results import RunRecord
from sharewise.compare.swept import StoppedRecord
from sharewise.study import Study
from sharewise.study.sweeping import WEIGHTS, equal


def halve(
    study: Study, runs: Sequence[RunRecord], tasks: Mapping[str, Judged]
) -> tuple[Study, list[StoppedRecord]]:
    """Stop the worse half of each sweep's settings that are still trained; of an odd number the smaller half.

    Settings of equal weights are counted apart, and stay whatever they score: they are what other weights have to beat.
    So does one that scores just what the last of the better half does.

    Args:
        study: with every setting that is still trained.
        runs: those made so far, of the same seeds for each setting.
        tasks: all of them.

    Returns:
        The study without these settings, and what is known of them.
    """
    records = []
    for swept in study.sweep:
        scores = {
            name: validation_score([run for run in runs if run.arm == name], tasks)
            for name, setting in study.settings.items()
            if setting.arm == swept and name not in study.stopped
        }
        # Of equals the first stays; a setting without a score, a run of which failed, goes first.
        ranked = sorted(scores, key=lambda name: _rank(scores[name]), reverse=True)
        others = [name for name in ranked if not _has_equal_weights(study, name)]
        kept = (len(others) + 1) // 2
        records += [
            StoppedRecord(
                name=name,
                arm=swept,
                values=study.settings[name].values,
                seeds=sorted({run.seed for run in runs if run.arm == name}),
                score=scores[name],
                best=ranked[0],
                best_score=scores[ranked[0]],
            )
            for name in others[kept:]
            if _rank(scores[name]) < _rank(scores[others[kept - 1]])
        ]
    return study.with_stopped(record.name for record in records), records


def stoppable(study: Study) -> list[str]:
    """The settings of sweeps that may come to be stopped."""
    return [name for name in study.settings if not _has_equal_weights(study, name)]


def _has_equal_weights(study: Study, name: str) -> bool:
    """Whether a setting of a sweep over weights gives all tasks the same."""
    weights = {task: keys.weight for task, keys in study.resolve(name).tasks.items()}
    return WEIGHTS in study.settings[name].values and equal(weights)


def _rank(score: float | None) -> float:
    return float("-inf") if score is None else score
