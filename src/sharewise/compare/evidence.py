"""Whether the runs bear out what the results say of them: seeds, selection, updates, tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from sharewise.compare.objections import Kind, Objection
from sharewise.compare.results import EpochRecord, Results, RunRecord
from sharewise.stats.metrics import METRICS
from sharewise.train.options import SELECTIONS
from sharewise.train.selection import Score, mean_score, own_scores, selection_score

# Numbers are computed twice in the same way; only rounding may part them.
_ROUNDING = 1e-5
# The selected weights are scored once more at the end, on a GPU perhaps with other rounding: part of the loss.
_SCORED_AGAIN = 0.02


def doubtful(results: Results) -> list[Objection]:
    """Object to arms whose runs don't bear out the results: chosen seeds, weights chosen on test, altered numbers."""
    found: list[Objection] = []
    for arm in results.arms:
        runs = [run for run in results.runs if run.arm == arm]
        said: dict[Kind, list[str]] = {
            "seeds": [*_seeds(results, arm, runs), *_repeated(arm, runs)],
            "selection": [text for run in runs for text in _selection(results, run)],
            "record": [
                *(text for run in runs for text in _contradictions(run)),
                *_tables(results, arm, runs),
            ],
        }
        found += [
            Objection(kind=kind, arm=arm, baseline=None, text=_first(texts))
            for kind, texts in said.items()
            if texts
        ]
    return found


def _first(texts: Sequence[str]) -> str:
    """One sentence for many of a kind."""
    more = len(texts) - 1
    return texts[0] + (f" (and {more} more of this kind)" if more else "")


def _seeds(results: Results, arm: str, runs: Sequence[RunRecord]) -> Iterator[str]:
    """Every task needs every seed of the study: whoever leaves some out chooses among them."""
    for task in results.arms[arm].updates:
        seeds = [run.seed for run in runs if task in run.updates]
        if set(seeds) != set(results.seeds):
            yield (
                f"of {task}, {arm} has {_named(seeds)} where the study has {_named(results.seeds)}; the best of "
                "several seeds is no result"
            )
        elif len(seeds) != len(set(seeds)):
            yield f"of {task}, {arm} has a seed twice"


def _named(seeds: Sequence[int]) -> str:
    told = ", ".join(str(seed) for seed in sorted(set(seeds)))
    return f"seed {told}" if len(set(seeds)) == 1 else f"seeds {told}" if told else "no seed"


def _repeated(arm: str, runs: Sequence[RunRecord]) -> Iterator[str]:
    """Two seeds never give the same losses to the last digit: one of them is a copy."""
    seen: dict[tuple[object, ...], int] = {}
    for run in runs:
        losses = tuple((line.train_loss, line.validation_loss) for line in run.history)
        if not losses or any(None in pair for pair in losses):
            continue
        other = seen.setdefault((run.task, losses), run.seed)
        if other != run.seed:
            yield f"seeds {other} and {run.seed} of {arm} ({run.task}) are the same run"


def _selection(results: Results, run: RunRecord) -> Iterator[str]:
    """The kept weights are the best on validation, by the run's own history and its arm's own rule."""
    if run.selected_on != "validation":
        yield f"{_name(run)}: its weights were chosen on {run.selected_on}, not on validation"
    rule = results.arms[run.arm].training.get("select")
    steps = {line.step for line in run.history}
    if not run.history:
        return
    if not {run.best_step, *(s.step for s in run.selected.values())} <= steps:
        yield f"{_name(run)}: no evaluation of its history is the selected one"
        return
    yield from _task_by_task(results, run) if rule == "per_task" else _joint(results, run, rule)
    yield from _scored_again(run)


def _joint(results: Results, run: RunRecord, rule: str | None) -> Iterator[str]:
    """One evaluation for all tasks, the best by the rule."""
    scores = {line.step: _score(results, line, rule) for line in run.history}
    for line in run.history:
        if line.score is not None and not _near(line.score, scores[line.step].value, _ROUNDING):
            yield f"{_name(run)}: the selection score of epoch {line.epoch:g} is not that of its validation metrics"
    best = max(scores.values(), default=None)
    chosen = scores.get(run.best_step)
    if best is not None and chosen is not None and _over(best, chosen):
        epoch = next(line.epoch for line in run.history if scores[line.step] == best)
        yield (
            f"{_name(run)}: epoch {run.best_epoch:g} was kept, though by its own history epoch {epoch:g} was the best "
            "on validation"
        )
    elsewhere = [task for task, chosen in run.selected.items() if chosen.step != run.best_step]
    if elsewhere:
        yield f"{_name(run)}: {elsewhere[0]} has weights of its own, which `select: {rule}` gives no task"


def _task_by_task(results: Results, run: RunRecord) -> Iterator[str]:
    """Each task's own best evaluation, and their mean so far as the run's score."""
    bests: dict[str, tuple[Score, EpochRecord]] = {}
    for line in run.history:
        own = _own_scores(results, line)
        for task, score in own.items():
            if task not in bests or _over(score, bests[task][0]):
                bests[task] = score, line
        if line.score is not None and not _near(
            line.score, mean_score(s for s, _ in bests.values()).value, _ROUNDING
        ):
            yield f"{_name(run)}: the selection score of epoch {line.epoch:g} is not that of its validation metrics"
    lines = {line.step: line for line in run.history}
    for task, (score, line) in bests.items():
        kept = lines[run.selected_step(task)]
        if _over(score, _own_scores(results, kept)[task]):
            yield (
                f"{_name(run)}: epoch {kept.epoch:g} was kept for {task}, though by its own history epoch "
                f"{line.epoch:g} was the best on validation"
            )


def _own_scores(results: Results, line: EpochRecord) -> dict[str, Score]:
    if line.score is None:
        return dict.fromkeys(line.tasks, Score(0, -math.inf))
    return own_scores(
        "per_task",
        metrics=line.tasks,
        primary={task: results.tasks[task].metric for task in line.tasks},
        losses={t: m["validation_loss"] for t, m in line.tasks.items() if "validation_loss" in m},
    )


def _over(one: Score, other: Score) -> bool:
    return (one.defined, one.value) > (other.defined, other.value + _ROUNDING)


def _score(results: Results, line: EpochRecord, rule: str | None) -> Score:
    """The selection score that an evaluation's validation metrics give; the recorded one where the rule isn't known."""
    if line.score is None or line.validation_loss is None:
        return Score(0, -math.inf)
    if rule not in SELECTIONS:
        return Score(0, line.score)
    return selection_score(
        rule,
        metrics=line.tasks,
        primary={task: results.tasks[task].metric for task in line.tasks},
        joint=line.joint,
        loss=line.validation_loss,
    )


def _scored_again(run: RunRecord) -> Iterator[str]:
    """The kept weights' validation loss is that of the selected evaluation: else they are other weights."""
    lines = {line.step: line for line in run.history}
    for task, by_split in run.metrics.items():
        then = lines[run.selected_step(task)].tasks.get(task, {}).get("validation_loss")
        now = by_split.get("validation", {}).get("loss")
        if now is not None and then is not None and abs(now - then) > _SCORED_AGAIN * max(abs(then), 0.01):
            yield (
                f"{_name(run)}: the kept weights' validation loss of {task} ({now:.4f}) is not that of the selected "
                f"epoch ({then:.4f})"
            )


def _contradictions(run: RunRecord) -> Iterator[str]:
    """What can't be true of one run."""
    for task, made in run.updates_made.items():
        planned = run.updates.get(task, 0)
        if made > planned:
            yield f"{_name(run)}: {made:,} updates of {task} were made and only {planned:,} planned"
        elif run.history and made > run.history[-1].step:
            yield f"{_name(run)}: {made:,} updates of {task} in a run of {run.history[-1].step:,}"
    # A training loss may be missing for want of updates, a validation loss only where one was not finite.
    if run.failed is None and any(line.validation_loss is None for line in run.history):
        yield f"{_name(run)}: its loss was not finite, and yet it doesn't count as failed"


def _tables(results: Results, arm: str, runs: Sequence[RunRecord]) -> Iterator[str]:
    """The arm's means and differences are those of its runs, every seed in them."""
    record = results.arms[arm]
    for task, planned in record.updates.items():
        own = [run.updates[task] for run in runs if task in run.updates]
        if own and not _near(sum(own) / len(own), planned, _ROUNDING):
            yield f"the planned updates of {task} under {arm} are not those of its runs"
    for task, by_split in record.summary.items():
        for split, summary in by_split.items():
            metrics = [r.metrics[task].get(split, {}) for r in runs if task in r.metrics]
            for name, (mean, _) in summary.items():
                values = [m[name] for m in metrics if name in m]
                if len(values) < len(metrics) or not _near(
                    sum(values) / max(1, len(values)), mean, _ROUNDING
                ):
                    yield f"{name} of {task} under {arm} on {split} is not the mean over all its seeds"
    yield from _differences(results, arm)


def _differences(results: Results, arm: str) -> Iterator[str]:
    for verdict in results.verdicts:
        baseline = results.arms[arm].baseline
        if verdict.arm != arm or verdict.difference is None or baseline is None:
            continue
        means = [_mean(results, side, verdict.task, verdict.metric) for side in (arm, baseline)]
        if means[0] is None or means[1] is None:
            continue
        sign = 1.0 if METRICS[verdict.metric].higher_is_better else -1.0
        if not _near(sign * (means[0] - means[1]), verdict.difference, _ROUNDING):
            yield f"the difference on {verdict.task} is not that of the runs of {arm} and {baseline}"


def _mean(results: Results, arm: str, task: str, metric: str) -> float | None:
    """Over the runs that did not fail; None where one lacks the metric."""
    own = [r for r in results.runs if r.arm == arm and task in r.metrics and r.failed is None]
    values = [r.metrics[task].get(results.scored, {}).get(metric) for r in own]
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def _near(one: float, other: float, tolerance: float) -> bool:
    return abs(one - other) <= tolerance * max(1.0, abs(one), abs(other))


def _name(run: RunRecord) -> str:
    task = "" if run.task == "all" else f" {run.task}"
    return f"{run.arm}{task}, seed {run.seed}"
