"""Texts in two splits, texts twice in one, groups in two splits."""

from __future__ import annotations

from sharewise.audit import Audit
from sharewise.report.document import Block, Paragraph, Section
from sharewise.report.tables import Cell, Column, Table, number
from sharewise.report.words import count, listing

_LIKE = (
    "Each row counts once, under its strongest likeness. Normalised: equal but for case, width, white space "
    "and punctuation. "
)
_NEAR = "Near: estimated Jaccard similarity of 4-character shingles of .8 or more, texts of 11 characters or more."


def leakage(audit: Audit) -> Section:
    """Overlaps of splits, repeated rows and shared groups."""
    found = audit.leakage
    blocks: list[Block] = [Paragraph(_across(audit))]
    if found.overlaps:
        blocks.append(_overlaps(audit))
    repeated = [line for line in found.repeats if line.exact + line.normalised + line.near]
    if repeated:
        titles = ("Rows", "Exact", "Normalised", "Near")
        columns = (
            Column("Split", numeric=False),
            Column("Data", numeric=False),
            *(Column(t) for t in titles),
        )
        rows = tuple(
            (
                Cell(r.split),
                Cell(r.data),
                *(number(n, count) for n in (r.rows, r.exact, r.normalised, r.near)),
            )
            for r in repeated
        )
        blocks.append(Table(columns, rows, "Rows that repeat an earlier one of their split", stub=2))
    else:
        blocks.append(Paragraph("No split repeats a text."))
    if found.groups:
        shared = listing([f"{split}: {count(n)}" for split, n in found.groups.items()])
        blocks.append(Paragraph(f"Groups that two splits share – {shared}."))
    return Section("leakage", "Leaks and repetitions", tuple(blocks))


def _across(audit: Audit) -> str:
    return (
        "Texts are compared over all splits, data sets and tasks."
        if audit.leakage.overlaps
        else "Texts were compared over all splits, data sets and tasks: no split holds a text of another one."
    )


def _overlaps(audit: Audit) -> Table:
    names = ("Split", "Data", "Also in")
    columns = tuple(Column(n, numeric=False) for n in names)
    columns += tuple(Column(n) for n in ("Rows", "Exact", "Exact texts", "Normalised", "Near"))
    rows = tuple(
        (
            Cell(o.split),
            Cell(o.data),
            Cell(f"{o.within}, {o.within_data}"),
            *(number(n, count) for n in (o.rows, o.exact, o.exact_texts, o.normalised, o.near)),
        )
        for o in audit.leakage.overlaps
    )
    return Table(columns, rows, "Rows of one split whose text is in another", _LIKE + _NEAR, stub=3)
