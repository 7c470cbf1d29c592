"""Where the arms differ: the rows that divide them, confusions, scores by label; all of it one click away."""

from __future__ import annotations

from collections.abc import Sequence

from sharewise.compare.detail import ArmDetail, DisagreedRow, Spread, TaskDetail
from sharewise.compare.results import Results
from sharewise.report.document import Block, Folded, Paragraph, Section
from sharewise.report.tables import NONE, Cell, Column, Table, number
from sharewise.report.words import count, decimal, mean_sd, p_value, percent

_LABELS = 20
"""Labels up to which the scores of each are shown; of more the worst."""


def differing(results: Results) -> Section | None:
    """A table of how much the arms disagree, and each task's detail folded; None of results that have none."""
    if not results.details:
        return None
    how = (
        f"Rows of the {results.scored} split that the arms answer differently, and what each arm takes for what. "
        "A row's answers are told with how many models, one a seed, gave them. The rows are for a screen: paper leaves "
        "them out."
    )
    folded = tuple(
        Folded(f"{task}: rows and confusions", _blocks(d), printed=False)
        for task, d in results.details.items()
    )
    return Section("differing", "Where the arms differ", (Paragraph(how), disagreement(results), *folded))


def disagreement(results: Results) -> Table:
    """A row a task: how many rows divide the arms, and on how many each verdict rests."""
    arms = list(dict.fromkeys(v.arm for v in results.verdicts))
    deciding = {(v.task, v.arm): v.deciding_rows for v in results.verdicts}
    rows = tuple(
        (
            Cell(task),
            number(found.rows, count),
            number(found.disagreeing, count),
            number(_share(found), percent),
            *(number(deciding.get((task, arm)), count) for arm in arms),
        )
        for task, found in results.details.items()
    )
    columns = (
        Column("Task", numeric=False),
        Column("Rows"),
        Column("Arms disagree"),
        Column("Share"),
        *(Column(f"Deciding: {arm}") for arm in arms),
    )
    return Table(
        columns,
        rows,
        caption="How often the arms disagree",
        note="Arms disagree: their most frequent answers over seeds are not all the same. Deciding: rows (groups, "
        "where declared) that some model of the arm answers otherwise than its baseline's; the verdict rests on them.",
    )


def _share(found: TaskDetail) -> float | None:
    return found.disagreeing / found.rows if found.disagreeing is not None and found.rows else None


def _blocks(found: TaskDetail) -> tuple[Block, ...]:
    tables = [rows_table(found), *_labelled(found), pairs(found)]
    return tuple(table for table in tables if table is not None)


def rows_table(found: TaskDetail) -> Table | None:
    """The rows that divide the arms the most; None where none does, or the study shows none."""
    if not found.most:
        return None
    columns = [Column("Row"), Column("Text", numeric=False), Column("Target", numeric=False)]
    columns += [Column(arm, numeric=False) for arm in found.arms]
    return Table(
        tuple(columns),
        tuple(
            (
                Cell(f"{row.dataset} {row.row}", sort=float(row.row)),
                Cell(_text(row), prose=True),
                Cell(row.target),
                *(Cell(row.answers.get(arm, NONE)) for arm in found.arms),
            )
            for row in found.most
        ),
        caption=f"The {len(found.most)} rows that divide the arms the most",
        note="Row: its zero-based number in the data set's file, as in predictions.parquet. The study file's "
        "`report: {rows: 0}` leaves the texts out.",
    )


def _text(row: DisagreedRow) -> str:
    """A pair's two texts, after what was said before them."""
    own = row.text if row.pair is None else f"{row.text} ⟶ {row.pair}"
    return " … ".join([*row.context, own])


def _labelled(found: TaskDetail) -> list[Table]:
    arms = {name: arm for name, arm in found.arms.items() if arm.class_f1}
    if not arms:
        return []
    matrices = {name: arm.confusion for name, arm in arms.items() if arm.confusion is not None}
    labels = list(next(iter(arms.values())).class_f1)
    return [*([confusions(arms, matrices, labels)] if matrices else []), by_label(arms, labels)]


def confusions(
    arms: dict[str, ArmDetail], matrices: dict[str, list[list[int]]], labels: Sequence[str]
) -> Table:
    """A row an arm and target label: rows by answer, the mean of an arm's models."""
    rows = []
    for name, matrix in matrices.items():
        models = arms[name].models
        for target, line in enumerate(matrix):
            total = sum(line)
            rows.append(
                (
                    Cell(name),
                    Cell(labels[target]),
                    *(
                        number(cell / models, lambda value: f"{value:,.1f}", bold=answer == target)
                        for answer, cell in enumerate(line)
                    ),
                    number(line[target] / total if total else None, decimal),
                )
            )
    columns = (
        Column("Arm", numeric=False),
        Column("Target", numeric=False),
        *(Column(f"Answer: {label}") for label in labels),
        Column("Recall"),
    )
    return Table(
        columns,
        tuple(rows),
        "Confusions",
        "Rows a model, the mean over an arm's models. Bold: right.",
        stub=2,
    )


def by_label(arms: dict[str, ArmDetail], labels: Sequence[str]) -> Table:
    """F1 of each label and the calibration error, arm beside arm; of many labels those with the lowest F1."""
    first = next(iter(arms.values())).class_f1
    shown = list(labels)
    if len(shown) > _LABELS:
        lowest = sorted(shown, key=lambda label: first[label][0])[:_LABELS]
        shown = [label for label in labels if label in lowest]
    rows = [
        (Cell(f"F1 of {label}"), *(spread(arm.class_f1.get(label), arm.models) for arm in arms.values()))
        for label in shown
    ]
    errors = (spread(arm.calibration_error, arm.models) for arm in arms.values())
    rows.append((Cell("Calibration error (ECE)"), *errors))
    left = f" The {_LABELS} labels of {len(labels)} with the lowest F1." if len(shown) < len(labels) else ""
    return Table(
        (Column("Score", numeric=False), *(Column(arm) for arm in arms)),
        tuple(rows),
        caption="Scores by label, and calibration",
        note="The calibration error (15 bins) depends on its bins and is a description; no verdict rests on it."
        + left,
    )


def spread(found: Spread | None, models: int) -> Cell:
    """Mean and standard deviation over an arm's models; of one model no deviation."""
    if found is None:
        return number(None, decimal)
    deviation = found[1] if models > 1 else float("nan")
    return number(found[0], lambda value: mean_sd(value, deviation))


def pairs(found: TaskDetail) -> Table | None:
    """McNemar's test of each pair of models; None where there are none."""
    if not found.pairs:
        return None
    rows = tuple(
        (
            Cell(pair.arm),
            Cell(pair.baseline),
            number(pair.seed, str),
            number(pair.only_arm, count),
            number(pair.only_baseline, count),
            number(pair.p, p_value),
        )
        for pair in found.pairs
    )
    columns = (
        Column("Arm", numeric=False),
        Column("Baseline", numeric=False),
        Column("Seed"),
        Column("Only the arm is right"),
        Column("Only the baseline"),
        Column("p"),
    )
    return Table(
        columns,
        rows,
        caption="McNemar's test, model by model",
        note="Of these two models on these rows: it takes one seed's model for the recipe, and is no verdict. p isn't "
        "adjusted for the number of pairs.",
        stub=3,
    )
