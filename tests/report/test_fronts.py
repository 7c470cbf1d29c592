"""The trade-off between tasks as a chart."""

from __future__ import annotations

from sharewise.compare.results import TaskRecord
from sharewise.report.charts import draw
from sharewise.report.fronts import Point, front_figure


def _task(metric: str = "mcc", *, higher: bool = True) -> TaskRecord:
    return TaskRecord(
        kind="binary",
        labels=["no", "yes"],
        metric=metric,
        higher_is_better=higher,
        margin=None,
        rows={},
        shares={},
        baselines={},
    )


def _point(
    name: str, *values: float, front: bool = False, chosen: bool = False, equal: bool = False
) -> Point:
    named = dict(zip(("환각_없음", "tone", "stars"), values, strict=False))
    return Point(name, named, front=front, chosen=chosen, equal=equal)


THREE = {"환각_없음": _task(), "tone": _task(), "stars": _task("mae", higher=False)}
TWO = {name: THREE[name] for name in ("환각_없음", "stars")}


def _data(spec, mark):
    return [v for layer in spec["layer"] if layer["mark"]["type"] == mark for v in layer["data"]["values"]]


def test_several_tasks_are_a_line_a_setting_from_worst_to_best():
    points = [
        _point("a", 0.2, 0.5, 3.0, front=True, chosen=True),
        _point("b", 0.4, 0.5, 1.0, front=True),
        _point("equal", 0.2, 0.1, 2.0, equal=True),
    ]
    figure = front_figure("hard", points, THREE)
    assert [chart.when for chart in figure.charts] == ["wide", "narrow"]
    assert "2 of 3 settings on the front: a and b" in figure.charts[0].description
    lines = _data(figure.charts[0].spec, "line")
    places = {(line["kind"], line["task"]): line["x"] for line in lines}
    assert places["chosen", "환각_없음"] == 0.0
    assert places["front", "환각_없음"] == 1.0
    # Of an error the smallest is the best.
    assert (places["front", "stars"], places["chosen", "stars"], places["other", "stars"]) == (1.0, 0.0, 0.5)
    # What matters is drawn over the rest.
    assert [line["kind"] for line in lines[::3]] == ["other", "front", "chosen"]
    assert [entry.label for entry in figure.legend][-1] == "equal weights"
    svg = draw(figure.charts[0])
    assert ">환각_없음 MCC</text>" in svg
    assert "var(--arm-1)" in svg


def test_two_tasks_are_points_with_the_front_as_a_line():
    points = [
        _point("a", 0.2, front=True),
        _point("b", 0.4, front=True, chosen=True),
        _point("c", 0.1),
    ]
    points = [
        Point(p.name, {**p.values, "stars": s}, front=p.front, chosen=p.chosen, equal=p.equal)
        for p, s in zip(points, (1.0, 2.0, 3.0), strict=True)
    ]
    figure = front_figure("hard", points, TWO)
    spec = figure.charts[0].spec
    assert [value["x"] for value in _data(spec, "line")] == [0.2, 0.4]
    axes = spec["layer"][1]["encoding"]
    assert [axes[axis]["scale"]["reverse"] for axis in "xy"] == [False, True]
    assert {value["name"] for value in _data(spec, "text")} == {"a", "b"}
    assert "<svg" in draw(figure.charts[1])


def test_one_task_or_one_setting_has_no_chart():
    points = [_point("a", 0.2, 0.5, 3.0), _point("b", 0.4, 0.5, 1.0)]
    assert front_figure("hard", points, {"tone": _task()}) is None
    assert front_figure("hard", points[:1], THREE) is None


def test_a_task_on_which_all_are_alike_is_drawn_too():
    points = [_point("a", 0.2, 0.5, 1.0, front=True), _point("b", 0.2, 0.1, 1.0)]
    figure = front_figure("hard", points, THREE)
    assert "<svg" in draw(figure.charts[0])
