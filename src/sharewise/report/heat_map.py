"""A heat map of tasks against tasks, placed by the pixel so that any name fits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sharewise.report.charts import shorten, specification, text_width
from sharewise.report.document import Chart
from sharewise.report.words import decimal

Width = Literal["wide", "narrow"]
Layer = Mapping[str, Any]
HEIGHT = 30
"""Of a row, in pixels."""
_FONT = {"wide": 12, "narrow": 9}
_TOTAL = {"wide": 760, "narrow": 350}
_CELL = {"wide": 58, "narrow": 34}
_NAMES_SHARE = 0.32
_TALLEST = 200
"""Room for a slanted name, in pixels."""
_RIGHT = {"wide": 110, "narrow": 30}
"""Pixels that slanted names may stick out to the right at most."""
_SLANT, _ASIDE = math.sqrt(0.5), 8
"""How far a slanted name goes to the right for its length, and pixels beside it."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """What a heat map shows.

    Args:
        title: of the chart.
        order: tasks, down and across.
        values: (down, across) -> number; what is left out stays empty, None is drawn as unknown.
        boxes: tasks that are framed together, where they are neighbours in `order`.
        deepest: the size of a value that is drawn in full colour.
        directed: whether (a, b) differs from (b, a).
    """

    title: str
    order: Sequence[str]
    values: Mapping[tuple[str, str], float | None]
    boxes: Sequence[Sequence[str]] = ()
    deepest: float = 1.0
    directed: bool = False


@dataclass(frozen=True)
class Place:
    """Where a grid stands: pixels of a cell's width and of the names to its left, and the size of its font."""

    cell: float
    names: int
    font: int


def place_of(order: Sequence[str], width: Width, *, beside: int = 0) -> Place:
    """Divide the width of a chart among names, cells, and what stands beside them."""
    font = _FONT[width]
    names = math.ceil(min(_TOTAL[width] * _NAMES_SHARE, 14 + max(text_width(t, font) for t in order)))
    return Place(min(_CELL[width], (_TOTAL[width] - beside - names) / len(order)), names, font)


def heat_map(grid: Grid, width: Width, *, beside: int = 0, also: Sequence[Layer] = ()) -> Chart:
    """One drawing of a heat map.

    Args:
        grid: what it shows.
        width: of the page.
        beside: pixels to the left of the names.
        also: layers that are drawn there.
    """
    place = place_of(grid.order, width, beside=beside)
    top = math.ceil(min(_TALLEST, 14 + max(text_width(t, place.font) for t in grid.order)) * 0.72) + 6
    right = min(_RIGHT[width], max(_overhang(t, i, grid, place) for i, t in enumerate(grid.order)))
    layers = [
        *_cells(grid, place.cell, show=place.cell >= place.font * 2.6, font=place.font),
        *_names(grid, place, right),
        *also,
        _boxes(grid, place.cell),
    ]
    spec = specification(
        layers,
        width=place.cell * len(grid.order),
        height=HEIGHT * len(grid.order),
        padding={
            "left": beside + place.names,
            "right": max(8, right),
            "top": top,
            "bottom": 8,
        },
        autosize={"type": "none"},
    )
    joint = " on " if grid.directed else " and "
    told = "; ".join(
        f"{one}{joint}{other} {decimal(value, _digits(grid))}"
        for (one, other), value in grid.values.items()
        if value is not None and (grid.directed or one < other)
    )
    return Chart(grid.title, told, spec, width)


def axis(field: str, limit: float) -> dict[str, Any]:
    """An axis of pixels."""
    scale = {"domain": [0, limit], "range": [0, limit], "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def shade(value: float, deepest: float) -> float:
    """How deep a value is coloured, from -1 to 1."""
    return max(-1.0, min(1.0, value / deepest)) if deepest else 0.0


def written(value: float, deepest: float) -> str:
    """A value with as many decimals as tell it from its neighbours, without the zero before them."""
    return decimal(value, 2 if deepest >= 0.5 else 3).replace("0.", ".", 1)


def _digits(grid: Grid) -> int:
    return 2 if grid.deepest >= 0.5 else 4


def _cells(grid: Grid, cell: float, *, show: bool, font: int) -> list[Layer]:
    place = {task: i for i, task in enumerate(grid.order)}
    wide, height = cell * len(place), HEIGHT * len(place)
    data = []
    for (down, across), value in grid.values.items():
        x, y = place[across] * cell, place[down] * HEIGHT
        depth = None if value is None else shade(value, grid.deepest)
        data.append(
            {
                "x": x,
                "x2": x + cell - 1,
                "y": y,
                "y2": y + HEIGHT - 1,
                "cx": x + cell / 2,
                "cy": y + HEIGHT / 2,
                "color": "var(--line)" if depth is None else "var(--arm-1)" if depth >= 0 else "var(--arm-2)",
                "opacity": 0.5 if depth is None else 0.06 + 0.94 * abs(depth),
                "text": "–" if value is None else written(value, grid.deepest),
                "ink": "var(--paper)" if depth is not None and abs(depth) > 0.55 else "var(--ink)",
            }
        )
    values = {"values": data}
    corners = {"x": axis("x", wide), "x2": {"field": "x2"}, "y": axis("y", height), "y2": {"field": "y2"}}
    own = {"scale": None, "legend": None, "type": "nominal"}
    opacity = {"field": "opacity", "type": "quantitative", "scale": None, "legend": None}
    layers: list[Layer] = [
        {
            "data": values,
            "mark": {"type": "rect"},
            "encoding": {**corners, "color": {"field": "color", **own}, "fillOpacity": opacity},
        }
    ]
    if show:
        layers.append(
            {
                "data": values,
                "mark": {"type": "text", "fontSize": font, "baseline": "middle"},
                "encoding": {
                    "x": axis("cx", wide),
                    "y": axis("cy", height),
                    "text": {"field": "text", "type": "nominal"},
                    "color": {"field": "ink", **own},
                },
            }
        )
    return layers


def _overhang(name: str, column: int, grid: Grid, place: Place) -> int:
    """Pixels that a slanted name sticks out to the right of the grid."""
    length = min(text_width(name, place.font), _TALLEST - 14)
    return math.ceil(_ASIDE + length * _SLANT - (len(grid.order) - column - 0.5) * place.cell)


def _names(grid: Grid, place: Place, right: float) -> list[Layer]:
    """Names to the left of the rows and, slanted, over the columns, cut where they would leave the drawing."""
    cell, font = place.cell, place.font
    height, wide = HEIGHT * len(grid.order), cell * len(grid.order)
    rows = [
        {"y": i * HEIGHT + HEIGHT / 2, "text": shorten(t, font, place.names - 10)}
        for i, t in enumerate(grid.order)
    ]
    columns = []
    for i, name in enumerate(grid.order):
        to_the_edge = ((len(grid.order) - i - 0.5) * cell + right - _ASIDE) / _SLANT
        columns.append({"x": (i + 0.5) * cell, "text": shorten(name, font, min(_TALLEST - 14, to_the_edge))})
    style = {"type": "text", "fontSize": font, "color": "var(--ink)"}
    text = {"field": "text", "type": "nominal"}
    return [
        {
            "data": {"values": rows},
            "mark": {**style, "align": "right", "baseline": "middle"},
            "encoding": {"x": {"value": -8}, "y": axis("y", height), "text": text},
        },
        {
            "data": {"values": columns},
            "mark": {**style, "align": "left", "baseline": "middle", "angle": 315},
            "encoding": {"x": axis("x", wide), "y": {"value": -8}, "text": text},
        },
    ]


def _boxes(grid: Grid, cell: float) -> Layer:
    """Frames around groups of two tasks or more, which stand together in the grid's order."""
    place = {task: i for i, task in enumerate(grid.order)}
    wide, height = cell * len(place), HEIGHT * len(place)
    boxes = []
    for group in grid.boxes:
        first, last = min(place[t] for t in group), max(place[t] for t in group)
        if last > first and last - first + 1 == len(group):
            boxes.append(
                {
                    "x": first * cell,
                    "x2": (last + 1) * cell - 1,
                    "y": first * HEIGHT,
                    "y2": (last + 1) * HEIGHT - 1,
                }
            )
    return {
        "data": {"values": boxes},
        "mark": {"type": "rect", "filled": False, "stroke": "var(--ink)", "strokeWidth": 2},
        "encoding": {
            "x": axis("x", wide),
            "x2": {"field": "x2"},
            "y": axis("y", height),
            "y2": {"field": "y2"},
        },
    }
