"""The report as one HTML page: self-contained, offline, light and dark, for screens of any width and for paper."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from string import Template

from sharewise.compare.results import Results
from sharewise.report.charts import draw
from sharewise.report.content import compose
from sharewise.report.document import (
    Block,
    Chart,
    Code,
    Document,
    Figure,
    Folded,
    Items,
    LegendEntry,
    Notice,
    Paragraph,
    Point,
    Section,
)
from sharewise.report.markup import Markup, breakable, join, marked, tag
from sharewise.report.tables import NONE, Cell, Column, Table
from sharewise.version import __version__


def html(results: Results) -> str:
    """The whole report as a page without any external request, names from the user escaped."""
    return page(compose(results))


def page(document: Document) -> str:
    """A document as a page."""
    script = _asset("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Template(_asset("page.html")).substitute(
        title=tag("b", document.title).removeprefix("<b>").removesuffix("</b>"),
        version=__version__,
        style=_asset("page.css"),
        script=script,
        script_hash=f"sha256-{digest}",
        body=_body(document),
    )


def _asset(name: str) -> str:
    return files("sharewise.report").joinpath(name).read_text(encoding="utf-8")


def _body(document: Document) -> Markup:
    links = [tag("li", tag("a", section.title, href=f"#{section.key}")) for section in document.sections]
    navigation = tag("nav", tag("p", "Contents", class_="label"), tag("ol", *links), aria_label="Contents")
    answer = tag(
        "div",
        tag("p", document.answer, class_="verdict"),
        tag("p", document.reason),
        class_="answer",
        id="answer",
    )
    header = tag(
        "header",
        tag("p", document.label, class_="label"),
        tag("h1", breakable(document.title)),
        tag("p", document.subtitle, class_="subtitle"),
        *(_block(notice) for notice in document.notices),
        answer,
    )
    footer = tag("footer", f"Made by Sharewise {__version__} from {document.source}.")
    sections = (_section(section) for section in document.sections)
    return tag("div", navigation, tag("main", header, *sections, footer), class_="page")


def _section(section: Section) -> Markup:
    blocks = (_block(block) for block in section.blocks)
    heading = tag("h2", section.title, id=f"{section.key}-heading")
    return tag("section", heading, *blocks, id=section.key, aria_labelledby=f"{section.key}-heading")


def _block(block: Block) -> Markup:
    match block:
        case Paragraph(text):
            return tag("p", marked(text))
        case Notice(title, text, tone):
            return tag(
                "p", tag("strong", f"{title}."), " ", marked(text), class_=f"notice {tone}", role="note"
            )
        case Items(items, title):
            listed = tag("ul", *(_item(item) for item in items), class_="items")
            return join([tag("h3", title), listed]) if title else listed
        case Code(text, _):
            return tag("pre", tag("code", text), tabindex="0")
        case Folded(title, blocks, printed):
            inside = (_block(inner) for inner in blocks)
            return tag("details", tag("summary", title), *inside, class_=None if printed else "unprinted")
        case Figure():
            return _figure(block)
        case Table():
            return _table(block)


def _item(item: str | Point) -> Markup:
    if isinstance(item, str):
        return tag("li", marked(item))
    further = (
        tag("p", tag("b", f"{heading}: "), marked(text), class_="further") for heading, text in item.further
    )
    return tag("li", marked(item.text), *further)


def _figure(figure: Figure) -> Markup:
    legend = tag("ul", *(_legend(entry) for entry in figure.legend), class_="legend", aria_label="Legend")
    charts = tag(
        "div", *(_chart(chart) for chart in figure.charts), class_=f"charts columns-{figure.columns}"
    )
    return tag("figure", tag("figcaption", figure.caption), legend, charts)


def _legend(entry: LegendEntry) -> Markup:
    swatch = tag("span", class_=f"swatch {entry.mark}", style=f"color: {entry.color}", aria_hidden="true")
    return tag("li", swatch, entry.label)


def _chart(chart: Chart) -> Markup:
    return tag(
        "div",
        tag("p", breakable(chart.title), class_="chart-title"),
        draw(chart),
        class_=f"chart {chart.when}",
    )


def _table(table: Table) -> Markup:
    head = tag("thead", tag("tr", *(_heading(column) for column in table.columns)))
    body = tag("tbody", *(_row(table, index) for index in range(len(table.rows))))
    drawn = tag("table", head, body, aria_label=table.caption)
    # The title stands outside of the box that scrolls, so that a phone shows all of it.
    title = tag("h3", table.caption, class_="caption")
    box = tag("div", drawn, class_="scroll", role="region", aria_label=table.caption, tabindex="0")
    return tag(
        "div", title, box, *([tag("p", table.note, class_="note")] if table.note else []), class_="table"
    )


def _heading(column: Column) -> Markup:
    return tag("th", breakable(column.title), scope="col", class_="number" if column.numeric else None)


def _row(table: Table, index: int) -> Markup:
    cells = []
    for place, (cell, column) in enumerate(zip(table.rows[index], table.columns, strict=True)):
        cells.append(_cell(cell, column, heads=place == 0))
    return tag("tr", *cells, class_="strong" if index == table.strong else None)


def _cell(cell: Cell, column: Column, *, heads: bool) -> Markup:
    text = breakable(cell.text)
    if cell.tone in ("helps", "hurts", "equivalent", "inconclusive"):
        text = tag("span", text, class_=f"chip {cell.tone}")
    names = ["number"] * column.numeric + ["none"] * (cell.text == NONE) + ["muted"] * (cell.tone == "muted")
    names += ["prose"] * cell.prose
    return tag(
        "th" if heads else "td",
        tag("strong", text) if cell.bold else text,
        *([tag("small", cell.below)] if cell.below else []),
        scope="row" if heads else None,
        class_=" ".join(names) or None,
        data_sort=None if cell.sort is None else repr(cell.sort),
    )
