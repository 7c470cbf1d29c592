"""What affinity predicted of arms that share in its groups, beside what training showed."""

from __future__ import annotations

from sharewise.compare.prediction import Prediction, TaskPrediction
from sharewise.compare.results import Results
from sharewise.compare.verdict import Verdict
from sharewise.report.document import Block, Paragraph, Section
from sharewise.report.tables import Cell, Column, Table, number
from sharewise.report.verdicts import said
from sharewise.report.words import decimal, difference, percent

SINGLE = "single"


def predicted(results: Results) -> Section | None:
    """A table an arm, the verdict of each task beside its prediction; None where nothing was predicted."""
    found = results.prediction
    if found is None:
        return None
    blocks: list[Block] = []
    for arm in found.arms:
        own = {v.task: v for v in results.verdicts if v.arm == arm}
        if own:
            blocks += [Paragraph(_agreement(found, arm, own)), _table(found, arm, own)]
    return Section("prediction", "Predicted and measured", tuple(blocks))


def expected(task: TaskPrediction, baseline: str) -> float:
    """Share of its loss that the group is to save: of a model of its own, or of one of all tasks."""
    return task.gain_over_alone if baseline == SINGLE else task.gain_over_all


def _agreement(found: Prediction, arm: str, verdicts: dict[str, Verdict]) -> str:
    # Of a task alone in its group nothing is expected.
    known = {
        t: v for t, v in verdicts.items() if v.difference is not None and expected(found.tasks[t], v.baseline)
    }
    alike = sum(
        (expected(found.tasks[t], v.baseline) > 0) == ((v.difference or 0) > 0) for t, v in known.items()
    )
    decided = [v for v in known.values() if v.verdict in ("helps", "hurts")]
    right = sum((v.verdict == "helps") == (expected(found.tasks[v.task], v.baseline) > 0) for v in decided)
    text = f"{arm} against {next(iter(verdicts.values())).baseline}: "
    if not known:
        return f"{text}nothing was predicted that a measured difference could be held against."
    text += f"the sign was predicted of {alike} of {len(known)} measured differences"
    if not decided:
        return f"{text}; none of these is more than chance, so that they neither bear the prediction out nor refute it."
    return f"{text}, and of {right} of the {len(decided)} that are more than chance."


def _table(found: Prediction, arm: str, verdicts: dict[str, Verdict]) -> Table:
    rows = []
    for name, task in found.tasks.items():
        verdict = verdicts.get(name)
        if verdict is None:
            continue
        gain = expected(task, verdict.baseline)
        text = percent(gain).replace("-", "−")
        rows.append(
            (
                Cell(name),
                Cell(task.group),
                number(task.affinity_group, lambda v: decimal(v, 4)),
                number(task.affinity_all, lambda v: decimal(v, 4)),
                Cell(text if gain <= 0 else f"+{text}", sort=gain),
                number(verdict.difference, lambda v, m=verdict.metric: difference(v, m)),  # type: ignore[misc]
                Cell(said(verdict), tone=verdict.verdict if verdict.interval is not None else "muted"),
            )
        )
    baseline = next(iter(verdicts.values())).baseline
    columns = (
        Column("Task", numeric=False),
        Column("Group", numeric=False),
        Column("Affinity, group"),
        Column("Affinity, all"),
        Column("Predicted saving"),
        Column("Measured difference"),
        Column("Verdict", numeric=False),
    )
    return Table(
        columns,
        tuple(rows),
        caption=f"{arm}: predicted by {found.measure}, and measured",
        note="Predicted from training and validation alone. Affinity: share of the "
        "task's loss that an update of another task takes away, mean over its group and over all tasks. Saving: share "
        f"of the estimated validation loss against {'a model of its own' if baseline == SINGLE else 'one model of all'}"
        ", with an encoder a group. Difference: of the primary metric, on test, as in the verdict.",
    )
