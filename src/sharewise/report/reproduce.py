"""Warnings, failed runs, and all that it takes to get the numbers again."""

from __future__ import annotations

import yaml

from sharewise.compare.results import Results
from sharewise.report.document import Block, Code, Folded, Items, Notice, Paragraph, Section
from sharewise.report.tables import Cell, Column, Table, number
from sharewise.report.words import count


def warnings(results: Results) -> Section | None:
    """What should make a reader doubt; None where nothing should."""
    blocks: list[Block] = []
    failed = [run for run in results.runs if run.failed]
    if failed:
        of_all = f"{len(failed)} of {count(len(results.runs))} runs failed"
        blocks.append(
            Notice(of_all, "Verdicts leave such runs out or are barred by them, as marked.", "failure")
        )
        rows = tuple(
            (Cell(run.arm), Cell(run.task), number(run.seed, str), Cell(run.failed or ""), Cell(run.folder))
            for run in failed
        )
        heads = (("Arm", False), ("Task", False), ("Seed", True), ("Why", False), ("Folder", False))
        columns = tuple(Column(title, numeric=numeric) for title, numeric in heads)
        blocks.append(Table(columns, rows, caption="Failed runs", stub=3))
    if results.warnings:
        blocks.append(Items(tuple(results.warnings)))
    return Section("warnings", "Warnings", tuple(blocks)) if blocks else None


def reproduce(results: Results) -> Section:
    """Versions, machine, configuration and the command."""
    facts = {
        "Sharewise": results.sharewise,
        "Git commit": results.git or "not in a git repository",
        "Created (UTC)": results.created,
        "Seeds": ", ".join(str(seed) for seed in results.seeds),
        **results.versions,
        **results.machine,
    }
    rows = tuple((Cell(key), Cell(value)) for key, value in facts.items())
    columns = (Column("What", numeric=False), Column("Value", numeric=False))
    plain = results.model_dump(mode="json", include={"configuration"})["configuration"]
    configuration = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=100)
    return Section(
        "reproduce",
        "How to reproduce",
        (
            Paragraph("Save the configuration below as study.yaml beside the data files, then run:"),
            Code("sharewise compare study.yaml", "sh"),
            Folded("Configuration, defaults filled in", (Code(configuration.rstrip(), "yaml"),)),
            Folded("Versions and machine", (Table(columns, rows, caption="Versions and machine"),)),
            Folded("Runs", (_runs(results),)),
        ),
    )


def _runs(results: Results) -> Table:
    rows = tuple(
        (
            Cell(run.arm),
            Cell(run.task),
            number(run.seed, str),
            number(run.best_epoch, lambda value: f"{value:g}"),
            number(run.seconds, lambda value: f"{value:,.1f}"),
            number(run.rows_seen, count),
            Cell(run.precision),
            Cell(run.hash),
        )
        for run in results.runs
    )
    heads = (
        ("Arm", False),
        ("Task", False),
        ("Seed", True),
        ("Selected epoch", True),
        ("Seconds", True),
        ("Rows seen", True),
        ("Precision", False),
        ("Hash", False),
    )
    columns = tuple(Column(title, numeric=numeric) for title, numeric in heads)
    return Table(columns, rows, caption="Every run", stub=3)
