"""What an evaluation changes: which weights are kept for which task, and which tasks leave the mixture."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sharewise.train.options import TrainingOptions
from sharewise.train.selection import Score, mean_score
from sharewise.train.state import Best, RunState


def track(
    state: RunState,
    options: TrainingOptions,
    *,
    whole: Score,
    own: Mapping[str, Score],
    finite: bool,
    step: int,
    epoch: float,
    last: bool,
) -> Score:
    """Take an evaluation into account, before its updates are forgotten.

    The first evaluation is the best so far whatever it says; a later one whose losses aren't finite never is.

    Args:
        state: changed in place; ``best.step`` is ``step`` afterwards where weights are to be kept.
        options: how to select and to stop.
        whole: score of the evaluation over all tasks.
        own: score for each task alone.
        finite: whether its losses are finite numbers.
        step: batches of the plan that are done.
        epoch: the same in epochs.
        last: whether the plan ends here.

    Returns:
        What selection compares: with ``select: per_task`` the mean of the tasks' own best scores so far.
    """
    for task, score in own.items():
        if _is_better(score, state.bests.get(task), finite):
            state.bests[task] = _best(score, finite, step, epoch)
            state.waits[task] = 0
        elif state.recent[task]:
            # What a task scores after no update of its own says nothing about whether more of them help.
            state.waits[task] += 1
    if options.select == "per_task":
        whole = mean_score(Score(b.defined, b.score) for b in state.bests.values())
        better = any(best.step == step for best in state.bests.values())
        state.chosen = dict(state.bests)
    else:
        better = _is_better(whole, state.best, finite)
    if better:
        state.best = _best(whole, finite, step, epoch)
        state.stale = 0
    else:
        state.stale += 1
    if options.select != "per_task" and state.best is not None:
        state.chosen = dict.fromkeys(own, state.best)
    if options.stop == "per_task":
        out = [
            t for t, waited in state.waits.items() if waited >= options.patience and t not in state.stopped
        ]
        state.stopped |= dict.fromkeys(out, epoch)
        patient = len(state.stopped) < len(own)
    else:
        patient = options.stop == "never" or state.stale < options.patience
    state.stopped_early = not last and not (finite and patient)
    state.finished = last or state.stopped_early
    return whole


def _is_better(score: Score, best: Best | None, finite: bool) -> bool:
    return best is None or (finite and score > Score(best.defined, best.score))


def _best(score: Score, finite: bool, step: int, epoch: float) -> Best:
    score = score if finite else Score(0, -math.inf)
    return Best(score=score.value, defined=score.defined, step=step, epoch=epoch)
