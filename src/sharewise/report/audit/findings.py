"""What was found, with what to do; and the rows behind it."""

from __future__ import annotations

from sharewise.audit import Audit, Finding
from sharewise.audit.rows import short_names
from sharewise.report.document import Block, Folded, Items, Paragraph, Point, Section
from sharewise.report.tables import Cell, Column, Table
from sharewise.report.words import count

_TITLES = {"problem": "Problems", "warning": "Warnings", "note": "Notes"}
_ROWS = 3
_MORE = 25


def findings(audit: Audit) -> Section:
    """Findings by severity, each with its first rows in words."""
    names = _names(audit)
    blocks: list[Block] = []
    for severity, title in _TITLES.items():
        chosen = [f for f in audit.findings if f.severity == severity]
        if chosen:
            blocks.append(Items(tuple(_point(f, names) for f in chosen), title))
    if not blocks:
        blocks.append(Paragraph("Nothing was found."))
    return Section("findings", "What was found", tuple(blocks))


def _names(audit: Audit) -> dict[str, str]:
    return short_names(row.file for finding in audit.findings for row in finding.rows)


def _point(finding: Finding, names: dict[str, str]) -> Point:
    further = [("To do", _ended(finding.to_do[:1].upper() + finding.to_do[1:]))]
    if finding.rows:
        shown = "; ".join(
            f"{names[row.file]}, {row.unit} {row.line}" + (f" ({row.note})" if row.note else "")
            for row in finding.rows[:_ROWS]
        )
        rest = finding.count - min(len(finding.rows), _ROWS)
        further.append(("Rows", f"{shown}{f'; {count(rest)} more' if rest else ''}."))
    return Point(_ended(finding.says), tuple(further))


def _ended(sentence: str) -> str:
    return sentence + ("" if sentence.endswith((".", "…")) else ".")


def row_tables(audit: Audit) -> Section:
    """A folded table of the first rows behind each finding."""
    names = _names(audit)
    tables = tuple(
        Folded(f"{f.says} ({count(f.count)})", (_table(f, names),)) for f in audit.findings if f.rows
    )
    why = Paragraph("The first rows behind each finding; audit-rows.csv beside this page holds all.")
    return Section("rows", "The rows behind the findings", (why, *tables) if tables else ())


def _table(finding: Finding, names: dict[str, str]) -> Table:
    columns = tuple(
        Column(title, numeric=title == "Line") for title in ("Split", "File", "Line", "Text", "Remark")
    )
    rows = tuple(
        (
            Cell(row.split),
            Cell(names[row.file]),
            Cell(str(row.line), sort=row.line),
            Cell(row.text),
            Cell(row.note),
        )
        for row in finding.rows[:_MORE]
    )
    left = finding.count - len(rows)
    return Table(
        columns, rows, caption=finding.key, note=f"{count(left)} more in audit-rows.csv." if left else ""
    )
