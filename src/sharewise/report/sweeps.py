"""What the settings of each sweep and search scored on validation, which was chosen, and which no other beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sharewise.compare.results import Results
from sharewise.compare.searched import SearchRecord, TrialRecord
from sharewise.compare.swept import StoppedRecord, SweptRecord
from sharewise.report.document import Block, Items, Section
from sharewise.report.fronts import Point, front_figure
from sharewise.report.tables import NONE, Cell, Column, Table, best, number
from sharewise.report.words import count, decimal, heading, listing, metric_name

_SWEPT = (
    "Means over seeds, validation split. Score: the mean of the tasks' metrics, of errors the negative; the setting "
    "with the highest is chosen, and no other is recommended. Front: no other setting is at least as good on every "
    "task and better on one. Verdicts are on test, and every setting counts in their family; of a sweep whose settings "
    "were halved there are none."
)
_STOPPED = (
    "After each seed the worse half of the settings is stopped, equal weights left out. Score: as above, over the "
    "seeds that the setting had; beside it the setting that was best with the same seeds. Stopped settings have no "
    "verdict."
)
_SEARCHED = (
    "Of one seed, validation split. Score: the mean of the tasks' metrics, of errors the negative; the trial with the "
    "highest is chosen, and its setting alone is trained with every seed and judged. A pruned trial was stopped where "
    "it was behind the median of the others. Front: as of a sweep, among the trials that were not pruned."
)


def sweeps(results: Results) -> Section:
    """Sentences, a table and a chart a sweep or search; empty where nothing was tried."""
    swept = {name: arm.swept for name, arm in results.arms.items() if arm.swept is not None}
    by_arm: dict[str, dict[str, SweptRecord]] = {}
    for name, record in swept.items():
        by_arm.setdefault(record.arm, {})[name] = record
    told = [_told(results, arm, settings) for arm, settings in by_arm.items()]
    told += [_search_told(record) for record in results.searches]
    blocks: list[Block] = [Items(tuple(told))] if told else []
    for arm, settings in by_arm.items():
        points = _swept_points(results, settings)
        blocks += _drawn(results, arm, points)
        blocks.append(_table(results, arm, settings))
        if stopped := [record for record in results.stopped if record.arm == arm]:
            blocks.append(_stopped_table(arm, stopped))
    for search in results.searches:
        trials = [t for t in search.trials if t.state == "complete"]
        points = [_trial_point(trial) for trial in trials]
        blocks += _drawn(results, search.arm, points)
        blocks.append(_search_table(results, search))
    return Section("sweeps", "Sweeps and searches" if results.searches else "Sweeps", tuple(blocks))


def _drawn(results: Results, arm: str, points: Sequence[Point]) -> list[Block]:
    whole = [point for point in points if set(point.values) == set(results.tasks)]
    figure = front_figure(arm, whole, results.tasks)
    return [figure] if figure else []


def _told(results: Results, arm: str, settings: Mapping[str, SweptRecord]) -> str:
    chosen = next((name for name, record in settings.items() if record.chosen), None)
    added = [name for name, record in settings.items() if record.added]
    trials = {
        results.arms[b].trials for name in settings if (b := results.arms[name].baseline) in results.arms
    }
    stopped = [record for record in results.stopped if record.arm == arm]
    if stopped:
        text = f"{arm}: {count(len(settings) + len(stopped))} settings tried, {count(len(settings))} with every seed; "
        spared = sum(len(results.seeds) - len(record.seeds) for record in stopped)
        text += f"the others were stopped while behind, which spared {count(spared)} of its runs; "
    else:
        text = f"{arm}: {count(len(settings))} settings tried, each with every seed; "
    text += f"{chosen} was chosen on validation" if chosen else "none could be chosen"
    if added:
        text += f"; equal weights were added to those of the study file ({', '.join(added)})"
    if trials and trials != {len(settings)}:
        text += f"; its baseline had {count(max(trials))} different setting{'s' if max(trials) > 1 else ''}"
    return f"{text}. {_on_front([name for name, record in settings.items() if record.front])}"


def _search_told(search: SearchRecord) -> str:
    pruned = sum(trial.state == "pruned" for trial in search.trials)
    failed = sum(trial.state == "failed" for trial in search.trials)
    ends = [f"{count(pruned)} pruned"] * bool(pruned) + [f"{count(failed)} failed"] * bool(failed)
    text = f"{search.arm}: {count(len(search.trials))} trials with seed {search.seed}"
    text += f" ({', '.join(ends)})" if ends else ""
    chosen = next((t for t in search.trials if t.chosen), None)
    text += f"; trial {chosen.number} was chosen on validation" if chosen else "; none could be chosen"
    return f"{text}. {_on_front([f'trial {t.number}' for t in search.trials if t.front])}"


def _on_front(names: Sequence[str]) -> str:
    return f"On the Pareto front: {listing(list(names))}." if names else "None is on a Pareto front."


def _swept_points(results: Results, settings: Mapping[str, SweptRecord]) -> list[Point]:
    return [
        Point(
            name.removeprefix(f"{record.arm}[").removesuffix("]"),
            {
                task: value
                for task, record in results.tasks.items()
                if (value := _mean(results, name, task, record.metric)) is not None
            },
            front=record.front,
            chosen=record.chosen,
            equal=record.added,
        )
        for name, record in settings.items()
    ]


def _trial_point(trial: TrialRecord) -> Point:
    return Point(f"trial {trial.number}", trial.metrics, front=trial.front, chosen=trial.chosen, equal=False)


def _table(results: Results, arm: str, settings: Mapping[str, SweptRecord]) -> Table:
    names, tasks = list(settings), results.tasks
    values = {task: [_mean(results, n, task, record.metric) for n in names] for task, record in tasks.items()}
    top = {t: best(values[t], higher=record.higher_is_better, decimals=4) for t, record in tasks.items()}
    rows = tuple(
        (
            Cell(name, bold=settings[name].chosen),
            Cell("chosen" if settings[name].chosen else NONE, bold=settings[name].chosen),
            number(settings[name].score, decimal, bold=settings[name].chosen),
            Cell("on it" if settings[name].front else NONE),
            *(number(values[t][i], decimal, bold=top[t][i]) for t in tasks),
        )
        for i, name in enumerate(names)
    )
    columns = [Column("Setting", numeric=False), Column("Chosen", numeric=False), Column("Score")]
    columns += [Column("Front", numeric=False), *_task_columns(results)]
    index = next((i for i, name in enumerate(names) if settings[name].chosen), None)
    return Table(tuple(columns), rows, f"Sweep of {arm}, validation split", _SWEPT, strong=index)


def _stopped_table(arm: str, stopped: Sequence[StoppedRecord]) -> Table:
    rows = tuple(
        (
            Cell(record.name),
            Cell(listing([str(seed) for seed in record.seeds])),
            number(record.score, decimal),
            Cell(record.best),
            number(record.best_score, decimal),
        )
        for record in stopped
    )
    columns = [Column("Setting", numeric=False), Column("Seeds", numeric=False), Column("Score")]
    columns += [Column("Best then", numeric=False), Column("Its score")]
    return Table(tuple(columns), rows, f"Settings of {arm} that were stopped, validation split", _STOPPED)


def _search_table(results: Results, search: SearchRecord) -> Table:
    trials, tasks = search.trials, results.tasks
    values = {task: [trial.metrics.get(task) for trial in trials] for task in tasks}
    top = {t: best(values[t], higher=record.higher_is_better, decimals=4) for t, record in tasks.items()}
    keys = list(trials[0].values) if trials else []
    rows = tuple(
        (
            Cell(str(trial.number), sort=trial.number, bold=trial.chosen),
            Cell("chosen" if trial.chosen else trial.state, bold=trial.chosen),
            number(trial.score, decimal, bold=trial.chosen),
            Cell("on it" if trial.front else NONE),
            *(Cell(_shown(trial.values[key])) for key in keys),
            *(number(values[t][i], decimal, bold=top[t][i]) for t in tasks),
        )
        for i, trial in enumerate(trials)
    )
    columns = [Column("Trial"), Column("State", numeric=False), Column("Score")]
    columns += [Column("Front", numeric=False), *(Column(_key(key)) for key in keys)]
    index = next((i for i, trial in enumerate(trials) if trial.chosen), None)
    caption = f"Search of {search.arm}, validation split"
    return Table(tuple(columns + _task_columns(results)), rows, caption, _SEARCHED, strong=index)


def _task_columns(results: Results) -> list[Column]:
    return [Column(f"{heading(t)} {metric_name(record.metric)}") for t, record in results.tasks.items()]


def _key(key: str) -> str:
    section, _, last = key.rpartition(".")
    return f"Weight of {last}" if section == "weights" else heading(last)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _mean(results: Results, arm: str, task: str, metric: str) -> float | None:
    """Over seeds, on validation."""
    found = results.arms[arm].summary.get(task, {}).get("validation", {}).get(metric)
    return None if found is None else found[0]
