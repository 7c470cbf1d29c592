"""What goes with the labels besides the meaning of the text: length, group, earlier turns, any column to slice by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from sharewise.audit.relations import is_unordered
from sharewise.audit.rows import Found, Rows, percent
from sharewise.audit.schema import Bin, Effect
from sharewise.stats.association import association
from sharewise.tasks import Array, Task

_FEW = 10
"""Different numbers up to which each is a bin of its own."""
_MOST = 20
"""Bins of a column of names; the rarer ones are put together."""
_STRONG = 0.1
"""Strength from which an effect is a finding: small, but not nothing (Cohen 1988 for Cramér's V of two bins)."""
_FEWEST_ROWS = 100
_FEWEST_IN_BIN = 30
_OTHER = "(other)"


@dataclass(frozen=True, eq=False)
class _Bins:
    """Bins of one property: names, and the bin of each row ``(rows,)``, -1 where the row has no value."""

    by: str
    names: tuple[str, ...]
    of_row: Array
    ordered: bool


def effects(rows: Rows) -> tuple[list[Effect], list[Found]]:
    """Measure the effect of length, group size, earlier turns and slice columns on each task's training labels."""
    table = rows.data.train
    part = rows.of_split("train")
    properties = [_numbers("text length in characters", rows.characters[part].astype(np.float64))]
    if table.grouped:
        _, group, size = np.unique(table.groups, return_inverse=True, return_counts=True)
        properties.append(_numbers("rows of the group", size[group.reshape(-1)].astype(np.float64)))
    if table.earlier is not None:
        known = np.where(table.earlier < 0, np.nan, table.earlier.astype(np.float64))
        properties.append(_numbers("number of earlier turns", known))
    properties += [_column(name, table.slices[name]) for name in table.slices.columns]
    found = []
    findings = []
    for task in rows.data.tasks.values():
        for bins in properties:
            effect = _effect(task, table.targets[task.name], bins)
            if effect is not None:
                found.append(effect)
                findings += _finding(task, effect, bins, table.targets[task.name])
    return found, findings


def _numbers(by: str, values: Array) -> _Bins:
    """Each number a bin where there are few, else fifths of about as many rows."""
    known = ~np.isnan(values)
    distinct = np.unique(values[known])
    codes = np.full(len(values), -1, dtype=np.int64)
    if len(distinct) <= _FEW:
        codes[known] = np.searchsorted(distinct, values[known])
        return _Bins(by, tuple(f"{v:g}" for v in distinct), codes, ordered=True)
    edges = np.unique(np.quantile(values[known], [0.2, 0.4, 0.6, 0.8]))
    codes[known] = np.searchsorted(edges, values[known])
    names = []
    for code in range(len(edges) + 1):
        inside = values[codes == code]
        names.append(f"{inside.min():g} to {inside.max():g}" if len(inside) else "–")
    return _Bins(by, tuple(names), codes, ordered=True)


def _column(name: str, column: pl.Series) -> _Bins:
    """Bins of a column of numbers, or of its most frequent names."""
    numbers = column.str.strip_chars().cast(pl.Float64, strict=False)
    blank = column.is_null() | (column.str.strip_chars() == "")
    if numbers.null_count() == int(blank.sum()) and numbers.null_count() < len(column):
        return _numbers(name, numbers.fill_null(np.nan).to_numpy().astype(np.float64))
    counts = column.filter(~blank).value_counts(sort=True)
    names = counts.sort(["count", name], descending=[True, False])[name].to_list()
    kept = names if len(names) <= _MOST else names[: _MOST - 1]
    position = {value: index for index, value in enumerate(kept)}
    codes = column.replace_strict(position, default=len(kept), return_dtype=pl.Int64).to_numpy().copy()
    codes[blank.to_numpy()] = -1
    shown = tuple(kept) if len(kept) == len(names) else (*kept, _OTHER)
    return _Bins(name, shown, codes, ordered=False)


def _effect(task: Task, targets: Array, bins: _Bins) -> Effect | None:
    present = np.flatnonzero((bins.of_row >= 0) & ~np.isnan(targets).any(axis=1))
    if len(present) < _FEWEST_ROWS:
        return None
    codes, block = bins.of_row[present], targets[present].astype(np.float64)
    if len(np.unique(codes)) < 2:
        return None
    unordered = ["bins", *([task.name] if is_unordered(task) else [])]
    measured = association({"bins": codes[:, None].astype(np.float64), task.name: block}, unordered)
    strength = float(measured.matrix[0, 1])
    label, values = _clearest(task, block, codes, len(bins.names))
    counts = np.bincount(codes, minlength=len(bins.names))
    return Effect(
        task=task.name,
        by=bins.by,
        label=label,
        strength=strength if np.isfinite(strength) else None,
        ordered=bins.ordered,
        bins=tuple(
            Bin(name=name, rows=int(n), value=float(v))
            for name, n, v in zip(bins.names, counts, values, strict=True)
            if n
        ),
    )


def _clearest(task: Task, block: Array, codes: Array, number: int) -> tuple[str | None, Array]:
    """The label whose share changes most from bin to bin, and its shares; of numbers their means."""
    counts = np.maximum(np.bincount(codes, minlength=number), 1)
    if not task.labels:
        return None, np.bincount(codes, weights=block[:, 0], minlength=number) / counts
    several = block.shape[1] > 1
    chosen = range(len(task.labels)) if several or len(task.labels) > 2 else [1]
    shares = {}
    for index in chosen:
        held = block[:, index] == 1 if several else block[:, 0] == index
        shares[index] = np.bincount(codes, weights=held, minlength=number) / counts
    weights = counts / counts.sum()
    best = max(
        shares,
        key=lambda index: float(np.average((shares[index] - shares[index].mean()) ** 2, weights=weights)),
    )
    return task.labels[best], shares[best]


def _finding(task: Task, effect: Effect, bins: _Bins, targets: Array) -> list[Found]:
    usable = [b for b in effect.bins if b.rows >= _FEWEST_IN_BIN]
    if effect.strength is None or abs(effect.strength) < _STRONG or len(usable) < 2:
        return []
    first, last = usable[0], usable[-1]
    highest, lowest = max(usable, key=lambda b: b.value), min(usable, key=lambda b: b.value)
    # What goes up and down again is not told by its ends.
    if not effect.ordered or 2 * abs(first.value - last.value) < highest.value - lowest.value:
        first, last = highest, lowest
    of = f"{effect.label!r}" if effect.label is not None else "the mean"
    show = percent if effect.label is not None else (lambda value: f"{value:.3g}")
    change = f", {100 * (last.value / first.value - 1):+.1f} %" if first.value else ""
    return [
        Found(
            key="effect",
            severity="warning",
            says=f"{task.name}: {of} goes from {show(first.value)} where {effect.by} is {first.name} to "
            f"{show(last.value)} "
            f"where it is {last.name}{change} (strength {abs(effect.strength):.2f})",
            to_do="look whether this is meant: a model can learn it in place of the question",
            tasks=(task.name,),
            rows=_rows_in(bins, last.name, targets),
        )
    ]


def _rows_in(bins: _Bins, name: str, targets: Array) -> Array:
    """Training rows of one bin that hold a label; they come first among all rows."""
    held = ~np.isnan(targets).any(axis=1)
    return np.flatnonzero((bins.of_row == bins.names.index(name)) & held)
