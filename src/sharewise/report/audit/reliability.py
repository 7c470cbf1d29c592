"""What the raters' disagreement and the size of the test split leave to be found."""

from __future__ import annotations

from sharewise.audit import Audit
from sharewise.audit.schema import Power
from sharewise.report.document import Block, Paragraph, Section
from sharewise.report.tables import NONE, Cell, Column, Table, number
from sharewise.report.words import count, decimal, in_points, listing, metric_name, percent, size


def raters(audit: Audit) -> Section | None:
    """Agreement and ceilings by task, and rows by their number of disagreements; None without votes."""
    if not audit.agreement:
        return None
    titles = ("Rows", "Alpha", "Unanimous", "Of all disagreements", "One rater", "Another rater")
    columns = (Column("Task", numeric=False), *(Column(t) for t in titles), Column("Metric", numeric=False))
    metrics = {line.task: line.metric for line in audit.balance}
    rows = []
    for a in audit.agreement:
        metric = metrics[a.task] if metrics[a.task] in a.one_rater else "accuracy"
        rows.append(
            (
                Cell(a.task),
                number(a.rows, count),
                number(a.alpha, lambda v: decimal(v, 3)),
                number(a.unanimous, percent),
                number(a.disagreement_share, percent),
                number(a.one_rater.get(metric), lambda v: decimal(v, 3)),
                number(a.another_rater.get(metric), lambda v: decimal(v, 3)),
                Cell(metric_name(metric)),
            )
        )
    note = (
        "Alpha: Krippendorff's. One rater: what a rater drawn at random scores against the majority that "
        "they are part of, "
        "the ceiling for a model that is scored on it; another rater: against the majority of the others."
    )
    blocks: list[Block] = [Table(columns, tuple(rows), "Agreement of the raters, all splits", note)]
    if len(audit.agreement) > 1:
        heads = (Column("Tasks disputed"), Column("Rows"), Column("Share"), Column("Mean characters"))
        levels = tuple(
            (
                number(d.disagreements, count),
                number(d.rows, count),
                number(d.share, percent),
                number(d.characters, lambda v: decimal(v, 1)),
            )
            for d in audit.difficulty
        )
        blocks.append(Table(heads, levels, "Rows by the number of tasks that raters disagree about"))
    return Section("raters", "Raters", tuple(blocks))


def power(audit: Audit) -> Section | None:
    """The detectable gain and loss of each task; None without a test split."""
    if not audit.power:
        return None
    first = audit.power[0]
    remarks = dict.fromkeys(p.why for p in audit.power)
    columns = (
        Column("Task", numeric=False),
        Column("Metric", numeric=False),
        Column("Test rows"),
        *((Column("Groups"),) if any(p.groups is not None for p in audit.power) else ()),
        Column("Gain"),
        Column("Loss"),
        Column("Equivalence", numeric=False),
        *((Column("Remark", numeric=False),) if len(remarks) > 1 else ()),
    )
    rows = tuple(
        (
            Cell(p.task),
            Cell(metric_name(p.metric)),
            number(p.rows, count),
            *((number(p.groups, count),) if any(p.groups is not None for p in audit.power) else ()),
            _detectable(p, p.gain),
            _detectable(p, p.loss),
            Cell(_equivalence(p)),
            *((Cell(p.why),) if len(remarks) > 1 else ()),
        )
        for p in audit.power
    )
    note = (
        f"Gain, loss: the smallest true differences from the baseline, in points, that 80 of 100 studies of "
        f"{first.seeds} seeds and {first.comparisons} comparisons find. A loss must be larger, as worse models are "
        "also noisier; none: even a perfect (or a guessing) arm would not be told apart. "
    )
    supposed = [p for p in audit.power if not p.trained]
    if len(supposed) < len(audit.power):
        which = f"Of {listing([p.task for p in audit.power if p.trained])} from" if supposed else "From"
        note += (
            f"{which} the trained baseline's errors and seeds, supposing arms that differ from it like it from "
            "itself. "
        )
    if supposed:
        note += (
            f"Supposed until runs show it: a baseline of MCC {supposed[0].quality:g}, a standard deviation over seeds "
            f"of {100 * supposed[0].seed_sd:g} point, errors in a group as alike as its labels."
        )
    note = note.strip()
    if len(remarks) == 1 and first.why:
        note += f" Of all tasks: {first.why}."
    why = "Differences smaller than these will come out as inconclusive."
    return Section(
        "power", "What the test split can show", (Paragraph(why), Table(columns, rows, "By task", note))
    )


def _detectable(power: Power, value: float | None) -> Cell:
    if not power.known:
        return Cell(NONE, tone="muted")
    if value is None:
        return Cell("none", tone="muted")
    return number(value, lambda v: decimal(100 * v, 1) if in_points(power.metric) else size(v, power.metric))


def _equivalence(power: Power) -> str:
    if power.equivalence is None or power.margin is None:
        return NONE
    told = size(power.margin, power.metric)
    return f"within {told} can be shown" if power.equivalence else f"within {told} cannot be shown"
