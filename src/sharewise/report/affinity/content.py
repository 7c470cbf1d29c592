"""What the report of a study's affinities says and in which order."""

from __future__ import annotations

from sharewise.compare.affinity import Affinity, Division
from sharewise.report.affinity.matrices import matrices
from sharewise.report.document import Block, Document, Folded, Notice, Paragraph, Section
from sharewise.report.tables import Cell, Column, Table, number
from sharewise.report.words import count, decimal, listing, percent

MEASURES = {
    "lookahead": "lookahead affinity",
    "estimate": "estimated losses",
    "cosine": "cosine of gradients",
    "association": "association of labels",
}
"""What each measure is called."""
_MOST_SUBSETS = 40


def compose(affinity: Affinity) -> Document:
    """The whole report, for any medium to draw."""
    division = affinity.divisions[0]
    return Document(
        title=affinity.study,
        subtitle=_subtitle(affinity),
        answer=_answer(division),
        reason=_reason(division),
        notices=_notices(affinity),
        sections=(_groups(affinity), *matrices(affinity), _subsets(affinity)),
        label="Sharewise affinity",
        source="affinity.json",
    )


def grouped(division: Division) -> str:
    """The groups in one line: ``a + b | c``."""
    return " | ".join(" + ".join(group) for group in division.groups.values())


def _subtitle(affinity: Affinity) -> str:
    seeds = [str(seed) for seed in affinity.seeds]
    return (
        f"{len(affinity.tasks)} tasks, looked at {count(sum(affinity.looks))} times in {count(sum(affinity.updates))} "
        f"updates of training them together, seed{'s' if len(seeds) > 1 else ''} {listing(seeds)}; test is not scored"
    )


def _answer(division: Division) -> str:
    if len(division.groups) == 1:
        return "All tasks in one group."
    return f"{len(division.groups)} groups: {grouped(division)}."


def _reason(division: Division) -> str:
    how = f"By {MEASURES[division.measure]}; {'every division was looked at' if division.exact else 'a heuristic'}."
    if division.held_out is None:
        return f"{how} A prediction, which training verifies."
    if division.held_out > 0:
        return (
            f"{how} Found on one part of what was measured, such groups also do better than one group of all on the "
            "other. A prediction, which training verifies."
        )
    return (
        f"{how} But found on one part of what was measured, such groups do no better than one group of all on the "
        "other: these may be chance."
    )


def _notices(affinity: Affinity) -> tuple[Notice, ...]:
    if not affinity.simulated:
        return ()
    text = "The texts and labels were made by a program; what helps what in them was put there."
    return (Notice("Simulated data", text, "simulated"),)


def _groups(affinity: Affinity) -> Section:
    return Section("groups", "Groups", (_promises(affinity), _by_measure(affinity)))


def _promises(affinity: Affinity) -> Table:
    rows = []
    for task, found in affinity.prediction.tasks.items():
        rows.append(
            (
                Cell(task),
                Cell(found.group),
                number(found.affinity_group, lambda v: decimal(v, 4)),
                number(found.affinity_all, lambda v: decimal(v, 4)),
                number(found.loss_alone, decimal),
                number(found.loss_group, decimal),
                number(found.loss_all, decimal),
                Cell(_signed(found.gain_over_alone), sort=found.gain_over_alone),
                Cell(_signed(found.gain_over_all), sort=found.gain_over_all),
            )
        )
    columns = (
        Column("Task", numeric=False),
        Column("Group", numeric=False),
        Column("Affinity, group"),
        Column("Affinity, all"),
        Column("Loss alone"),
        Column("Loss in group"),
        Column("Loss with all"),
        Column("Over alone"),
        Column("Over all"),
    )
    return Table(
        columns,
        tuple(rows),
        caption="What is expected of each task in its group",
        note="Affinity: the share of its loss that an update of one of the others takes away, mean over them. "
        "Losses: on validation, estimated from the gradients at the model of all tasks. Over alone, over all: the "
        "share of that loss that the group is expected to save.",
    )


def _by_measure(affinity: Affinity) -> Table:
    rows = tuple(
        (
            Cell(MEASURES[division.measure], bold=place == 0),
            Cell(grouped(division), prose=True),
            number(division.value, decimal),
            number(division.together, decimal),
            number(division.held_out, lambda v: decimal(v, 4)),
        )
        for place, division in enumerate(affinity.divisions)
    )
    columns = (
        Column("Measure", numeric=False),
        Column("Groups", numeric=False),
        Column("Value"),
        Column("All together"),
        Column("Held out"),
    )
    return Table(
        columns,
        rows,
        caption=f"The best division by each measure, at most {affinity.most} groups",
        note="Value: mean over the tasks of what each has from its group, in units of the measure; a task alone has 0. "
        "Held out: value less that of all together, where the groups were found on one part of what was measured and "
        "valued on the other. Labels: clustered, as `groups: auto` does, whatever their number.",
    )


def _subsets(affinity: Affinity) -> Section:
    alone = {s.tasks[0]: s.losses[s.tasks[0]] for s in affinity.subsets if len(s.tasks) == 1}
    several = [s for s in affinity.subsets if len(s.tasks) > 1]
    gains = {
        s.tasks: sum(1 - loss / alone[t] for t, loss in s.losses.items()) / len(s.tasks) for s in several
    }
    ranked = sorted(several, key=lambda s: -gains[s.tasks])
    shown = (
        ranked
        if len(ranked) <= _MOST_SUBSETS
        else [*ranked[: _MOST_SUBSETS // 2], *ranked[-_MOST_SUBSETS // 2 :]]
    )
    columns = (Column("Tasks", numeric=False), Column("Mean saving"), *(Column(t) for t in affinity.tasks))
    rows = tuple(
        (
            Cell(" + ".join(s.tasks), prose=True),
            Cell(_signed(gains[s.tasks]), sort=gains[s.tasks]),
            *(number(s.losses.get(task), decimal) for task in affinity.tasks),
        )
        for s in shown
    )
    caption = "Estimated validation losses of models of several tasks"
    if len(shown) < len(ranked):
        caption += f": the best and the worst of {count(len(ranked))}"
    table = Table(
        columns, rows, caption, "Mean saving: share of the loss of a model of its own, over the tasks."
    )
    cells = dict.fromkeys(f"{a} and {b}" for a, b in affinity.cells.values())
    if len(cells) > 1:
        cells = dict.fromkeys(f"{a} and {b} of {t}" for t, (a, b) in affinity.cells.items())
    blocks: tuple[Block, ...] = (
        Paragraph(
            "A model of all tasks, taken for linear around its weights, gives an estimate for every subset without "
            f"training it. Made from {'; '.join(cells)} training and validation labels{' a task' * (len(cells) == 1)}."
        ),
        Folded("Losses by subset", (table,), printed=False),
    )
    return Section("subsets", "Subsets of the tasks", blocks)


def _signed(share: float) -> str:
    text = percent(share).replace("-", "−")
    return text if text.startswith("−") or not share else f"+{text}"
