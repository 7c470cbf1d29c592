"""The forest plot: every difference with its two intervals, by task and arm."""

from __future__ import annotations

from collections.abc import Sequence

from sharewise.compare.results import Results
from sharewise.compare.verdict import Verdict
from sharewise.report.document import Chart, Figure, LegendEntry
from sharewise.report.forest_plot import SHAPES, Row, Width, plot
from sharewise.report.words import difference, in_points, metric_name, scale


def forests(results: Results) -> list[Figure]:
    """A figure of all differences in points, and one for each task whose metric has a unit of its own."""
    units: dict[str, list[Row]] = {"points": []}
    for verdict in results.verdicts:
        row = _row(verdict)
        if row is not None:
            own = f"{metric_name(verdict.metric)} of {verdict.task}"
            units.setdefault("points" if in_points(verdict.metric) else own, []).append(row)
    return [_figure(unit, rows) for unit, rows in units.items() if rows]


def _row(verdict: Verdict) -> Row | None:
    """What the plot shows of one verdict; None of one without an interval."""
    if verdict.difference is None or verdict.interval is None:
        return None
    factor = scale(verdict.metric)
    low, high = verdict.interval
    family_low, family_high = verdict.interval_family or verdict.interval
    return Row(
        task=verdict.task,
        arm=verdict.arm,
        verdict=verdict.verdict,
        told=difference(verdict.difference, verdict.metric),
        difference=verdict.difference * factor,
        low=low * factor,
        high=high * factor,
        family_low=family_low * factor,
        family_high=family_high * factor,
        margin=(verdict.margin or 0.0) * factor,
    )


def _figure(unit: str, rows: Sequence[Row]) -> Figure:
    told = "; ".join(f"{row.task}, {row.arm}: {row.told}, {row.verdict}" for row in rows)
    widths: tuple[Width, Width] = ("wide", "narrow")
    charts = tuple(Chart(f"Differences in {unit}", told, plot(unit, rows, width), width) for width in widths)
    seen = {row.verdict for row in rows}
    legend = [LegendEntry(name, f"var(--{name})", "dot") for name in SHAPES if name in seen]
    legend += [
        LegendEntry("95 % interval", "currentColor", "line"),
        LegendEntry("simultaneous interval", "currentColor", "thin"),
    ]
    if any(row.margin for row in rows):
        legend.append(LegendEntry("margin: too small to matter", "var(--margin)", "band"))
    caption = (
        f"Difference from the baseline in {unit}; right of zero the arm is better. Thick: the 95 % interval of "
        "this comparison alone. Thin: the interval that holds for all comparisons at once; one that reaches the "
        "edge goes on."
    )
    return Figure(caption, charts, tuple(legend))
