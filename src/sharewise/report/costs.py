"""What each arm cost to train, and what it takes to serve."""

from __future__ import annotations

from sharewise.compare.results import ArmRecord, Results
from sharewise.report.document import Section
from sharewise.report.tables import NONE, Cell, Column, Table, number
from sharewise.report.words import billions, count, duration, millions

_STATES = (
    " With `select: per_task` a run leaves a state of its model for each different best evaluation of its tasks; each "
    "is stored and served like a model of its own and counts as one, in parameters and operations too. Of the seeds it "
    "is the one with the most."
)


def costs(results: Results) -> Section:
    """Models, parameters and time; the groups that arms share in."""
    tables = [table for table in (arms(results), groups(results)) if table is not None]
    return Section("cost", "Cost", tuple(tables))


_TECHNIQUES = {"r_drop": "R-Drop", "fgm": "adversarial (FGM)", "curriculum": "curriculum"}
"""Keys of `training` that are techniques, and what they are called."""
_PASSES = (
    " Passes: how often training takes a row forward and backward; an arm's baseline is trained with the same "
    "techniques."
)


def arms(results: Results) -> Table:
    """A row an arm; time also as a multiple of the baseline's."""
    frozen = any(arm.trained not in (None, arm.parameters) for arm in results.arms.values())
    techniques = {name: _techniques(arm) for name, arm in results.arms.items()}
    any_technique = any(techniques.values())
    rows = []
    for name, arm in results.arms.items():
        baseline = results.arms.get(arm.baseline) if arm.baseline else None
        ratio = arm.seconds / baseline.seconds if baseline and baseline.seconds else None
        rows.append(
            (
                Cell(name),
                Cell(arm.sharing if arm.weighting == "static" else f"{arm.sharing}, {arm.weighting}"),
                *([Cell(techniques[name] or NONE), number(arm.passes, count)] if any_technique else []),
                number(arm.models, count),
                number(arm.parameters, millions),
                number(arm.seconds, duration),
                number(ratio, lambda value: f"× {value:.2f}"),
                number(arm.examples_per_second, lambda value: f"{value:,.0f}"),
                *([number(arm.trained, millions)] if frozen else []),
                number(arm.flops, billions),
            )
        )
    columns = (
        Column("Arm", numeric=False),
        Column("Sharing", numeric=False),
        *([Column("Techniques", numeric=False), Column("Passes")] if any_technique else []),
        Column("Models to serve"),
        Column("Parameters"),
        Column("Training time"),
        Column("Against baseline"),
        Column("Examples/s"),
        *([Column("Trained")] if frozen else []),
        Column("FLOPs/text"),
    )
    return Table(
        columns,
        tuple(rows),
        caption="Cost of each arm",
        note="Models and parameters: what serving every task takes. Time: of all runs of the arm, every seed. "
        "Trained: parameters that training may change. FLOPs: multiplications and additions of matrix products in one "
        "answer to a text of median length, for every task."
        + (_PASSES if any_technique else "")
        + (_STATES if any(run.states > 1 for run in results.runs) else ""),
    )


def _techniques(arm: ArmRecord) -> str:
    return ", ".join(name for key, name in _TECHNIQUES.items() if arm.training.get(key))


def groups(results: Results) -> Table | None:
    """A row a group of every arm that knows groups; None where none does."""
    rows = tuple(
        (Cell(name if number == 0 else ""), Cell(str(number + 1)), Cell(", ".join(tasks)))
        for name, arm in results.arms.items()
        for number, tasks in enumerate(arm.groups.values())
    )
    columns = (Column("Arm", numeric=False), Column("Group"), Column("Tasks", numeric=False))
    note = (
        "As they were named in the study file, or found from the labels' association on the training split."
    )
    return Table(columns, rows, caption="Groups of tasks", note=note) if rows else None
