"""The trade-off between tasks as a chart: two tasks as a scatter plot, more as parallel coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sharewise.compare.results import TaskRecord
from sharewise.report.charts import arm_color, shorten, specification
from sharewise.report.document import Chart, Figure, LegendEntry
from sharewise.report.words import count, decimal, listing, metric_name

_WIDE, _NARROW = 620, 300
_NAMES = {_WIDE: 170, _NARROW: 96}
"""Pixels that the tasks' names may take, by the width of the drawing."""
_AFTER = 56
"""Pixels after the axes, for the best values."""
_ROW = 40
_FONT = 11
_MOST_LABELLED = 8
"""Points on the front that are named in a scatter plot at most; more would hide each other."""
_COLORS = {"other": "var(--line-strong)", "front": arm_color(1), "chosen": arm_color(2)}


@dataclass(frozen=True)
class Point:
    """One setting.

    Args:
        name: what tells it from the other settings.
        values: task -> its metric.
        front: whether no other setting dominates it.
        chosen: whether it is the one that was taken.
        equal: whether it was added for its equal weights.
    """

    name: str
    values: Mapping[str, float]
    front: bool
    chosen: bool
    equal: bool

    @property
    def kind(self) -> str:
        """Which colour it has."""
        return "chosen" if self.chosen else "front" if self.front else "other"


def front_figure(arm: str, points: Sequence[Point], tasks: Mapping[str, TaskRecord]) -> Figure | None:
    """Draw the settings of an arm by the tasks' metrics; None of a single task, or of fewer than two settings.

    Args:
        arm: what was tried.
        points: settings that have every task's metric.
        tasks: the study's tasks.
    """
    if len(tasks) < 2 or len(points) < 2:
        return None
    draw = _scatter if len(tasks) == 2 else _parallel
    title = f"{arm}: the tasks' metrics on the validation split"
    told = _described(points)
    charts = tuple(
        Chart(title, told, draw(points, tasks, width), when="wide" if width == _WIDE else "narrow")
        for width in (_WIDE, _NARROW)
    )
    how = (
        "each setting is a point, better to the right and to the top; no setting lies beyond the line"
        if len(tasks) == 2
        else "each setting is a line through its score on every task, from the worst setting's (left) to the "
        "best's (right)"
    )
    legend = [LegendEntry("chosen on validation", _COLORS["chosen"], "line")]
    legend += [LegendEntry("on the Pareto front", _COLORS["front"], "line")]
    legend += [LegendEntry("dominated by another setting", _COLORS["other"], "line")]
    if any(point.equal for point in points):
        legend.append(LegendEntry("equal weights", "currentColor", "dashed" if len(tasks) > 2 else "dot"))
    return Figure(f"Trade-off between the tasks: {how}.", charts, tuple(legend))


def _described(points: Sequence[Point]) -> str:
    on = [point.name for point in points if point.front]
    shown = listing(on[:_MOST_LABELLED]) + (", …" if len(on) > _MOST_LABELLED else "")
    return f"{count(len(on))} of {count(len(points))} settings on the front: {shown}"


def _scatter(points: Sequence[Point], tasks: Mapping[str, TaskRecord], width: int) -> dict[str, Any]:
    (x_task, x_record), (y_task, y_record) = tasks.items()
    values: list[dict[str, Any]] = [
        {"x": p.values[x_task], "y": p.values[y_task], "kind": p.kind, "front": p.front, "equal": p.equal}
        | {"name": shorten(p.name, _FONT, width / 2.5)}
        for p in _behind_first(points)
    ]
    axes = {
        "x": _axis("x", f"{x_task} {metric_name(x_record.metric)}", x_record, width),
        "y": _axis("y", f"{y_task} {metric_name(y_record.metric)}", y_record, width),
    }
    edge = sorted(
        (v for v in values if v["front"]), key=lambda v: v["x"], reverse=not x_record.higher_is_better
    )
    edge = [{**v, "order": i} for i, v in enumerate(edge)]
    named = edge if len(edge) <= _MOST_LABELLED else [v for v in edge if v["kind"] == "chosen"]
    middle = (min(v["x"] for v in values) + max(v["x"] for v in values)) / 2
    layers: list[Mapping[str, Any]] = [
        {
            "data": {"values": edge},
            "mark": {"type": "line", "interpolate": "step-before", "color": _COLORS["front"], "opacity": 0.6},
            "encoding": axes | {"order": {"field": "order", "type": "quantitative"}},
        },
        {
            "data": {"values": values},
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": axes | {"color": _color()},
        },
        {
            "data": {"values": [v for v in values if v["equal"]]},
            "mark": {"type": "point", "size": 200, "color": "var(--ink)", "opacity": 1},
            "encoding": axes,
        },
    ]
    for left in (True, False):
        # Names stand towards the middle of the drawing, where there is room.
        own = [v for v in named if ((v["x"] < middle) == x_record.higher_is_better) == left]
        text = {"type": "text", "fontSize": _FONT, "color": "var(--ink)", "dy": -9}
        text |= {"align": "left", "dx": 6} if left else {"align": "right", "dx": -6}
        encoding = axes | {"text": {"field": "name", "type": "nominal"}}
        layers += [{"data": {"values": own}, "mark": text, "encoding": encoding}] if own else []
    return specification(layers, width=width - 90, height=min(360, width - 60), padding=14)


def _axis(channel: str, title: str, record: TaskRecord, width: int) -> dict[str, Any]:
    """A task's metric, better always to the right and to the top."""
    scale = {"zero": False, "nice": True, "padding": 14, "reverse": not record.higher_is_better}
    return {
        "field": channel,
        "type": "quantitative",
        "scale": scale,
        "axis": {"title": shorten(title, _FONT, width - 120), "tickCount": 5},
    }


def _parallel(points: Sequence[Point], tasks: Mapping[str, TaskRecord], width: int) -> dict[str, Any]:
    names = list(tasks)
    room = _NAMES[width]
    ranges = {t: _range(points, t, record) for t, record in tasks.items()}
    lines = [
        {
            "setting": place,
            "task": task,
            "order": names.index(task),
            "x": _share(point.values[task], *ranges[task]),
            "kind": point.kind,
            "equal": point.equal,
        }
        for place, point in enumerate(_behind_first(points))
        for task in names
    ]
    ends = [
        {
            "task": task,
            "name": shorten(f"{task} {metric_name(tasks[task].metric)}", _FONT, room),
            "start": 0,
            "end": 1,
            "worst": decimal(ranges[task][0]),
            "best": decimal(ranges[task][1]),
        }
        for task in names
    ]
    y = {
        "field": "task",
        "type": "ordinal",
        "sort": names,
        "scale": {"type": "point", "padding": 0.6},
        "axis": None,
    }
    x = {"field": "x", "type": "quantitative", "scale": {"domain": [0, 1]}, "axis": None}
    order = {"field": "order", "type": "quantitative"}
    detail = {"field": "setting", "type": "nominal"}
    dash = {
        "field": "equal",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": [False, True], "range": [[1, 0], [5, 3]]},
    }
    thickness = {
        "field": "kind",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(_COLORS), "range": [1, 2, 3]},
    }
    shown = {"color": _color(), "strokeDash": dash, "strokeWidth": thickness}
    layers: list[Mapping[str, Any]] = [
        {
            "data": {"values": ends},
            "mark": {"type": "rule", "color": "var(--line)"},
            "encoding": {"x": x | {"field": "start"}, "x2": {"field": "end"}, "y": y},
        },
        {
            "data": {"values": lines},
            "mark": {"type": "line", "opacity": 0.9},
            "encoding": {"x": x, "y": y, "order": order, "detail": detail, **shown},
        },
        {
            "data": {"values": [line for line in lines if line["kind"] != "other"]},
            "mark": {"type": "point", "filled": True, "size": 36, "opacity": 1},
            "encoding": {"x": x, "y": y, "color": _color()},
        },
    ]
    # The name and the worst value stand before a task's axis, the best one after it.
    for key, place, mark in (
        ("name", 0, {"align": "right", "dx": -10, "dy": -6, "color": "var(--ink)", "fontSize": _FONT}),
        ("worst", 0, {"align": "right", "dx": -10, "dy": 8, "color": "var(--muted)", "fontSize": 10}),
        ("best", 1, {"align": "left", "dx": 10, "color": "var(--muted)", "fontSize": 10}),
    ):
        values = [{"task": end["task"], "x": place, "text": end[key]} for end in ends]
        encoding = {"x": x, "y": y, "text": {"field": "text", "type": "nominal"}}
        layers.append({"data": {"values": values}, "mark": {"type": "text", **mark}, "encoding": encoding})
    padding = {"left": room + 14, "right": _AFTER, "top": 4, "bottom": 4}
    inside = width - room - 14 - _AFTER
    return specification(
        layers, width=inside, height=_ROW * len(names), padding=padding, autosize={"type": "none"}
    )


def _behind_first(points: Sequence[Point]) -> list[Point]:
    """What matters is drawn last, over the rest."""
    return sorted(points, key=lambda point: list(_COLORS).index(point.kind))


def _color() -> dict[str, Any]:
    scale = {"domain": list(_COLORS), "range": list(_COLORS.values())}
    return {"field": "kind", "type": "nominal", "legend": None, "scale": scale}


def _range(points: Sequence[Point], task: str, record: TaskRecord) -> tuple[float, float]:
    """The worst and the best of a task's values."""
    values = [point.values[task] for point in points]
    return (min(values), max(values)) if record.higher_is_better else (max(values), min(values))


def _share(value: float, worst: float, best: float) -> float:
    return (value - worst) / (best - worst) if best != worst else 1.0
