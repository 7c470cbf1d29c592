"""The fairness audit: what each arm was given and how it was chosen, beside what it really used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sharewise.compare.learning import unlearned
from sharewise.compare.objections import Objection
from sharewise.compare.results import ArmRecord, Results
from sharewise.report import lookup
from sharewise.report.document import Block, Items, Notice, Paragraph, Section
from sharewise.report.tables import NONE, Cell, Column, Table, number
from sharewise.report.words import count, duration, energy, listing, millions

# Arms that a notice names; the section further down names all.
_NAMED = 2
_NOTHING = (
    "Nothing to object to: every arm had the updates and the rules of its baseline, every seed counts, and the weights "
    "were chosen on validation."
)


def fairness(results: Results) -> Section:
    """What was found unfair, and the tables from which anybody can judge it."""
    objected: list[Block] = (
        [Items(_told(results.objections), title="What is not equal")]
        if results.objections
        else [Paragraph(_NOTHING)]
    )
    stuck = _unlearned(results)
    return Section(
        "fairness",
        "Fairness",
        (*objected, budgets(results), rules(results), updates(results), *([stuck] if stuck else [])),
    )


def notices(results: Results) -> list[Notice]:
    """What of it must be read before any verdict."""
    barred = list(dict.fromkeys(o.text for o in results.objections if o.bars))
    unequal = _told([o for o in results.objections if not o.bars], most=_NAMED)
    found = []
    if barred:
        found.append(Notice("No verdict can be trusted where", f"{'; '.join(barred)}.", "failure"))
    if unequal:
        found.append(Notice("Not compared on equal terms", " ".join(unequal), "warning"))
    stuck = unlearned(results.tasks, results.runs, results.scored)
    if stuck:
        models, of_all = sum(len(u.seeds) for u in stuck), sum(len(run.metrics) for run in results.runs)
        arms = listing(list(dict.fromkeys(u.arm for u in stuck)))
        what = f"{models} of {of_all} models did not learn"
        found.append(
            Notice(what, f"They are no better than a constant answer ({arms}): see Fairness.", "warning")
        )
    return found


def _told(objections: Sequence[Objection], *, most: int | None = None) -> tuple[str, ...]:
    """One sentence an objection; arms to which the same is objected, as settings of a sweep, share theirs.

    Args:
        objections: any.
        most: arms of a sentence that are named, if it has more.
    """
    alike: dict[tuple[str, str], list[Objection]] = {}
    for objection in objections:
        own = objection.text.removeprefix(f"{objection.arm} has ")
        alike.setdefault((objection.kind, own), []).append(objection)
    told = []
    for (_, what), group in alike.items():
        first, names = group[0], list(dict.fromkeys(o.arm for o in group))
        if len(names) == 1 or what == first.text:
            told += [o.mark for o in group]
            continue
        if most is not None and len(names) > most + 1:
            names = [*names[:most], f"{count(len(names) - most)} others"]
        told.append(first.model_copy(update={"text": f"{listing(names)} have {what}"}).mark)
    return tuple(dict.fromkeys(told))


def budgets(results: Results) -> Table:
    """A row an arm: all that it had, and what it used of it."""
    metered = any(arm.energy is not None for arm in results.arms.values())
    columns = (
        Column("Arm", numeric=False),
        Column("Compared with", numeric=False),
        Column("Planned updates a task"),
        Column("Made"),
        Column("Rows seen a seed"),
        Column("Trials"),
        Column("Parameters"),
        Column("Training time"),
        *([Column("Energy")] if metered else []),
    )
    rows = tuple(_budget(name, arm, metered=metered) for name, arm in results.arms.items())
    energy_note = (
        "Energy: of the processor packages (RAPL), a run's share of it by processor time; accelerators aren't in it."
        if metered
        else "Energy is left out: this machine doesn't let it be read (Linux: /sys/class/powercap)."
    )
    return Table(
        columns,
        rows,
        caption="Budget of each arm",
        note="Planned updates are the budget, and are to be equal; those made are fewer where a run stopped early, "
        "which is reported and no unfairness. Rows seen: of all models of one seed, repeats counted. Trials: settings "
        "that were trained to choose this one from; of a baseline, how many of them differ in a model of one task. "
        f"{energy_note}",
    )


def _budget(name: str, arm: ArmRecord, *, metered: bool) -> tuple[Cell, ...]:
    return (
        Cell(name),
        Cell(arm.baseline or NONE, tone="" if arm.baseline else "muted"),
        _range(arm.updates),
        _range(arm.updates_made),
        number(arm.rows_seen or None, count),
        number(arm.trials, count),
        number(arm.parameters, millions),
        number(arm.seconds, duration),
        *([number(arm.energy, energy)] if metered else []),
    )


def rules(results: Results) -> Table:
    """A row an arm: by which rule its weights were taken, when it was enough, and which seeds are in its numbers."""
    rows = tuple(
        (
            Cell(name),
            Cell(_selection(arm.training) if arm.training else NONE),
            Cell(_stopping(arm.training) if arm.training else NONE),
            Cell(", ".join(str(seed) for seed in lookup.seeds_of(results, name)) or NONE),
        )
        for name, arm in results.arms.items()
    )
    titles = ("Arm", "Weights taken by", "Stopped by", "Seeds")
    return Table(
        tuple(Column(title, numeric=False) for title in titles),
        rows,
        caption="Rules of each arm",
        note="Weights are taken by scores on validation, never on test. Every seed is in the means: no best of several "
        "is shown.",
    )


def _range(updates: Mapping[str, float]) -> Cell:
    """Of the task with the fewest to the one with the most."""
    if not updates:
        return Cell(NONE, tone="muted")
    low, high = min(updates.values()), max(updates.values())
    return Cell(count(low) if round(low) == round(high) else f"{count(low)} to {count(high)}", sort=high)


def _selection(training: Mapping[str, Any]) -> str:
    every = training.get("evaluate_every", "epoch")
    return (
        f"{training.get('select')} on validation, every {every if every == 'epoch' else f'{every} updates'}"
    )


def _stopping(training: Mapping[str, Any]) -> str:
    epochs, stop = training.get("epochs"), training.get("stop")
    limit = f"{epochs} epoch{'s' if epochs != 1 else ''}"
    return (
        f"{limit}, never before"
        if stop == "never"
        else f"{limit}, or patience {training.get('patience')} ({stop})"
    )


def updates(results: Results) -> Table:
    """A row a task: updates made of those planned, arm beside arm."""
    rows = tuple((Cell(task), *(_made(arm, task) for arm in results.arms.values())) for task in results.tasks)
    return Table(
        (Column("Task", numeric=False), *(Column(arm) for arm in results.arms)),
        rows,
        caption="Updates of each task: made / planned",
        note="An update of a task is an optimizer step that holds at least one of its cells. The plan is the "
        "same budget for an arm and its baseline; made is the mean over seeds, less where a run stopped early, or "
        "the task alone did (`stop: per_task`).",
    )


def _made(arm: ArmRecord, task: str) -> Cell:
    planned, made = arm.updates.get(task), arm.updates_made.get(task)
    if planned is None or made is None:
        return Cell(NONE, tone="muted")
    return Cell(f"{count(made)} / {count(planned)}", sort=made)


def _unlearned(results: Results) -> Table | None:
    """Models that learned nothing, by arm and task; None where there are none."""
    rows = tuple(
        (
            Cell(found.arm),
            Cell(found.task),
            Cell(f"{len(found.seeds)} of {found.of}", sort=float(len(found.seeds))),
            Cell(", ".join(str(seed) for seed in found.seeds)),
        )
        for found in unlearned(results.tasks, results.runs, results.scored)
    )
    if not rows:
        return None
    return Table(
        (
            Column("Arm", numeric=False),
            Column("Task", numeric=False),
            Column("Seeds"),
            Column("Which", numeric=False),
        ),
        rows,
        caption="Models that did not learn: no better than a constant answer",
        note="They are in every mean, and bar the verdicts helps, equivalent and not worse; of the baseline hurts too.",
        stub=2,
    )
