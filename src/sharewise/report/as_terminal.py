"""The report on a terminal; charts and folded detail are left to the HTML."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from sharewise.compare.results import Results
from sharewise.report.content import compose
from sharewise.report.document import Block, Code, Document, Figure, Folded, Items, Notice, Paragraph
from sharewise.report.tables import Cell, Table

_STYLES = {
    "helps": "bold green",
    "hurts": "bold red",
    "equivalent": "cyan",
    "inconclusive": "yellow",
    "muted": "dim",
    "": "",
}
_NOTICES = {"simulated": "bold magenta", "warning": "bold yellow", "failure": "bold red"}
_GAP = 2
"""Characters between columns: one of padding, one of the box."""
_STAR = "*"
_WIDEST_WORDS = 36
"""Characters after which the text of a cell is wrapped."""


def print_results(results: Results, console: Console) -> None:
    """Print the report to fit the console's width; without colours where it is no terminal."""
    print_document(compose(results), console)


def print_document(document: Document, console: Console) -> None:
    """Print a document; see `print_results`."""
    console.print(Text(document.title, style="bold"))
    console.print(Text(document.subtitle, style="dim"))
    if _plain(console):
        console.print(f"({_STAR} marks what is bold elsewhere.)")
    for notice in document.notices:
        _print(notice, console)
    console.print()
    console.print(Text.assemble((document.answer, "bold"), " ", document.reason))
    for section in document.sections:
        shown = [block for block in section.blocks if not isinstance(block, Figure | Folded)]
        if not shown:
            continue
        console.print()
        console.rule(Text(section.title, style="bold"), align="left", style="dim")
        for block in shown:
            _print(block, console)


def _plain(console: Console) -> bool:
    """Whether nothing can be bold, as in a file: an asterisk stands for it."""
    return console.color_system is None


def _print(block: Block, console: Console) -> None:
    match block:
        case Paragraph(text):
            console.print(Text(text))
        case Notice(title, text, tone):
            console.print(Text.assemble((f"{title}.", _NOTICES[tone]), " ", text))
        case Items(items, title):
            if title:
                console.print()
                console.print(Text(title, style="bold"))
            for item in items:
                parts = (
                    [item] if isinstance(item, str) else [item.text, *(": ".join(p) for p in item.further)]
                )
                lines = [line for part in parts for line in wrap(part, console.width - 4)]
                console.print(Text("\n  ".join([f"• {lines[0]}", *lines[1:]])))
        case Code(text, _):
            console.print(Padding(Text(text), (0, 0, 0, 4)))
        case Table():
            _print_table(block, console)
        case Folded() | Figure():
            return


def wrap(text: str, width: int) -> list[str]:
    """Lines of whole words, at most `width` characters wide (Korean and Japanese ones count double)."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _print_table(table: Table, console: Console) -> None:
    if _plain(console):
        table = _starred(table)
    widths = [_width(table, index) for index in range(len(table.columns))]
    console.print()
    console.print(Text(table.caption, style="bold"))
    # The last column needs no gap after it.
    for number, part in enumerate(table.split([width + _GAP for width in widths], console.width + _GAP)):
        if number:
            console.print()
        console.print(_rich(part))
    if table.note:
        console.print(Text(table.note, style="dim"))


def _starred(table: Table) -> Table:
    """The table with an asterisk after bold cells, and room for it in the other cells of such a column."""
    bold = {i for row in table.rows for i, cell in enumerate(row) if cell.bold}
    rows = tuple(
        tuple(
            replace(cell, text=f"{cell.text}{_STAR if cell.bold else ' '}") if i in bold else cell
            for i, cell in enumerate(row)
        )
        for row in table.rows
    )
    columns = tuple(
        replace(column, title=f"{column.title} ") if i in bold else column
        for i, column in enumerate(table.columns)
    )
    return replace(table, columns=columns, rows=rows)


def _width(table: Table, index: int) -> int:
    """Characters of a column: its longest cell, words that aren't names wrapped; headings broken between words."""
    column = table.columns[index]
    heading = max(cell_len(word) for word in column.title.split() or [""])
    longest = max((cell_len(text) for row in table.rows for text in _lines(row[index])), default=0)
    return max(heading, longest if column.numeric or index < table.stub else min(longest, _WIDEST_WORDS))


def _rich(table: Table) -> RichTable:
    drawn = RichTable(box=box.SIMPLE_HEAD, padding=(0, _GAP - 1, 0, 0), pad_edge=False, show_edge=False)
    for index, column in enumerate(table.columns):
        justify: Literal["right", "left"] = "right" if column.numeric else "left"
        drawn.add_column(Text(column.title), justify=justify, overflow="fold", width=_width(table, index))
    for index, row in enumerate(table.rows):
        drawn.add_row(*(_text(cell) for cell in row), style="bold" if index == table.strong else None)
    return drawn


def _text(cell: Cell) -> Text:
    style = _STYLES[cell.tone] if cell.shade is None else _shaded(cell.shade)
    text = Text(cell.text, style=f"bold {style}".strip() if cell.bold else style)
    return Text("\n").join([text, Text(cell.below, style="dim")]) if cell.below else text


def _shaded(depth: float) -> str:
    """Dark letters on a colour that is the deeper the further from 0: blue above, orange below."""
    full = (90, 160, 230) if depth >= 0 else (235, 150, 70)
    red, green, blue = (round(255 + (part - 255) * abs(depth)) for part in full)
    return f"black on rgb({red},{green},{blue})"


def _lines(cell: Cell) -> tuple[str, str]:
    return cell.text, cell.below
