"""Vega-Lite specifications become SVG: drawn here, without a network, and inlined without JavaScript.

Colours are CSS variables of the page (`var(--arm-1)`) and text stays text, so that one drawing serves light, dark and
paper, and Korean or Japanese names take the reader's fonts.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

import vl_convert

from sharewise.report.document import Chart
from sharewise.report.markup import Markup, tag

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
ARM_COLORS = 8
"""Colours `--arm-0` … that the style sheet has; further arms begin again, dashed."""
_AXIS = {
    "labelColor": "var(--muted)",
    "titleColor": "var(--muted)",
    "gridColor": "var(--line)",
    "domainColor": "var(--line-strong)",
    "tickColor": "var(--line-strong)",
    "labelFontSize": 11,
    "titleFontSize": 11,
    "titleFontWeight": "normal",
    "tickSize": 4,
}
_CONFIG = {
    "aria": False,
    "background": None,
    "font": "sans-serif",
    "axis": _AXIS,
    "view": {"stroke": None},
    "numberFormat": ".4~f",
}


def specification(layers: list[Mapping[str, Any]], **keys: Any) -> dict[str, Any]:
    """A Vega-Lite specification of layers in the reports' style."""
    return {"$schema": SCHEMA, "config": _CONFIG, **keys, "layer": layers}


def draw(chart: Chart) -> Markup:
    """One chart as an SVG element that names itself to those who can't see it."""
    svg = vl_convert.vegalite_to_svg(json.dumps(chart.spec))
    opening, _, drawing = svg.partition(">")
    width, height = _attribute(opening, "width"), _attribute(opening, "height")
    return tag(
        "svg",
        tag("title", f"{chart.title}: {chart.description}"),
        Markup(drawing.removesuffix("</svg>")),
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_label=f"{chart.title}: {chart.description}",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
    )


def arm_color(index: int) -> str:
    """The CSS colour of the arm at this place among the arms."""
    return f"var(--arm-{index % ARM_COLORS})"


def text_width(text: str, font_size: float) -> float:
    """Pixels that a text takes at most, without knowing the reader's font: wide characters count double."""
    units = sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.58 for c in text)
    return units * font_size


def shorten(text: str, font_size: float, room: float) -> str:
    """The text, cut with an ellipsis where it is wider than the room in pixels."""
    if text_width(text, font_size) <= room:
        return text
    while text and text_width(text + "…", font_size) > room:
        text = text[:-1]
    return text + "…"


def _attribute(opening: str, name: str) -> str:
    return opening.split(f' {name}="', 1)[1].split('"', 1)[0]
