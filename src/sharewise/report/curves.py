"""Learning curves: a small chart for each task and each of training loss, validation loss and metric."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from sharewise.compare.results import EpochRecord, Results
from sharewise.report.charts import ARM_COLORS, arm_color, specification
from sharewise.report.document import Block, Chart, Figure, LegendEntry, Section
from sharewise.report.words import metric_name

Reader = Callable[[EpochRecord], float | None]
_WIDTH, _HEIGHT = 240, 130
_PADDING = {"left": 44, "right": 10, "top": 8, "bottom": 38}


def curves(results: Results) -> Section:
    """One figure for all tasks; a quantity that was not recorded, or but once in each run, has no curve."""
    charts = []
    for name, task in results.tasks.items():
        quantities = {
            "training loss": "train_loss",
            "validation loss": "validation_loss",
            f"validation {metric_name(task.metric)}": task.metric,
        }
        for title, key in quantities.items():
            chart = _chart(results, name, title, _reader(name, key))
            charts += [chart] if chart else []
    entries = [_entry(results, arm) for arm in results.arms]
    entries += [
        LegendEntry("one seed", "currentColor", "thin"),
        LegendEntry("selected evaluation of a seed", "currentColor", "dot"),
    ]
    caption = (
        "Training and validation loss, and the primary metric on the validation split, over epochs. Thick: the mean, "
        "as long as every seed still trains. A validation loss that rises while the training loss falls is "
        "over-fitting."
    )
    blocks: tuple[Block, ...] = (Figure(caption, tuple(charts), tuple(entries), columns=3),)
    return Section("curves", "Curves", blocks if charts else ())


def _reader(task: str, key: str) -> Reader:
    return lambda line: line.tasks.get(task, {}).get(key)


def _entry(results: Results, arm: str) -> LegendEntry:
    index = list(results.arms).index(arm)
    return LegendEntry(f"{arm}, mean", arm_color(index), "dashed" if dashed(results, index) else "line")


def dashed(results: Results, index: int) -> bool:
    """Baselines are dashed, so that paper without colours still tells them; so are arms past the colours."""
    return list(results.arms.values())[index].baseline is None or index >= ARM_COLORS


def _chart(results: Results, task: str, title: str, read: Reader) -> Chart | None:
    points, means = _points(results, task, read), []
    for index, arm in enumerate(results.arms):
        means += _means(points, arm, index)
    if len({point["epoch"] for point in points}) < 2:
        return None
    dashes = [[5, 3] if dashed(results, i) else [1, 0] for i in range(len(results.arms))]
    domain = list(range(len(results.arms)))
    epochs, values = [p["epoch"] for p in points], [p["value"] for p in points]
    color = {
        "field": "arm",
        "type": "ordinal",
        "legend": None,
        "scale": {"domain": domain, "range": [arm_color(i) for i in domain]},
    }
    dash = {
        "field": "arm",
        "type": "ordinal",
        "legend": None,
        "scale": {"domain": domain, "range": dashes},
    }
    x = {
        "field": "epoch",
        "type": "quantitative",
        "title": "epoch",
        "scale": {"domain": [min(epochs), max(epochs)], "nice": False},
        "axis": {"grid": False, "values": _ticks(epochs), "format": "~f"},
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "scale": {"zero": False},
        "axis": {"tickCount": 4, "format": f".{_decimals(values)}f"},
    }
    thin = {"type": "line", "strokeWidth": 1, "opacity": 0.45}
    thick = {"type": "line", "strokeWidth": 2.5}
    layers: list[Any] = [
        {
            "data": {"values": points},
            "mark": thin,
            "encoding": {"x": x, "y": y, "color": color, "detail": {"field": "seed", "type": "nominal"}},
        },
        {
            "data": {"values": means},
            "mark": thick,
            "encoding": {"x": x, "y": y, "color": color, "strokeDash": dash},
        },
        {
            "data": {"values": [p for p in points if p["selected"]]},
            "mark": {"type": "point", "filled": True, "size": 22, "opacity": 1},
            "encoding": {"x": x, "y": y, "color": color},
        },
    ]
    return Chart(
        f"{task}: {title}",
        _describe(results, means),
        specification(layers, width=_WIDTH, height=_HEIGHT, padding=_PADDING, autosize={"type": "none"}),
    )


def _points(results: Results, task: str, read: Reader) -> list[dict[str, Any]]:
    """Every evaluation of every run that has the quantity."""
    points = []
    for index, arm in enumerate(results.arms):
        for run in results.runs:
            if run.arm != arm:
                continue
            for line in run.history:
                value = read(line)
                if value is not None and math.isfinite(value):
                    chosen = line.step == run.selected_step(task)
                    point = {"epoch": line.epoch, "value": float(f"{value:.5g}"), "seed": run.seed}
                    points.append(point | {"arm": index, "selected": chosen})
    return points


def _means(points: list[dict[str, Any]], arm: str, index: int) -> list[dict[str, Any]]:
    """The mean over seeds at the epochs that all seeds of the arm reached."""
    own = [p for p in points if p["arm"] == index]
    seeds = {p["seed"] for p in own}
    means = []
    for epoch in sorted({p["epoch"] for p in own}):
        values = [p["value"] for p in own if p["epoch"] == epoch]
        if len(values) == len(seeds):
            means.append({"epoch": epoch, "value": sum(values) / len(values), "arm": index, "name": arm})
    return means


def _decimals(values: list[float]) -> int:
    """Decimals that tell neighbouring ticks of the value axis apart."""
    spread = max(values) - min(values)
    return min(4, max(0, math.ceil(-math.log10(spread / 4)))) if spread else 2


def _ticks(epochs: list[float]) -> list[float]:
    """At most seven whole epochs; of a run of less than one epoch its ends."""
    low, high = math.ceil(min(epochs)), math.floor(max(epochs))
    if high < low:
        return sorted({min(epochs), max(epochs)})
    step = max(1, math.ceil((high - low) / 6))
    return [float(e) for e in range(low, high + 1, step)]


def _describe(results: Results, means: list[dict[str, Any]]) -> str:
    """First and last mean of each arm in words."""
    told = []
    for index, arm in enumerate(results.arms):
        own = [m for m in means if m["arm"] == index]
        if own:
            told.append(f"{arm} from {own[0]['value']:.3f} to {own[-1]['value']:.3f}")
    return "; ".join(told) or "no epoch that every seed reached"
