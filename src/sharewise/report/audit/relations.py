"""Associations of tasks: the heat map with its clustering, the groups, and all pairs in a table."""

from __future__ import annotations

from sharewise.audit import Audit
from sharewise.audit.schema import Relation
from sharewise.report.audit.heat_map import clustered_heat_map
from sharewise.report.document import Block, Figure, Folded, Items, LegendEntry, Paragraph, Section
from sharewise.report.tables import Cell, Column, Table, number
from sharewise.report.words import count, decimal

_STRONGEST = 10


def relations(audit: Audit) -> Section | None:
    """How labels go together; None for a single task."""
    found = audit.relations
    if not found.pairs:
        return None
    groups = tuple(f"{' + '.join(g.tasks)}{f': {g.reason}' if g.reason else ''}" for g in found.groups)
    pairs = sorted(found.pairs, key=lambda p: -abs(p.value or 0))
    blocks: list[Block] = []
    if any(pair.value is not None for pair in pairs):
        caption = (
            "Association of every two tasks on the training rows that hold both. Alike tasks stand "
            "together; the tree to the "
            "left shows at which mean association they merge (average linkage), and boxes frame the suggested groups."
        )
        legend = (
            LegendEntry("together", "var(--arm-1)", "band"),
            LegendEntry("opposite", "var(--arm-2)", "band"),
            LegendEntry(f"threshold of a group, {found.threshold:g}", "currentColor", "dashed"),
        )
        blocks.append(
            Figure(caption, tuple(clustered_heat_map(found, width) for width in ("wide", "narrow")), legend)
        )
    blocks.append(Items(groups, "Suggested groups"))
    why = (
        f"Tasks are put together as long as their mean association is {found.threshold:g} or more. That "
        f"labels go together is a "
        "hypothesis on sharing, no proof: compare the grouped arm with the others."
    )
    blocks.append(Paragraph(why))
    blocks.append(
        _table(pairs[:_STRONGEST], "The strongest pairs" if len(pairs) > _STRONGEST else "All pairs")
    )
    if len(pairs) > _STRONGEST:
        blocks.append(Folded("All pairs", (_table(pairs, "All pairs"),)))
    return Section("relations", "How the labels go together", tuple(blocks))


def _table(pairs: list[Relation], caption: str) -> Table:
    columns = (
        Column("Task", numeric=False),
        Column("With", numeric=False),
        Column("Measure", numeric=False),
        Column("Value"),
        Column("Rows"),
    )
    rows = tuple(
        (
            Cell(p.one),
            Cell(p.other),
            Cell(p.measure),
            number(p.value, lambda v: decimal(v, 3)),
            number(p.rows, count),
        )
        for p in pairs
    )
    return Table(columns, rows, caption, "On training rows alone.", stub=2)
