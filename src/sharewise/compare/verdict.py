"""The record of one verdict, as it stands in results.json."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sharewise.options import Options

Judgement = Literal["helps", "hurts", "equivalent", "inconclusive"]
Interval = tuple[float, float]


class Variance(Options):
    """Where the uncertainty of a difference comes from: variances of it, in squared units of the metric."""

    rows: float = Field(description="V_i: rows (groups), the row-by-seed noise included")
    seeds: float = Field(description="V_s: seeds, the row-by-seed noise included")
    interaction: float = Field(description="V_e: the row-by-seed noise, which the other two share")


class Verdict(Options):
    """What the study says of one task under one arm.

    Numbers are in units of the metric (a point is .01), and positive is better also for errors. They are None
    where they can't be had: with fewer than three seeds, or where the metric is undefined for some model.
    """

    task: str
    arm: str
    baseline: str
    metric: str
    difference: float | None = Field(description="mean over seeds, arm minus baseline; positive is better")
    interval: Interval | None = Field(description="95 % interval of this difference alone")
    interval_family: Interval | None = Field(description="interval at 1 − .05/m: all m hold at once")
    p: float | None
    p_adjusted: float | None = Field(description="Holm's, over the family of m")
    m: int = Field(description="size of the family: comparisons that the study makes")
    seeds: int = Field(description="models of the arm or of its baseline, the fewer")
    df: float | None = Field(description="degrees of freedom of the variance from seeds (Welch)")
    variance: Variance | None
    deciding_rows: int = Field(description="rows (groups, where declared) on which arm and baseline differ")
    preliminary: bool = Field(description="three or four seeds")
    not_worse: bool | None = Field(
        description="90 % interval above −margin; None without a margin or if barred"
    )
    verdict: Judgement
    detectable: float | None = Field(
        description="true difference that the study would find in 80 of 100 repetitions, with its variances"
    )
    margin: float | None = Field(description="largest difference that doesn't matter")
    margin_shown: bool | None = Field(
        description="whether the 90 % interval lies inside ± margin (not adjusted); None without margin"
    )
    equivalent_p_adjusted: float | None = Field(description="Holm's p of the equivalence tests")
    marks: list[str] = Field(description="what a reader must know beside the verdict, in plain sentences")
