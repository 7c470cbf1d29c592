"""Texts that a split holds more than once, and equal texts with contradicting labels."""

from __future__ import annotations

import numpy as np
import polars as pl

from sharewise.audit.alike import Alike
from sharewise.audit.rows import Found, Rows, counted, percent
from sharewise.audit.schema import Repeats
from sharewise.tasks import Array, Task

_CROWDED = 0.05
"""Share of repeated rows in training above which the finding is a warning."""


def repeats(rows: Rows, found: Alike) -> tuple[list[Repeats], list[Found]]:
    """Count and list rows that repeat an earlier row of the same split and data set."""
    tables, findings = [], []
    for split in rows.splits:
        own = rows.of_split(split)
        near = found.near[split, split]
        partner = np.full(len(found.first), -1)
        partner[near.one] = near.other
        for source, name in enumerate(rows.datasets):
            mine = own.start + np.flatnonzero(rows.source[own] == source)
            exact = _again(found.prints.exact[mine])
            normal = _again(found.prints.normal[mine]) & ~exact
            # A partner counts where this data set holds it in this split.
            held = np.unique(found.prints.normal[mine])
            of_row = partner[found.prints.normal[mine]]
            alike = (of_row >= 0) & np.isin(of_row, held) & ~exact & ~normal
            counts = [int(np.count_nonzero(mask)) for mask in (exact, normal, alike)]
            tables.append(
                Repeats(
                    split=split,
                    data=name,
                    rows=len(mine),
                    exact=counts[0],
                    normalised=counts[1],
                    near=counts[2],
                )
            )
            if counts[0] + counts[1]:
                findings.append(
                    _finding(rows, split, name, source, mine[exact | normal], len(mine), counts, found)
                )
    return tables, findings


def _again(keys: Array) -> Array:
    """Which keys occurred before: bool ``(rows,)``."""
    again = np.ones(len(keys), dtype=bool)
    again[np.unique(keys, return_index=True)[1]] = False
    return again


def _finding(
    rows: Rows, split: str, name: str, source: int, again: Array, total: int, counts: list[int], found: Alike
) -> Found:
    share = len(again) / total
    earlier = _first_in_split(rows, found, again)
    verb = "repeats" if len(again) == 1 else "repeat"
    likely = f"; {counted(counts[2], 'further row')} nearly" if counts[2] else ""
    return Found(
        key="repeat",
        severity="warning" if share > _CROWDED else "note",
        says=f"{len(again):,} of {total:,} {split} rows of {name} ({percent(share)}) {verb} an earlier "
        f"one: {counts[0]:,} "
        f"word for word, {counts[1]:,} but for case, spaces or punctuation{likely}",
        to_do="keep one of each: in training they weigh double"
        if split == "train"
        else "keep one of each: repeated rows are not independent, and intervals come out too narrow",
        tasks=rows.tasks_of(source),
        rows=again,
        notes=[f"like {rows.where(int(row))}" for row in earlier],
    )


def _first_in_split(rows: Rows, found: Alike, again: Array) -> Array:
    """The first row of the same normal form, split and data set."""
    own = rows.of_split(rows.splits[int(rows.split[again[0]])])
    mine = own.start + np.flatnonzero(rows.source[own] == rows.source[again[0]])
    keys, first = np.unique(found.prints.normal[mine], return_index=True)
    return np.asarray(mine[first[np.searchsorted(keys, found.prints.normal[again])]])


def contradictions(rows: Rows, found: Alike) -> list[Found]:
    """List rows whose text, but for case, spaces and punctuation, stands elsewhere with another label of a task."""
    findings = []
    sizes = np.bincount(found.prints.normal)
    shared = np.flatnonzero(sizes[found.prints.normal] > 1)
    for name, task in rows.data.tasks.items():
        targets = rows.targets(name)[shared]
        here = np.flatnonzero(~np.isnan(targets).any(axis=1))
        candidates, values = shared[here], targets[here].astype(np.float64)
        texts = found.prints.normal[candidates]
        tolerance = 0.0 if task.labels else float(np.nanstd(rows.data.train.targets[name].astype(np.float64)))
        frame = pl.DataFrame({"text": texts, **{f"v{i}": column for i, column in enumerate(values.T)}})
        spread = pl.max_horizontal(pl.col("^v.*$").max().over("text") - pl.col("^v.*$").min().over("text"))
        apart = frame.select((spread > tolerance).alias("apart"))["apart"].to_numpy()
        if apart.any():
            chosen = candidates[apart][np.argsort(texts[apart], kind="stable")]
            findings.append(_contradiction(rows, task, chosen, len(np.unique(texts[apart])), found))
    return findings


def _contradiction(rows: Rows, task: Task, chosen: Array, texts: int, found: Alike) -> Found:
    targets = rows.targets(task.name)[chosen]
    labels = [
        task.labels[int(v[0])] if task.labels and len(v) == 1 else " ".join(f"{x:.4g}" for x in v)
        for v in targets
    ]
    numbers = found.prints.normal[chosen]
    what = "labels" if task.labels else "numbers more than a standard deviation apart"
    return Found(
        key="contradiction",
        severity="warning",
        says=f"{task.name}: {counted(texts, 'text')} ({counted(len(chosen), 'row')}) {'has' if texts == 1 else 'have'} "
        f"different {what} in different places",
        to_do="decide on one label or empty the cells; no model can be right on all of them",
        tasks=(task.name,),
        rows=chosen,
        notes=[f"text {number}: {label}" for number, label in zip(numbers, labels, strict=True)],
    )
