"""What each arm cost to train, and what it takes to serve."""

from __future__ import annotations

from sharewise.compare.results import Results
from sharewise.report.document import Section
from sharewise.report.tables import Cell, Column, Table, number
from sharewise.report.words import billions, count, duration, millions

_STATES = (
    " With `select: per_task` a run leaves a state of its model for each different best evaluation of its tasks; each "
    "is stored and served like a model of its own and counts as one, in parameters and operations too. Of the seeds it "
    "is the one with the most."
)


def costs(results: Results) -> Section:
    """Models, parameters and time."""
    return Section("cost", "Cost", (arms(results),))


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
                number(arm.trained, millions),
                number(arm.flops, billions),
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
        Column("Trained parameters"),
        Column("Operations a text"),
    )
    return Table(
        columns,
        tuple(rows),
        caption="Cost of each arm",
        note="Models and parameters: what serving every task takes. Time: of all runs of the arm, every seed. "
        "Operations: multiplications and additions of matrix products in one answer to a text of median length, for "
        "every task." + (_STATES if any(run.states > 1 for run in results.runs) else ""),
    )
