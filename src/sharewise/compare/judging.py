"""From finished runs to verdicts: which outputs of which arms are held against each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sharewise.compare.learning import Unlearned
from sharewise.compare.planning import PlannedArm
from sharewise.compare.results import Recommendation
from sharewise.compare.running import FinishedRun
from sharewise.compare.statistics import Comparison, Verdict, judge_family, recommend, sentence
from sharewise.data.table import StudyData
from sharewise.stats.metrics import METRICS
from sharewise.study import SINGLE, Study
from sharewise.tasks import Array, Task

# A difference of less than a point doesn't matter, where a user declares nothing else.
DEFAULT_MARGIN = 0.01


@dataclass(frozen=True)
class Judged:
    """Verdicts, a sentence each, the recommended arm, and what a reader should be warned of."""

    verdicts: list[Verdict]
    sentences: list[str]
    recommendation: Recommendation | None
    warnings: list[str]


def judge(
    study: Study,
    data: StudyData,
    arms: Sequence[PlannedArm],
    runs: Mapping[str, Sequence[FinishedRun]],
    scored: Literal["test", "validation"],
    *,
    second_look: bool = False,
    stuck: Sequence[Unlearned] = (),
    unchosen: Collection[str] = (),
) -> Judged:
    """Compare every arm with its baseline on every task's primary metric, on the test split.

    Without a test split there is no verdict: validation was used to select the models. Verdicts of a second look
    (seeds or arms were added after the first) are marked; models that did not learn (``stuck``) bar some verdicts.
    Settings of a sweep that validation did not choose (``unchosen``) are judged, and count, and are not recommended.
    """
    if scored == "validation":
        warning = "the study has no test split: the numbers are of validation, which also chose the models; no verdict"
        return Judged([], [], None, [warning])
    table = data.tables[scored]
    learned_nothing = {(u.arm, u.task): len(set(u.seeds) - set(u.failed)) for u in stuck}
    comparisons = []
    outputs: dict[tuple[str, str], Array] = {}
    for arm in arms:
        if arm.baseline is None:
            continue
        for name, task in data.tasks.items():
            for side in (arm.name, arm.baseline):
                if (side, name) not in outputs:
                    outputs[side, name] = outputs_of(task, runs[side], scored)
            present = table.present(name)
            comparisons.append(
                Comparison(
                    task=name,
                    arm=arm.name,
                    metric=task.metric,
                    targets=task.truth(table.targets[name][present]),
                    outputs=outputs[arm.name, name],
                    baseline_outputs=outputs[arm.baseline, name],
                    # `single` with an arm's overrides is still the single-task baseline to a reader.
                    baseline=SINGLE if arm.baseline.startswith(f"{SINGLE}[") else arm.baseline,
                    groups=table.groups[present] if table.grouped else None,
                    margin=margin_of(study, task),
                    classes=len(task.labels) or None,
                    failed=_failures(runs[arm.name], name),
                    baseline_failed=_failures(runs[arm.baseline], name),
                    unlearned=learned_nothing.get((arm.name, name), 0),
                    baseline_unlearned=learned_nothing.get((arm.baseline, name), 0),
                )
            )
    if not comparisons:
        return Judged([], [], None, [])
    # Stopped settings were looked at too.
    family = len(comparisons) + len(study.stopped) * len(data.tasks)
    verdicts = judge_family(comparisons, family=family, second_look=second_look)
    best, reason = recommend(verdicts, [a.name for a in arms if a.name not in unchosen], list(data.tasks))
    return Judged(verdicts, [sentence(v) for v in verdicts], Recommendation(arm=best, reason=reason), [])


def margin_of(study: Study, task: Task) -> float | None:
    """Return the declared margin, else a point; none for a metric in the user's own unit."""
    declared = study.tasks[task.name].margin
    if declared is not None:
        return declared
    return None if task.metric == "mae" else DEFAULT_MARGIN


def outputs_of(task: Task, runs: Sequence[FinishedRun], scored: str) -> Array:
    """Stack what the metric reads of every seed's model of a task that didn't fail, ``(seeds, cells)``."""
    needs = METRICS[task.metric].needs
    stacked = []
    for run in runs:
        if task.name in run.record.metrics and run.record.failed is None:
            answers = run.scores[scored][task.name]
            stacked.append(answers.scores[:, 0] if needs == "scores" else answers.decided(task))
    return np.stack(stacked) if stacked else np.zeros((0, 0))


def _failures(runs: Sequence[FinishedRun], task: str) -> int:
    return sum(task in run.record.metrics and run.record.failed is not None for run in runs)
