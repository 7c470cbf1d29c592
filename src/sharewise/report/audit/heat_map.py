"""The heat map of associations with its tree of clusters."""

from __future__ import annotations

from sharewise.audit.schema import Relations
from sharewise.report.document import Chart
from sharewise.report.heat_map import HEIGHT, Grid, Layer, Width, axis, heat_map, place_of

_TREE = {"wide": 110, "narrow": 40}


def clustered_heat_map(found: Relations, width: Width) -> Chart:
    """One drawing of the heat map, the tree to its left."""
    values = {}
    for pair in found.pairs:
        values[pair.one, pair.other] = values[pair.other, pair.one] = pair.value
    grid = Grid(
        title="Association of the tasks",
        order=found.order,
        values=values,
        boxes=[group.tasks for group in found.groups],
    )
    names = place_of(found.order, width, beside=_TREE[width]).names
    return heat_map(grid, width, beside=_TREE[width], also=_tree(found, names, _TREE[width]))


def _tree(found: Relations, names: int, room: int) -> list[Layer]:
    """The tree of merges, leaves beside the names, the threshold dashed."""
    height = HEIGHT * len(found.order)
    middle: dict[tuple[str, ...], float] = {(task,): (i + 0.5) * HEIGHT for i, task in enumerate(found.order)}
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
        "y": axis("y", height),
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
