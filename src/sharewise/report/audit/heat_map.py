"""The heat map of associations with its tree of clusters, placed by the pixel so that any name fits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from sharewise.audit.schema import Relations
from sharewise.report.charts import shorten, specification, text_width
from sharewise.report.document import Chart
from sharewise.report.words import decimal

Width = Literal["wide", "narrow"]
Layer = Mapping[str, Any]
_FONT = {"wide": 12, "narrow": 9}
_TOTAL = {"wide": 760, "narrow": 350}
_TREE = {"wide": 110, "narrow": 40}
_CELL = {"wide": 58, "narrow": 34}
_HEIGHT = 30
_NAMES_SHARE = 0.32
_TALLEST = 200
"""Room for a slanted name, in pixels."""


def heat_map(found: Relations, width: Width) -> Chart:
    """One drawing of the heat map."""
    tasks, font = found.order, _FONT[width]
    names = math.ceil(min(_TOTAL[width] * _NAMES_SHARE, 14 + max(text_width(t, font) for t in tasks)))
    cell = min(_CELL[width], (_TOTAL[width] - _TREE[width] - names) / len(tasks))
    top = math.ceil(min(_TALLEST, 14 + max(text_width(t, font) for t in tasks)) * 0.72) + 6
    left = _TREE[width] + names
    grid, height = cell * len(tasks), _HEIGHT * len(tasks)
    layers = [
        *_cells(found, cell, show=cell >= font * 2.6, font=font),
        *_names(found, cell, names, font),
        *_tree(found, names, _TREE[width]),
        _boxes(found, cell),
    ]
    spec = specification(
        layers,
        width=grid,
        height=height,
        padding={"left": left, "right": 60 if width == "wide" else 30, "top": top, "bottom": 8},
        autosize={"type": "none"},
    )
    known = [p for p in found.pairs if p.value is not None]
    told = "; ".join(f"{p.one} and {p.other} {decimal(p.value or 0, 2)}" for p in known)
    return Chart("Association of the tasks", told, spec, width)


def _place(field: str, limit: float) -> dict[str, Any]:
    scale = {"domain": [0, limit], "range": [0, limit], "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def _cells(found: Relations, cell: float, *, show: bool, font: int) -> list[Layer]:
    place = {task: i for i, task in enumerate(found.order)}
    grid, height = cell * len(place), _HEIGHT * len(place)
    data = []
    for pair in found.pairs:
        for one, other in ((pair.one, pair.other), (pair.other, pair.one)):
            x, y = place[one] * cell, place[other] * _HEIGHT
            value = pair.value
            data.append(
                {
                    "x": x,
                    "x2": x + cell - 1,
                    "y": y,
                    "y2": y + _HEIGHT - 1,
                    "cx": x + cell / 2,
                    "cy": y + _HEIGHT / 2,
                    "color": "var(--line)"
                    if value is None
                    else "var(--arm-1)"
                    if value >= 0
                    else "var(--arm-2)",
                    "opacity": 0.5 if value is None else 0.06 + 0.94 * min(1.0, abs(value)),
                    "text": "–" if value is None else decimal(value, 2).replace("0.", "."),
                    "ink": "var(--paper)" if value is not None and abs(value) > 0.55 else "var(--ink)",
                }
            )
    values = {"values": data}
    corners = {"x": _place("x", grid), "x2": {"field": "x2"}, "y": _place("y", height), "y2": {"field": "y2"}}
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
                    "x": _place("cx", grid),
                    "y": _place("cy", height),
                    "text": {"field": "text", "type": "nominal"},
                    "color": {"field": "ink", **own},
                },
            }
        )
    return layers


def _names(found: Relations, cell: float, room: int, font: int) -> list[Layer]:
    """Names to the left of the rows and, slanted, over the columns."""
    height, grid = _HEIGHT * len(found.order), cell * len(found.order)
    rows = [
        {"y": i * _HEIGHT + _HEIGHT / 2, "text": shorten(t, font, room - 10)}
        for i, t in enumerate(found.order)
    ]
    columns = [
        {"x": (i + 0.5) * cell, "text": shorten(t, font, _TALLEST - 14)} for i, t in enumerate(found.order)
    ]
    style = {"type": "text", "fontSize": font, "color": "var(--ink)"}
    text = {"field": "text", "type": "nominal"}
    return [
        {
            "data": {"values": rows},
            "mark": {**style, "align": "right", "baseline": "middle"},
            "encoding": {"x": {"value": -8}, "y": _place("y", height), "text": text},
        },
        {
            "data": {"values": columns},
            "mark": {**style, "align": "left", "baseline": "middle", "angle": 315},
            "encoding": {"x": _place("x", grid), "y": {"value": -8}, "text": text},
        },
    ]


def _tree(found: Relations, names: int, room: int) -> list[Layer]:
    """The tree of merges, leaves beside the names, the threshold dashed."""
    height = _HEIGHT * len(found.order)
    middle: dict[tuple[str, ...], float] = {
        (task,): (i + 0.5) * _HEIGHT for i, task in enumerate(found.order)
    }
    reached = dict.fromkeys(middle, 1.0)
    lines = []
    for merge in found.merges:
        ends = [(middle[side], reached[side]) for side in (merge.left, merge.right)]
        at = merge.association
        for y, start in ends:
            lines.append({"x": _depth(start, names, room), "x2": _depth(at, names, room), "y": y, "y2": y})
        x = _depth(at, names, room)
        lines.append({"x": x, "x2": x, "y": ends[0][0], "y2": ends[1][0]})
        middle[merge.left + merge.right] = sum(y for y, _ in ends) / 2
        reached[merge.left + merge.right] = at
    rule = {
        "x": {"field": "x", "type": "quantitative", "scale": None, "axis": None},
        "x2": {"field": "x2"},
        "y": _place("y", height),
        "y2": {"field": "y2"},
    }
    threshold = _depth(found.threshold, names, room)
    dashed = [{"x": threshold, "x2": threshold, "y": 0, "y2": height}]
    mark = {"type": "rule", "clip": False}
    return [
        {
            "data": {"values": dashed},
            "mark": {**mark, "color": "var(--muted)", "strokeWidth": 1, "strokeDash": [4, 3]},
            "encoding": rule,
        },
        {
            "data": {"values": lines},
            "mark": {**mark, "color": "var(--ink)", "strokeWidth": 1.3},
            "encoding": rule,
        },
    ]


def _depth(association: float, names: int, room: int) -> float:
    """Horizontal place of an association: 1 beside the names, 0 at the far left."""
    return -names - (room - 8) * (1 - max(0.0, min(1.0, association)))


def _boxes(found: Relations, cell: float) -> Layer:
    """Frames around groups of two tasks or more, which stand together in the order of the clustering."""
    place = {task: i for i, task in enumerate(found.order)}
    grid, height = cell * len(place), _HEIGHT * len(place)
    boxes = []
    for group in found.groups:
        first, last = min(place[t] for t in group.tasks), max(place[t] for t in group.tasks)
        if last > first:
            boxes.append(
                {
                    "x": first * cell,
                    "x2": (last + 1) * cell - 1,
                    "y": first * _HEIGHT,
                    "y2": (last + 1) * _HEIGHT - 1,
                }
            )
    return {
        "data": {"values": boxes},
        "mark": {"type": "rect", "filled": False, "stroke": "var(--ink)", "strokeWidth": 2},
        "encoding": {
            "x": _place("x", grid),
            "x2": {"field": "x2"},
            "y": _place("y", height),
            "y2": {"field": "y2"},
        },
    }
