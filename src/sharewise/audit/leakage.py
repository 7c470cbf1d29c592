"""Texts that stand in two splits, whatever data set and task they are of, and groups that were cut apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from sharewise.audit.alike import DIRECTIONS, Alike
from sharewise.audit.rows import Found, Rows, counted
from sharewise.audit.schema import Likeness, Overlap, Severity
from sharewise.tasks import Array

LIKENESSES: tuple[Likeness, ...] = ("exact", "normalised", "near")
_HOW = {
    "exact": "word for word",
    "normalised": "but for case, spaces or punctuation",
    "near": "nearly word for word (4-character shingles, Jaccard similarity .8 or more)",
}


def overlaps(rows: Rows, found: Alike) -> tuple[list[Overlap], list[Found]]:
    """Count and list rows of one split whose text another split holds, each under its strongest likeness."""
    tables, findings = [], []
    for split, within in DIRECTIONS:
        if split not in rows.splits or within not in rows.splits:
            continue
        matches = _matches(rows, found, split, within)
        keys = ["source", "other_source"]
        for (source, other), part in sorted(matches.partition_by(keys, as_dict=True).items()):
            of_likeness = {name: part.filter(pl.col("likeness") == name) for name in LIKENESSES}
            tables.append(_overlap(rows, found, split, within, int(source), int(other), of_likeness))
            for likeness, leaks in of_likeness.items():
                if leaks.height:
                    findings.append(_finding(rows, split, within, int(source), int(other), likeness, leaks))
    return tables, findings


def _matches(rows: Rows, found: Alike, split: str, within: str) -> pl.DataFrame:
    """A line for each row and each data set whose rows of the other split hold its text: the likest one."""
    prints, near = found.prints, found.near[split, within]
    own, theirs = rows.of_split(split), rows.of_split(within)
    numbers = np.arange(len(rows))
    mine = pl.DataFrame({"row": numbers[own], "source": rows.source[own], "exact": prints.exact[own],
                         "normalised": prints.normal[own]})  # fmt: skip
    ours = pl.DataFrame({"other": numbers[theirs], "other_source": rows.source[theirs],
                         "exact": prints.exact[theirs], "normalised": prints.normal[theirs]})  # fmt: skip
    partner = pl.DataFrame({"normalised": near.one, "partner": near.other, "similarity": near.similarity})
    parts = []
    for likeness in ("exact", "normalised"):
        first = ours.unique([likeness, "other_source"], keep="first", maintain_order=True)
        joined = mine.join(first.select(likeness, "other", "other_source"), on=likeness, how="inner")
        parts.append(joined.with_columns(pl.lit(likeness).alias("likeness"), pl.lit(1.0).alias("similarity")))
    first = ours.unique(["normalised", "other_source"], keep="first", maintain_order=True)
    first = first.select(pl.col("normalised").alias("partner"), "other", "other_source")
    joined = mine.join(partner, on="normalised", how="inner").join(first, on="partner", how="inner")
    parts.append(joined.with_columns(pl.lit("near").alias("likeness")))
    columns = ["row", "source", "other", "other_source", "likeness", "similarity"]
    together = pl.concat([part.select(columns) for part in parts])
    return together.unique(["row", "other_source"], keep="first", maintain_order=True).sort(
        "row", maintain_order=True
    )


def halves(rows: Rows, found: Alike) -> list[Found]:
    """List pairs of one split of which a text, but for case, spaces and punctuation, is in a pair of another split."""
    paired = rows.texts["pair"].is_not_null().to_numpy()
    findings = []
    for split, within in DIRECTIONS:
        if split not in rows.splits or within not in rows.splits:
            continue
        own, theirs = rows.of_split(split), rows.of_split(within)
        known = np.unique(found.prints.halves[theirs][paired[theirs]])
        held = np.isin(found.prints.halves[own], known) & paired[own, None]
        whole = np.isin(found.prints.normal[own], found.prints.normal[theirs])
        chosen = own.start + np.flatnonzero(held.any(axis=1) & ~whole)
        if len(chosen):
            both = int(np.count_nonzero(held.all(axis=1) & ~whole))
            findings.append(_half_finding(rows, split, within, chosen, both))
    return findings


def _half_finding(rows: Rows, split: str, within: str, chosen: Array, both: int) -> Found:
    sources = np.unique(rows.source[chosen])
    return Found(
        key="leak.half",
        severity="note",
        says=f"Of {counted(len(chosen), 'pair')} in {split} one text (in {both:,} both) is also in some other pair of "
        f"{within}",
        to_do="look whether the texts of a pair were drawn apart from each other; if not, cut the splits by `group`",
        tasks=tuple(dict.fromkeys(t for source in sources for t in rows.tasks_of(int(source)))),
        rows=chosen,
    )


def _overlap(
    rows: Rows,
    found: Alike,
    split: str,
    within: str,
    source: int,
    other: int,
    of_likeness: dict[Likeness, pl.DataFrame],
) -> Overlap:
    exact = of_likeness["exact"]["row"].to_numpy()
    return Overlap(
        split=split,
        data=rows.datasets[source],
        within=within,
        within_data=rows.datasets[other],
        rows=int(np.count_nonzero(rows.source[rows.of_split(split)] == source)),
        exact=len(exact),
        exact_texts=len(np.unique(found.prints.exact[exact])),
        normalised=of_likeness["normalised"].height,
        near=of_likeness["near"].height,
    )


def _finding(
    rows: Rows, split: str, within: str, source: int, other: int, likeness: Likeness, leaks: pl.DataFrame
) -> Found:
    name, others = rows.datasets[source], rows.datasets[other]
    total = int(np.count_nonzero(rows.source[rows.of_split(split)] == source))
    across = source != other
    place = f"the {within} split of {others}" if across else f"the {within} split"
    stand = "stands" if leaks.height == 1 else "stand"
    says = f"{leaks.height:,} of {total:,} {split} rows of {name} also {stand} in {place}, {_HOW[likeness]}"
    if across:
        says += f": the tasks {', '.join(rows.tasks_of(other))} see the texts that {', '.join(rows.tasks_of(source))} "
        says += "will be scored on" if within == "train" else "hold out"
    return Found(
        key=f"leak.{likeness}",
        severity=_severity(split, likeness),
        says=says,
        to_do=_to_do(split, within, others if across else name),
        tasks=rows.tasks_of(source) + (rows.tasks_of(other) if across else ()),
        rows=leaks["row"].to_numpy(),
        notes=list(_notes(rows, leaks)),
    )


def _severity(split: str, likeness: Likeness) -> Severity:
    return "problem" if split == "test" and likeness != "near" else "warning"


def _to_do(split: str, within: str, data: str) -> str:
    if within == "test":
        return "take the rows out of validation: weights are selected on it, and must not be by rows of the test split"
    why = "they flatter every arm alike" if split == "test" else "they favour weights that remember training"
    return f"take these texts out of the training file of {data}: {why}"


def _notes(rows: Rows, leaks: pl.DataFrame) -> Iterator[str]:
    for other, likeness, value in leaks.select("other", "likeness", "similarity").iter_rows():
        yield rows.where(other) + (f" (similarity {value:.2f})" if likeness == "near" else "")


def split_groups(rows: Rows) -> tuple[dict[str, int], list[Found]]:
    """Count and list groups with rows in two splits."""
    if not rows.grouped:
        return {}, []
    counts: dict[str, int] = {}
    findings = []
    for split, within in DIRECTIONS:
        if split not in rows.splits or within not in rows.splits:
            continue
        own, theirs = rows.group[rows.of_split(split)], rows.group[rows.of_split(within)]
        shared = np.intersect1d(own, theirs)
        counts[f"{split} in {within}"] = len(shared)
        if len(shared):
            apart = rows.of_split(split).start + np.flatnonzero(np.isin(own, shared))
            findings.append(_group_finding(rows, split, within, len(shared), apart))
    return counts, findings


def _group_finding(rows: Rows, split: str, within: str, groups: int, apart: Array) -> Found:
    return Found(
        key="leak.group",
        severity="problem" if split == "test" else "warning",
        says=f"{counted(groups, 'group')} of {split} ({counted(len(apart), 'row')}) also "
        f"{'has' if groups == 1 else 'have'} "
        f"rows in {within}",
        to_do=f'cut the splits by group: name one file and let `{split}: "10%"` cut whole groups from it',
        tasks=tuple(
            dict.fromkeys(t for source in np.unique(rows.source[apart]) for t in rows.tasks_of(int(source)))
        ),
        rows=apart,
    )
