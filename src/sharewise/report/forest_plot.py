"""The Vega-Lite specification of a forest plot, rows placed by the pixel so that any name fits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sharewise.report.charts import shorten, specification, text_width

Width = Literal["wide", "narrow"]
Layer = Mapping[str, Any]

SHAPES = {
    "helps": "triangle-right",
    "hurts": "triangle-left",
    "equivalent": "square",
    "inconclusive": "circle",
}
"""A shape a verdict, so that none is told by colour alone."""
_ROW, _HEAD, _GAP, _FONT = 24, 20, 8, 12
_SPACE = "\u00a0" * 5


@dataclass(frozen=True)
class Row:
    """One comparison in the unit of the plot."""

    task: str
    arm: str
    verdict: str
    told: str
    difference: float
    low: float
    high: float
    family_low: float
    family_high: float
    margin: float


@dataclass(frozen=True)
class _Layout:
    """Widths in pixels of the labels to the left, the plot, and the numbers to the right."""

    left: int
    plot: int
    right: int


_WIDTHS: dict[Width, int] = {"wide": 820, "narrow": 336}
_RIGHT: dict[Width, int] = {"wide": 150, "narrow": 14}
_Y = {"field": "y", "type": "quantitative", "scale": None, "axis": None}
_COLOR = {
    "field": "verdict",
    "type": "nominal",
    "legend": None,
    "scale": {"domain": list(SHAPES), "range": [f"var(--{verdict})" for verdict in SHAPES]},
}
_SHAPE = {**_COLOR, "scale": {"domain": list(SHAPES), "range": list(SHAPES.values())}}


def plot(unit: str, rows: Sequence[Row], width: Width) -> dict[str, Any]:
    """The specification for one screen; a narrow one has the task's name over its rows."""
    several = len({row.arm for row in rows}) > 1
    layout = _layout(rows, width, several=several)
    heads, places, height = _place(rows, headed=several or width == "narrow")
    x = {
        "type": "quantitative",
        "scale": {"domain": _domain(rows), "nice": True},
        "axis": {
            "title": f"← worse{_SPACE}{'difference in ' if width == 'wide' else ''}{unit}{_SPACE}better →",
            "tickCount": 8 if width == "wide" else 5,
        },
    }
    data = [asdict(row) | {"y": y, "under": -row.margin} for row, y in zip(rows, places, strict=True)]
    return specification(
        [
            *_marks(data, x, 150 if width == "wide" else 80),
            *_names(heads, list(zip(rows, places, strict=True)), layout, several=several),
        ],
        width=layout.plot,
        height=height,
        padding={"left": layout.left, "right": layout.right, "top": 4, "bottom": 44},
        autosize={"type": "none"},
    )


def _layout(rows: Sequence[Row], width: Width, *, several: bool) -> _Layout:
    """As much room as the names of the rows take, up to a third; none where headings name them."""
    names = {row.arm if several else row.task for row in rows}
    needed = 16.0 + max(text_width(name, _FONT) for name in names)
    left = 10 if width == "narrow" and not several else math.ceil(min(needed, _WIDTHS[width] / 3))
    return _Layout(left=left, plot=_WIDTHS[width] - left - _RIGHT[width], right=_RIGHT[width])


def _place(rows: Sequence[Row], *, headed: bool) -> tuple[list[tuple[str, float]], list[float], float]:
    """Vertical places in pixels: of the tasks' headings, of the rows, and the height of all."""
    heads: list[tuple[str, float]] = []
    places = []
    y = 0.0
    for index, row in enumerate(rows):
        if headed and (index == 0 or rows[index - 1].task != row.task):
            y += _GAP if index else 0
            heads.append((row.task, y + _HEAD / 2))
            y += _HEAD
        places.append(y + _ROW / 2)
        y += _ROW
    return heads, places, y


def _domain(rows: Sequence[Row]) -> list[float]:
    """All intervals, margins and zero; simultaneous intervals three times as far at most, lest the rest be flat."""
    inner = [0.0] + [edge for row in rows for edge in (row.low, row.high, row.margin, -row.margin)]
    reach = 3 * max(abs(edge) for edge in inner)
    outer = [min(max(edge, -reach), reach) for row in rows for edge in (row.family_low, row.family_high)]
    low, high = min(inner + outer), max(inner + outer)
    return [low, high] if low < high else [-1.0, 1.0]


def _marks(data: Sequence[Mapping[str, Any]], x: Mapping[str, Any], point: int) -> list[Layer]:
    """The margin's band, the line of no difference, both intervals and the point, of an area in pixels."""
    values = {"values": data}
    return [
        {
            "data": {"values": [row for row in data if row["margin"]]},
            "mark": {"type": "bar", "height": _ROW, "color": "var(--margin)"},
            "encoding": {"x": {**x, "field": "under"}, "x2": {"field": "margin"}, "y": _Y},
        },
        {
            "data": {"values": [{}]},
            "mark": {"type": "rule", "color": "var(--ink)", "strokeWidth": 1},
            "encoding": {"x": {**x, "datum": 0}},
        },
        {
            "data": values,
            "mark": {"type": "rule", "strokeWidth": 1.5, "clip": True},
            "encoding": {
                "x": {**x, "field": "family_low"},
                "x2": {"field": "family_high"},
                "y": _Y,
                "color": _COLOR,
            },
        },
        {
            "data": values,
            "mark": {"type": "rule", "strokeWidth": 5},
            "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "y": _Y, "color": _COLOR},
        },
        {
            "data": values,
            "mark": {"type": "point", "filled": True, "size": point, "opacity": 1, "stroke": "var(--paper)"},
            "encoding": {"x": {**x, "field": "difference"}, "y": _Y, "color": _COLOR, "shape": _SHAPE},
        },
    ]


def _names(
    heads: Sequence[tuple[str, float]], rows: Sequence[tuple[Row, float]], layout: _Layout, *, several: bool
) -> list[Layer]:
    """Headings of tasks, names of rows to the left, and the difference in figures to the right where there is room."""
    headings = [{"y": y, "text": shorten(task, _FONT, layout.left + layout.plot)} for task, y in heads]
    names = [
        {"y": y, "text": shorten(row.arm if several else row.task, _FONT, layout.left - 16)}
        for row, y in rows
        if several or not heads
    ]
    figures = [{"y": y, "text": f"{row.told}  {row.verdict}", "verdict": row.verdict} for row, y in rows]
    layers = [
        _text(headings, -layout.left, "left", {"fontWeight": "bold", "color": "var(--ink)"}),
        _text(names, -12, "right", {"color": "var(--ink)"}),
    ]
    if layout.right > 100:
        layers.append(_text(figures, layout.plot + 12, "left", {}, color=_COLOR))
    return layers


def _text(data: list[dict[str, Any]], x: int, align: str, style: Mapping[str, Any], **encoding: Any) -> Layer:
    return {
        "data": {"values": data},
        "mark": {"type": "text", "baseline": "middle", "fontSize": _FONT, "align": align, **style},
        "encoding": {"x": {"value": x}, "y": _Y, "text": {"field": "text"}, **encoding},
    }
