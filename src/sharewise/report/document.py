"""A report as blocks, the same for every medium; a medium leaves out what it cannot show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sharewise.report.tables import Table


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Notice:
    """A sentence that nobody should miss."""

    title: str
    text: str
    tone: Literal["simulated", "warning", "failure"]


@dataclass(frozen=True)
class Point:
    """A sentence, and what belongs to it.

    Args:
        text: the sentence.
        further: each a heading and a sentence, such as what to do.
    """

    text: str
    further: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """All in one paragraph."""
        return " ".join([self.text, *(f"{heading}: {text}" for heading, text in self.further)])


@dataclass(frozen=True)
class Items:
    """A list, one sentence an item, or a point with what belongs to it."""

    items: tuple[str | Point, ...]
    title: str = ""


@dataclass(frozen=True)
class Code:
    """Text that is shown as it stands."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Folded:
    """Detail behind a heading that opens it; the terminal leaves it out.

    Args:
        title: the heading.
        blocks: the detail.
        printed: whether paper, which can't be clicked, shows it opened; else paper leaves it out.
    """

    title: str
    blocks: tuple[Block, ...]
    printed: bool = True


@dataclass(frozen=True)
class Chart:
    """One chart as a Vega-Lite specification; its colours are names of CSS variables.

    Args:
        title: shown above the chart.
        description: what a reader who can't see it should know.
        spec: Vega-Lite, data included.
        when: `wide` and `narrow` charts are two drawings of the same, of which one is shown.
    """

    title: str
    description: str
    spec: Mapping[str, Any]
    when: Literal["always", "wide", "narrow"] = "always"


@dataclass(frozen=True)
class LegendEntry:
    """One entry of a figure's legend."""

    label: str
    color: str
    mark: Literal["line", "dashed", "thin", "dot", "band"]


@dataclass(frozen=True)
class Figure:
    """Charts that belong together; only HTML shows them.

    Args:
        caption: how to read them.
        columns: of the grid on a wide screen.
    """

    caption: str
    charts: tuple[Chart, ...]
    legend: tuple[LegendEntry, ...] = ()
    columns: int = 1


Block = Paragraph | Notice | Items | Code | Folded | Figure | Table


@dataclass(frozen=True)
class Section:
    """A part with a heading; `key` is its anchor in HTML."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A whole report.

    Args:
        title: the study's name.
        subtitle: what was compared, on what, when.
        answer: the one-line answer.
        reason: why.
        notices: what must be read before any number.
        label: what kind of report it is.
        source: the file that it is made from.
    """

    title: str
    subtitle: str
    answer: str
    reason: str
    notices: tuple[Notice, ...]
    sections: tuple[Section, ...]
    label: str = "Sharewise report"
    source: str = "results.json"
