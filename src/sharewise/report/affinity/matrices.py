"""What every task does to every other, as heat maps: drawn on a page, coloured cells on a terminal."""

from __future__ import annotations

from sharewise.compare.affinity import Affinity
from sharewise.report.document import Block, Figure, LegendEntry, Paragraph, Section
from sharewise.report.heat_map import Grid, heat_map, shade, written
from sharewise.report.tables import NONE, Cell, Column, Table

# key, title of the section, what a cell is, whether rows act on columns, and the full colour (None: the largest).
_SHOWN = (
    (
        "lookahead",
        "Lookahead affinity",
        "The share of the loss of the task across that the update's part for the task down takes away, over the run "
        "(Fifty et al., 2021). Above 0 it helps, below it hurts.",
        True,
        None,
    ),
    (
        "estimate",
        "Estimated gain of pairs",
        "The share of the validation loss of the task across that a model of both is estimated to save over one of it "
        "alone (Li et al., 2024).",
        True,
        None,
    ),
    (
        "cosine",
        "Cosine of the tasks' gradients",
        "Of the shared parameters, mean over the run: 1 where two tasks pull the same way, -1 where they pull "
        "against each other.",
        False,
        None,
    ),
    (
        "association",
        "Association of the labels",
        "Phi, Spearman's correlation or Cramér's V on training rows that hold both labels.",
        False,
        1.0,
    ),
)
_LEGEND = (
    LegendEntry("above 0", "var(--arm-1)", "band"),
    LegendEntry("below 0", "var(--arm-2)", "band"),
    LegendEntry("groups", "currentColor", "line"),
)


def matrices(affinity: Affinity) -> tuple[Section, ...]:
    """A section a measure."""
    order = [task for group in affinity.groups.values() for task in group]
    sections = []
    for key, title, caption, directed, deepest in _SHOWN:
        matrix = getattr(affinity, key)
        values = {
            (one, other): matrix[affinity.tasks.index(one)][affinity.tasks.index(other)]
            for one in order
            for other in order
            if one != other
        }
        known = [abs(value) for value in values.values() if value is not None]
        grid = Grid(
            title=title,
            order=order,
            values=values,
            boxes=list(affinity.groups.values()),
            deepest=deepest or max(known, default=1.0),
            directed=directed,
        )
        blocks: list[Block] = [Paragraph(caption)]
        if known:
            charts = (heat_map(grid, "wide"), heat_map(grid, "narrow"))
            blocks.append(Figure("Tasks of one group stand together.", charts, _LEGEND))
        sections.append(Section(key, title, (*blocks, _table(grid))))
    return tuple(sections)


def _table(grid: Grid) -> Table:
    corner = "From, onto" if grid.directed else "Task"
    rows = tuple((Cell(down), *(_cell(grid, down, across) for across in grid.order)) for down in grid.order)
    return Table((Column(corner, numeric=False), *(Column(task) for task in grid.order)), rows, grid.title)


def _cell(grid: Grid, down: str, across: str) -> Cell:
    value = grid.values.get((down, across))
    if value is None:
        return Cell("" if down == across else NONE, tone="muted")
    return Cell(written(value, grid.deepest), sort=value, shade=shade(value, grid.deepest))
