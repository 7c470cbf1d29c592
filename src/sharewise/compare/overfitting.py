"""When each task was best, whether it over-fits afterwards, and which tasks peak apart in one model."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from sharewise.compare.peaks import Peak, Rise, SeedPeak
from sharewise.compare.results import RunRecord, TaskRecord

_SHOWN = 3
"""Tasks that a sentence names."""


def find_peaks(tasks: Mapping[str, TaskRecord], arms: Iterable[str], runs: Sequence[RunRecord]) -> list[Peak]:
    """Look for every task's best evaluation in every arm; runs that failed are left out.

    A seed over-fits a task from an evaluation on if that is the one after its lowest validation loss, and if at every
    evaluation from there on the validation loss is above, and the training loss below, its own mean over the
    evaluations from the lowest up to the one before. (Training loss is the mean over the updates since the evaluation
    before.) Where both only rise and fall that is every step; a small dip on
    a loss that has risen is forgiven, and losses that waver about a level soon fail. Evaluations count as long as the
    task is trained. An arm over-fits a task if more than half of its seeds do.

    Args:
        tasks: by name.
        arms: names, in order.
        runs: all runs.
    """
    found = []
    for name, task in tasks.items():
        for arm in arms:
            own = [r for r in runs if r.arm == arm and name in r.updates and r.failed is None and r.history]
            if own:
                found.append(_peak(name, task, arm, own))
    return found


def _peak(name: str, task: TaskRecord, arm: str, runs: Sequence[RunRecord]) -> Peak:
    seeds = [_seed_peak(name, task, run) for run in runs]
    epochs = [s.epoch for s in seeds if s.epoch is not None]
    rising = sum(s.epoch == s.last_epoch and len(r.history) > 1 for s, r in zip(seeds, runs, strict=True))
    starts = [s.overfits_from for s in seeds if s.overfits_from is not None]
    return Peak(
        task=name,
        arm=arm,
        metric=task.metric,
        epoch=statistics.fmean(epochs) if len(epochs) == len(seeds) else None,
        still_rising=2 * rising > len(seeds),
        overfits_from=statistics.median_high(starts) if 2 * len(starts) > len(seeds) else None,
        overfitting_seeds=len(starts),
        seeds=seeds,
    )


def _seed_peak(name: str, task: TaskRecord, run: RunRecord) -> SeedPeak:
    sign = 1.0 if task.higher_is_better else -1.0
    values = {line.step: line.tasks.get(name, {}).get(task.metric) for line in run.history}
    epochs = {line.step: line.epoch for line in run.history}
    defined = {step: value for step, value in values.items() if value is not None}
    # A model that gives one answer throughout scores the same throughout: that is no peak at its first evaluation.
    flat = len(defined) > 1 and len(set(defined.values())) == 1
    best = max(defined, key=lambda step: sign * defined[step]) if defined and not flat else None
    kept = run.selected_step(name)
    losses, start = _rise(name, run)
    return SeedPeak(
        seed=run.seed,
        epoch=None if best is None else epochs[best],
        value=None if best is None else defined[best],
        kept_epoch=epochs.get(kept, run.best_epoch),
        kept_value=values.get(kept),
        last_epoch=run.history[-1].epoch,
        left=run.stopped.get(name),
        losses=losses,
        overfits_from=start,
    )


def _rise(name: str, run: RunRecord) -> tuple[Rise | None, float | None]:
    """Losses at the lowest validation loss and at the end, and from where on they part, if they do to the end."""
    lines = [
        (line.epoch, own["train_loss"], own["validation_loss"])
        for line in run.history
        if {"train_loss", "validation_loss"} <= (own := line.tasks.get(name, {})).keys()
    ]
    if not lines:
        return None, None
    epochs, train, validation = zip(*lines, strict=True)
    low = validation.index(min(validation))
    rise = Rise(
        epoch=epochs[low],
        validation_loss=(validation[low], validation[-1]),
        train_loss=(train[low], train[-1]),
    )
    after = range(low + 1, len(lines))
    parts = all(
        validation[i] > statistics.fmean(validation[low:i]) and train[i] < statistics.fmean(train[low:i])
        for i in after
    )
    return rise, epochs[low + 1] if after and parts else None


def peak_sentences(peaks: Sequence[Peak], shared: Iterable[str]) -> list[str]:
    """Say which arms over-fit which tasks, and which tasks of one model are best at different times.

    Args:
        peaks: all of them.
        shared: the arms whose tasks have one model.
    """
    arms = dict.fromkeys(p.arm for p in peaks)
    told = [text for arm in arms for text in _overfits(arm, [p for p in peaks if p.arm == arm])]
    apart = [text for arm in shared for text in _apart(arm, [p for p in peaks if p.arm == arm])]
    return told + apart


def _overfits(arm: str, peaks: Sequence[Peak]) -> Iterable[str]:
    for epoch in sorted({p.overfits_from for p in peaks if p.overfits_from is not None}):
        tasks = [p.task for p in peaks if p.overfits_from == epoch]
        named = f"all {len(tasks)} tasks" if len(tasks) == len(peaks) > _SHOWN else _named(tasks)
        yield f"{arm} over-fits {named} from epoch {_epoch(epoch)} on."


def _apart(arm: str, peaks: Sequence[Peak]) -> Iterable[str]:
    """Tasks whose best evaluation comes, in more than half of the seeds, after that of the task that peaks first."""
    dated = [p for p in peaks if p.epoch is not None]
    if len(dated) < 2:
        return
    first = min(dated, key=lambda p: p.epoch or 0.0)
    later = [p.task for p in dated if _after(p, first)]
    if later:
        verb = "rises" if len(later) == 1 else "rise"
        when = f"epoch {_epoch(first.epoch)}" + (" on average" if len(first.seeds) > 1 else "")
        yield f"In {arm}, {_named(later)} still {verb} when {first.task} has peaked ({when})."


def _after(one: Peak, first: Peak) -> bool:
    best = {s.seed: s.epoch for s in first.seeds}
    pairs = [(s.epoch, best.get(s.seed)) for s in one.seeds]
    return 2 * sum(a is not None and b is not None and a > b for a, b in pairs) > len(pairs)


def _epoch(epoch: float | None) -> str:
    return f"{epoch or 0.0:.2f}".rstrip("0").rstrip(".")


def _named(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    if more > 1:
        return f"{', '.join(names[:_SHOWN])} and {more} more tasks"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
