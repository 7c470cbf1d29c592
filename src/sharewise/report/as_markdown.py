"""The report as GitHub-flavoured Markdown; charts are left to the HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from sharewise.compare.results import Results
from sharewise.report.content import compose
from sharewise.report.document import Block, Code, Figure, Folded, Items, Notice, Paragraph
from sharewise.report.tables import Cell, Table

_SPECIAL = re.compile(r"([\\`*\[\]|~$])")
_OUTER_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_STARTS = re.compile(r"^(?:[#+=-]|\d+(?=[.)](?:\s|$)))")


def markdown(results: Results) -> str:
    """The whole report as Markdown, names from the user escaped."""
    document = compose(results)
    parts = [f"# {inline(document.title)}", line(document.subtitle)]
    parts += ["\n".join(_block(notice)) for notice in document.notices]
    parts.append(f"**{inline(document.answer)}** {inline(document.reason)}")
    for section in document.sections:
        blocks = ["\n".join(_block(block)) for block in section.blocks if not isinstance(block, Figure)]
        if blocks:
            parts += [f"## {inline(section.title)}", *blocks]
    return "\n\n".join(parts) + "\n"


def inline(text: str) -> str:
    """Text within a line, in which no character means markup."""
    plain = escape(" ".join(text.split()), quote=False)
    return _OUTER_UNDERSCORE.sub(r"\\_", _SPECIAL.sub(r"\\\1", plain))


def line(text: str) -> str:
    """Text that begins a line, where a list, a heading or a rule could begin too."""
    plain = inline(text)
    start = _STARTS.match(plain)
    if start is None:
        return plain
    # A number is kept and its full stop escaped; any other character is escaped itself.
    at = start.end() if plain[0].isdigit() else 0
    return f"{plain[:at]}\\{plain[at:]}"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(text):
            yield line(text)
        case Notice(title, text, _):
            yield f"> **{inline(title)}** {inline(text)}"
        case Items(items, title):
            if title:
                yield f"**{inline(title)}**"
                yield ""
            yield from (f"- {line(str(item))}" for item in items)
        case Code(text, language):
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
            yield f"{fence}{language}"
            yield text
            yield fence
        case Folded(title, blocks, _):
            yield f"<details><summary>{escape(title)}</summary>"
            yield ""
            for inner in blocks:
                yield from _block(inner)
                yield ""
            yield "</details>"
        case Table():
            yield from _table(block)
        case Figure():
            return


def _table(table: Table) -> Iterator[str]:
    if table.caption:
        yield f"**{inline(table.caption)}**"
        yield ""
    yield _row([inline(column.title) for column in table.columns])
    yield _row(["---:" if column.numeric else "---" for column in table.columns])
    for row in table.rows:
        yield _row([_cell(cell) for cell in row])
    if table.note:
        yield ""
        yield f"<sub>{inline(table.note)}</sub>"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    text = inline(cell.text)
    text = f"**{text}**" if cell.bold and text else text
    return f"{text}<br><sub>{inline(cell.below)}</sub>" if cell.below else text
