"""Calibration and thresholds: what was fitted on validation, and what it did on the scored split."""

from __future__ import annotations

from typing import Any

from sharewise.compare.detail import Spread
from sharewise.compare.fitted import FittedRecord, ReliabilityRecord
from sharewise.compare.results import Results
from sharewise.report.charts import arm_color, specification
from sharewise.report.curves import dashed
from sharewise.report.differing import spread
from sharewise.report.document import Chart, Figure, LegendEntry, Paragraph, Section
from sharewise.report.tables import NONE, Cell, Column, Table
from sharewise.report.words import decimal, mean_sd

_SIZE = 190
_PADDING = {"left": 44, "right": 12, "top": 8, "bottom": 38}
_TICKS = [0.0, 0.25, 0.5, 0.75, 1.0]
# Thresholds of as many outputs are told; of more only how many there are.
_TOLD = 6


def reliability(results: Results) -> Section | None:
    """A table and the reliability curves of every task that declares a calibration or threshold; None without any."""
    if not results.fitted:
        return None
    how = (
        "Temperatures, curves and thresholds were fitted on the validation split, seed by seed, by each arm's own "
        f"rule; the numbers are of the {results.scored} split. Metrics and verdicts are of the answers as fitted; "
        "selection and the curves of training are of the answers at .5. Calibrations are compared by the Brier score: "
        "the calibration error depends on its bins and describes."
    )
    charts = [
        _chart(results, task, title, curves)
        for task, by_arm in results.fitted.items()
        for title, curves in _curves(by_arm).items()
    ]
    entries = [
        LegendEntry(arm, arm_color(i), "dashed" if dashed(results, i) else "line")
        for i, arm in enumerate(results.arms)
    ]
    entries.append(LegendEntry("probability and frequency agree", "var(--muted)", "thin"))
    caption = (
        "Reliability: the share that came true over the mean probability, in 15 bins of equal width, all seeds "
        "together. Of labels that exclude each other it is the most probable label's; of several labels a row every "
        "label's, of ordered ones that of reaching each. Below the diagonal a model is too sure. A larger dot holds "
        "more rows."
    )
    figure = Figure(caption, tuple(charts), tuple(entries), columns=2)
    return Section("calibration", "Calibration and thresholds", (Paragraph(how), table(results), figure))


def table(results: Results) -> Table:
    """A row a task and arm: what was fitted, calibration error and Brier score before and after."""
    rows = []
    for task, by_arm in results.fitted.items():
        for arm, found in by_arm.items():
            models = sum(run.failed is None and task in run.metrics for run in results.runs if run.arm == arm)
            before, after = found.before, found.after
            rows.append(
                (
                    Cell(task),
                    Cell(arm),
                    Cell(_method(found, models)),
                    Cell(_thresholds(found.thresholds, models)),
                    spread(before.calibration_error, models),
                    spread(after.calibration_error if after else None, models),
                    spread(before.brier, models),
                    spread(after.brier if after else None, models),
                )
            )
    columns = (
        Column("Task", numeric=False),
        Column("Arm", numeric=False),
        Column("Calibration", numeric=False),
        Column("Threshold", numeric=False),
        Column("ECE before"),
        Column("ECE after"),
        Column("Brier before"),
        Column("Brier after"),
    )
    return Table(
        columns,
        tuple(rows),
        caption=f"What was fitted on validation, and what it did on the {results.scored} split",
        note="Mean ± standard deviation over seeds. ECE: expected calibration error; both are better lower.",
        stub=2,
    )


def _method(found: FittedRecord, models: int) -> str:
    if found.temperature is None:
        return found.method or NONE
    return f"{found.method} {mean_sd(found.temperature[0], _deviation(found.temperature, models))}"


def _thresholds(found: dict[str, Spread], models: int) -> str:
    # Of a declared one there is nothing to tell but itself.
    told = [
        mean_sd(one[0], _deviation(one, models), 3) if one[1] else decimal(one[0], 3)
        for one in found.values()
    ]
    if len(told) > _TOLD:
        low, high = (f(one[0] for one in found.values()) for f in (min, max))
        return f"{len(told)} from {decimal(low)} to {decimal(high)}"
    named = [f"{output}: {text}" for output, text in zip(found, told, strict=True)]
    return ", ".join(named if len(named) > 1 else told) or NONE


def _deviation(found: Spread, models: int) -> float:
    return found[1] if models > 1 else float("nan")


def _curves(by_arm: dict[str, FittedRecord]) -> dict[str, dict[str, ReliabilityRecord]]:
    """The curves of each chart by its title, by arm."""
    after = {arm: found.after for arm, found in by_arm.items() if found.after is not None}
    before = {arm: found.before for arm, found in by_arm.items()}
    return {"as trained": before} | ({"calibrated": after} if after else {})


def _chart(results: Results, task: str, title: str, curves: dict[str, ReliabilityRecord]) -> Chart:
    arms = list(results.arms)
    points = [
        {"arm": arms.index(arm), "confidence": round(p, 4), "frequency": round(f, 4), "rows": rows}
        for arm, found in curves.items()
        for p, f, rows in found.curve
    ]
    domain = list(range(len(arms)))
    of_arm = {"field": "arm", "type": "ordinal", "legend": None}
    color = of_arm | {"scale": {"domain": domain, "range": [arm_color(i) for i in domain]}}
    dashes = [[5, 3] if dashed(results, i) else [1, 0] for i in domain]
    dash = of_arm | {"scale": {"domain": domain, "range": dashes}}
    x, y = _axis("confidence", "mean probability"), _axis("frequency", "share that came true")
    size = {"field": "rows", "type": "quantitative", "legend": None, "scale": {"range": [8, 120]}}
    layers: list[Any] = [
        {
            "data": {"values": [{"confidence": 0, "frequency": 0}, {"confidence": 1, "frequency": 1}]},
            "mark": {"type": "line", "strokeWidth": 1, "color": "var(--muted)"},
            "encoding": {"x": x, "y": y},
        },
        {
            "data": {"values": points},
            "mark": {"type": "line", "strokeWidth": 1.5},
            "encoding": {"x": x, "y": y, "color": color, "strokeDash": dash},
        },
        {
            "data": {"values": points},
            "mark": {"type": "point", "filled": True, "opacity": 0.8},
            "encoding": {"x": x, "y": y, "color": color, "size": size},
        },
    ]
    told = "; ".join(
        f"{arm}: calibration error {decimal(found.calibration_error[0])}" for arm, found in curves.items()
    )
    spec = specification(layers, width=_SIZE, height=_SIZE, padding=_PADDING, autosize={"type": "none"})
    return Chart(f"{task}: {title}", told, spec)


def _axis(field: str, title: str) -> dict[str, Any]:
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [0, 1], "nice": False},
        "axis": {"values": _TICKS, "format": ".2~f"},
    }
