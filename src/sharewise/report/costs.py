"""What each arm cost to train, and what it takes to serve."""

from __future__ import annotations

from sharewise.compare.results import ArmRecord, Results
from sharewise.report.document import Section
from sharewise.report.tables import NONE, Cell, Column, Table, number
from sharewise.report.words import count, duration, millions


def costs(results: Results) -> Section:
    """Models, parameters, time and updates."""
    return Section("cost", "Cost", (arms(results), updates(results)))


def arms(results: Results) -> Table:
    """A row an arm; time also as a multiple of the baseline's."""
    rows = []
    for name, arm in results.arms.items():
        baseline = results.arms.get(arm.baseline) if arm.baseline else None
        ratio = arm.seconds / baseline.seconds if baseline and baseline.seconds else None
        rows.append(
            (
                Cell(name),
                Cell(arm.sharing),
                number(arm.models, count),
                number(arm.parameters, millions),
                number(arm.seconds, duration),
                number(ratio, lambda value: f"× {value:.2f}"),
                number(arm.examples_per_second, lambda value: f"{value:,.0f}"),
            )
        )
    columns = (
        Column("Arm", numeric=False),
        Column("Sharing", numeric=False),
        Column("Models to serve"),
        Column("Parameters"),
        Column("Training time"),
        Column("Against baseline"),
        Column("Examples/s"),
    )
    return Table(
        columns,
        tuple(rows),
        caption="Cost of each arm",
        note="Models and parameters: what serving every task takes. Time: of all runs of the arm, every seed.",
    )


def updates(results: Results) -> Table:
    """A row a task: updates made of those planned, arm beside arm."""
    rows = tuple((Cell(task), *(_made(arm, task) for arm in results.arms.values())) for task in results.tasks)
    return Table(
        (Column("Task", numeric=False), *(Column(arm) for arm in results.arms)),
        rows,
        caption="Updates of each task: made / planned",
        note="An update of a task is an optimizer step that holds at least one of its cells. The plan is the "
        "same budget for an arm and its baseline; made is the mean over seeds, less where a run stopped early.",
    )


def _made(arm: ArmRecord, task: str) -> Cell:
    planned, made = arm.updates.get(task), arm.updates_made.get(task)
    if planned is None or made is None:
        return Cell(NONE, tone="muted")
    return Cell(f"{count(made)} / {count(planned)}", sort=made)
