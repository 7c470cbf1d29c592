"""What is measured of one arm against its baseline on one task, before the family is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

from sharewise.stats.arrays import Array
from sharewise.stats.groups import Groups
from sharewise.stats.intervals import Difference, difference
from sharewise.stats.jackknife import Influence, influence
from sharewise.stats.metrics import METRICS

FEWEST_SEEDS = 3


@dataclass(frozen=True, eq=False)
class Comparison:
    """One arm against its baseline on one task: what the models said on the rows that carry a target.

    Give the same `baseline_outputs` object in several comparisons with one baseline: it is then measured once.
    """

    task: str
    arm: str
    metric: str
    targets: Array
    """Classes or values without holes, `(rows,)`; 0/1 `(rows, labels)` where a row has several labels."""
    outputs: Array
    """What the metric reads (classes, probabilities or values) from each seed's model, `(seeds, rows, …)`; may
    hold no seed."""
    baseline_outputs: Array
    """The same of the baseline, `(seeds, rows, …)`; its seeds need not be as many."""
    baseline: str = "single"
    groups: Array | None = None
    """Name of each row's group, `(rows,)`; None where rows are independent."""
    margin: float | None = None
    """Largest difference that doesn't matter, in units of the metric."""
    classes: int | None = None
    """Number of declared classes."""
    failed: int = 0
    """Seeds of the arm that failed and are not in `outputs`."""
    baseline_failed: int = 0
    """Seeds of the baseline that failed."""
    unlearned: int = 0
    """Seeds of the arm in `outputs` that are no better than a constant answer."""
    baseline_unlearned: int = 0
    """The same of the baseline."""


@dataclass(frozen=True, eq=False)
class Finding:
    """The difference that one comparison shows, and on how much it rests."""

    comparison: Comparison
    arm: Influence
    baseline: Influence
    difference: Difference
    deciding: int
    """Rows (groups, where declared) on which the two differ."""
    groups: int
    """Independent groups of rows."""

    @property
    def seeds(self) -> int:
        """Models of the arm or of its baseline, the fewer."""
        return min(self.arm.seeds, self.baseline.seeds)

    @property
    def usable(self) -> bool:
        """Whether there is an interval, from enough seeds and a metric that is defined throughout."""
        return self.seeds >= FEWEST_SEEDS and isfinite(self.difference.half_width(0.05))

    @property
    def p(self) -> float:
        """Of no difference; NaN where there is no interval."""
        return self.difference.p() if self.usable else float("nan")

    @property
    def equivalence_p(self) -> float:
        """Of a difference beyond the margin; NaN where there is no interval or no margin."""
        margin = self.comparison.margin
        return self.difference.equivalence_p(margin) if self.usable and margin is not None else float("nan")

    def interval(self, alpha: float) -> tuple[float, float]:
        """The 1 − alpha interval of the difference."""
        half_width = self.difference.half_width(alpha)
        return self.difference.difference - half_width, self.difference.difference + half_width

    @property
    def smaller_class(self) -> int:
        """Rows of the rarest class of a task of two."""
        positive = int(np.sum(self.comparison.targets == 1))
        return min(positive, len(self.comparison.targets) - positive)


class Measurer:
    """Measures comparisons, groups and arms that several of them share only once."""

    def __init__(self) -> None:
        self._groups: dict[str, tuple[Array | None, Groups]] = {}
        self._influences: dict[tuple[str, str, int | None, int], tuple[Array, Groups, Influence]] = {}

    def __call__(self, comparison: Comparison) -> Finding:
        """Measure one comparison; its arrays must outlive this object."""
        groups = self._groups_of(comparison)
        arm = self._influence(comparison, comparison.outputs, groups)
        baseline = self._influence(comparison, comparison.baseline_outputs, groups)
        deciding = 0
        if arm.seeds and baseline.seeds:
            differ = rows_that_differ(comparison.outputs, comparison.baseline_outputs)
            deciding = len(np.unique(groups.of_row[differ]))
        return Finding(comparison, arm, baseline, difference(arm, baseline), deciding, groups.number)

    def _groups_of(self, comparison: Comparison) -> Groups:
        names, rows = comparison.groups, len(comparison.targets)
        known = self._groups.get(comparison.task)
        if known and len(known[1].of_row) == rows and _same(known[0], names):
            return known[1]
        groups = Groups.of(names, rows)
        self._groups[comparison.task] = names, groups
        return groups

    def _influence(self, comparison: Comparison, outputs: Array, groups: Groups) -> Influence:
        targets, classes = comparison.targets, comparison.classes
        if len(outputs) and outputs.shape[1] != len(targets):
            raise ValueError(
                f"{comparison.task}, {comparison.arm}: outputs of {outputs.shape[1]} rows for {len(targets)} targets"
            )
        key = comparison.task, comparison.metric, classes, id(outputs)
        known = self._influences.get(key)
        if known and known[1] is groups and _same(known[0], targets):
            return known[2]
        measured = influence(METRICS[comparison.metric], targets, outputs, groups, classes)
        self._influences[key] = targets, groups, measured
        return measured


def _same(one: Array | None, other: Array | None) -> bool:
    return one is other or (one is not None and other is not None and bool(np.array_equal(one, other)))


def rows_that_differ(outputs: Array, baseline_outputs: Array) -> Array:
    """Which rows `(rows,)` the models of two arms answer differently, `(seeds, rows, …)` each.

    Seeds are not paired: a row differs where an output is given by different shares of the two arms' models.
    """
    if len(outputs) == len(baseline_outputs):
        differs = np.sort(outputs, axis=0) != np.sort(baseline_outputs, axis=0)
        rowwise = np.any(differs, axis=0)
    else:
        both = np.concatenate([outputs, baseline_outputs])
        weights = np.repeat(
            [1 / len(outputs), -1 / len(baseline_outputs)], [len(outputs), len(baseline_outputs)]
        )
        order = np.argsort(both, axis=0, kind="stable")
        ordered, weight = np.take_along_axis(both, order, axis=0), weights[order]
        # Where a value ends in the sorted column, the weights up to there cancel if the shares agree.
        ends = np.concatenate([np.diff(ordered, axis=0) != 0, np.ones((1, *ordered.shape[1:]), dtype=bool)])
        rowwise = np.any(ends & (np.abs(np.cumsum(weight, axis=0)) > 1e-9), axis=0)
    return np.asarray(rowwise.reshape(len(rowwise), -1).any(axis=1))
