"""Tables as every report shows them: what stands in a cell, not how it is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Tone = Literal["", "helps", "hurts", "equivalent", "inconclusive", "muted"]
NONE = "–"
"""What a cell shows that has no value."""


@dataclass(frozen=True)
class Cell:
    """One cell.

    Args:
        text: what is shown.
        sort: what its column is sorted by; the text where None.
        bold: the best of its row or column.
        tone: meaning that a colour may underline; the text alone says it too.
        below: a second, smaller line.
        prose: whether the text is running text, which may be long and is wrapped.
        shade: how deep the cell of a heat map is coloured, from -1 to 1; a terminal shows it, a page has a chart.
    """

    text: str
    sort: float | None = None
    bold: bool = False
    tone: Tone = ""
    below: str = ""
    prose: bool = False
    shade: float | None = None


@dataclass(frozen=True)
class Column:
    """One column: its heading, and whether it holds numbers (set to the right)."""

    title: str
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """A table of `(rows, columns)` cells.

    Args:
        columns: headings.
        rows: each as long as `columns`.
        caption: what the table shows, in one line.
        note: how to read it.
        stub: leading columns that name a row; they are repeated where a table is split by width.
        strong: index of a row that stands out (the selected epoch), None for none.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    note: str = ""
    stub: int = 1
    strong: int | None = None

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"{self.caption}: a row of {len(row)} cells under {len(self.columns)} headings"
                )

    def split(self, widths: Sequence[int], room: int) -> Iterator[Table]:
        """Cut into tables whose columns fit `room` characters, the stub columns repeated in each.

        Args:
            widths: of the columns, `(columns,)`, separators included.
            room: characters that one table may take; a column wider than the room gets a table of its own.
        """
        stub = list(range(self.stub))
        used = sum(widths[: self.stub])
        group: list[int] = []
        for index in range(self.stub, len(self.columns)):
            if group and used + sum(widths[i] for i in [*group, index]) > room:
                yield self._of_columns(stub + group)
                group = []
            group.append(index)
        yield self._of_columns(stub + group)

    def _of_columns(self, chosen: list[int]) -> Table:
        return Table(
            columns=tuple(self.columns[i] for i in chosen),
            rows=tuple(tuple(row[i] for i in chosen) for row in self.rows),
            caption=self.caption,
            note=self.note,
            stub=self.stub,
            strong=self.strong,
        )


def number(value: float | None, show: Callable[[float], str], *, bold: bool = False, tone: Tone = "") -> Cell:
    """A cell of a number; a missing or undefined one shows a dash and sorts last."""
    if value is None or math.isnan(value):
        return Cell(NONE, tone="muted")
    return Cell(show(value), sort=value, bold=bold, tone=tone)


def best(values: Sequence[float | None], *, higher: bool, decimals: int) -> list[bool]:
    """Which of the values are the best as shown; ties all are, and one value alone is not.

    Args:
        values: `(competitors,)`, None or NaN for those that have none.
        higher: whether higher is better.
        decimals: to which they are shown, and so compared.
    """
    rounded = [None if v is None or math.isnan(v) else round(v, decimals) for v in values]
    present = [v for v in rounded if v is not None]
    if len(present) < 2:
        return [False] * len(rounded)
    top = max(present) if higher else min(present)
    return [v == top for v in rounded]
