"""What the report of an audit says and in which order."""

from __future__ import annotations

from sharewise.audit import Audit
from sharewise.report.audit.findings import findings, row_tables
from sharewise.report.audit.labels import balance, coverage, effects
from sharewise.report.audit.leaks import leakage
from sharewise.report.audit.lengths import lengths
from sharewise.report.audit.relations import relations
from sharewise.report.audit.reliability import power, raters
from sharewise.report.document import Document, Notice
from sharewise.report.words import count, duration, listing


def compose(audit: Audit) -> Document:
    """The whole report, for any medium to draw."""
    sections = (
        findings(audit),
        coverage(audit),
        balance(audit),
        lengths(audit),
        relations(audit),
        raters(audit),
        leakage(audit),
        effects(audit),
        power(audit),
        row_tables(audit),
    )
    return Document(
        title=audit.study,
        subtitle=_subtitle(audit),
        answer=_answer(audit),
        reason=_reason(audit),
        notices=_notices(audit),
        sections=tuple(section for section in sections if section is not None and section.blocks),
        label="Sharewise audit",
        source="audit.json",
    )


def _subtitle(audit: Audit) -> str:
    tasks = {line.task for line in audit.coverage}
    splits = list(dict.fromkeys(line.split for line in audit.coverage))
    cells = sum(line.cells for line in audit.coverage)
    task = f"{len(tasks)} task{'s' if len(tasks) != 1 else ''}"
    return f"{task}, {count(cells)} labels in {listing(splits)}; looked at in {duration(audit.seconds)}"


def _answer(audit: Audit) -> str:
    number = {s: sum(f.severity == s for f in audit.findings) for s in ("problem", "warning", "note")}
    if not number["problem"] + number["warning"]:
        return "Nothing stands in the way of training."
    return f"{_counted(number['problem'], 'problem')}, {_counted(number['warning'], 'warning')}."


def _reason(audit: Audit) -> str:
    problems = [f for f in audit.findings if f.severity == "problem"]
    if problems:
        return "Solve the problems before anything is trained; the warnings decide what the results will be worth."
    return "Read the warnings before anything is trained." if audit.findings else ""


def _counted(number: int, what: str) -> str:
    return f"{number or 'No'} {what}{'s' if number != 1 else ''}"


def _notices(audit: Audit) -> tuple[Notice, ...]:
    if not audit.simulated:
        return ()
    text = "The texts, labels and votes were made by a program; what is found in them was put there."
    return (Notice("Simulated data", text, "simulated"),)
