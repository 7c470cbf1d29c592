"""What should make a reader doubt the numbers: the warnings of results.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sharewise.compare.learning import unlearned
from sharewise.compare.planning import PlannedArm
from sharewise.compare.results import RunRecord, TaskRecord
from sharewise.compare.running import FinishedRun
from sharewise.compare.workspace import Workspace


def about_texts(workspace: Workspace, arms: Sequence[PlannedArm]) -> list[str]:
    """Texts that lost their ends, turns that were left out before them, and what happened to the token cache."""
    notes: list[str] = []
    for arm in arms:
        limit = arm.resolved.training.max_length
        for split, store in workspace.stores(arm.resolved).items():
            if store.shortened:
                notes.append(
                    f"{split}: {store.shortened:,} of {len(store):,} rows lost earlier turns, or a part of the oldest: "
                    f"{limit} tokens have no room for them"
                )
            if store.cut:
                notes.append(
                    f"{split}: {store.cut:,} of {len(store):,} texts are longer than {limit} tokens and were cut"
                )
            notes.extend(store.notes)
    return list(dict.fromkeys(notes))


def about_runs(runs: Sequence[RunRecord]) -> list[str]:
    """Runs that failed, and what happened on the way."""
    notes: list[str] = []
    for run in runs:
        notes.extend(f"{run.folder}: {note}" for note in run.notes)
        if run.failed is not None:
            notes.append(f"{run.folder}: this run failed: {run.failed}")
    return notes


def about_learning(tasks: Mapping[str, TaskRecord], runs: Sequence[RunRecord], scored: str) -> list[str]:
    """Models that are no better than a constant answer; they count in every number all the same.

    Args:
        tasks: with the constant answer's metrics on ``scored``.
        runs: all runs.
        scored: test or validation.
    """
    return [
        f"{found.arm}, {found.task}: did not learn with {_counted(found.seeds, found.of)}: its "
        f"{tasks[found.task].metric} on {scored} is no better than a constant answer's"
        for found in unlearned(tasks, runs, scored)
    ]


def _counted(seeds: Sequence[int], of: int) -> str:
    names = ", ".join(str(seed) for seed in seeds)
    return f"seed {names}" if len(seeds) == 1 == of else f"{len(seeds)} of {of} seeds ({names})"


def about_surroundings(finished: Sequence[FinishedRun]) -> list[str]:
    """Versions, machines and precisions that differ between runs."""
    notes = []
    for what, facts in {
        "library versions": [run.versions for run in finished],
        "machines": [run.machine for run in finished],
        "precisions": [{"precision": run.record.precision} for run in finished],
    }.items():
        differing = [
            f"{key} {_listed(Counter(fact.get(key, 'none') for fact in facts))}"
            for key in dict.fromkeys(key for fact in facts for key in fact)
            if len({fact.get(key) for fact in facts}) > 1
        ]
        if differing:
            notes.append(f"the runs were made with different {what}: {'; '.join(differing)}")
    return notes


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{value} ({count} run{'s' if count != 1 else ''})" for value, count in counts.items())
