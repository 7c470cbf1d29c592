"""From the files of a study to its table: read, split, resolved, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from sharewise.data.context import TURNS
from sharewise.data.majority import with_majorities
from sharewise.data.options import DataOptions
from sharewise.data.parts import Part, split_parts
from sharewise.data.shares import fit_losses, loss_weights, vote_shares
from sharewise.data.sources import read_sources
from sharewise.data.table import SPLITS, StudyData, Table
from sharewise.data.targets import check_thresholds, label_notes, resolve
from sharewise.data.votes import count_votes
from sharewise.errors import UserError
from sharewise.tasks import AnyTaskOptions, Array, Task


def load(
    study_data: Mapping[str, DataOptions], tasks: Mapping[str, AnyTaskOptions], *, folder: Path
) -> StudyData:
    """Read all data of a study.

    Args:
        study_data: the data sets by name, in the study's order.
        tasks: the tasks by name, in the study's order.
        folder: folder of the study file, which paths are relative to.

    Raises:
        UserError: for everything that is wrong with a file, a row or a cell, with its place.
    """
    used = {
        name: options for name, options in study_data.items() if any(t.data == name for t in tasks.values())
    }
    unused = [name for name in study_data if name not in used]
    notes = [f"data.{name}: no task uses this data set; it was not read" for name in unused]
    records = read_sources(used, tasks, folder=folder)
    notes += dict.fromkeys(note for read in records.values() for note in read.notes)
    voted = with_majorities(tasks, records)
    tasks, records = voted.options, voted.records
    notes += voted.notes
    parts: dict[str, dict[str, Part]] = {}
    for name, options in used.items():
        labels = list(dict.fromkeys(c for t in tasks.values() if t.data == name for c in t.label_columns))
        read = {split: records[name, split] for split in SPLITS if (name, split) in records}
        parts[name], remarks = split_parts(name, options, labels, read)
        notes += remarks
    splits = [split for split in SPLITS if any(split in p for p in parts.values())]
    _check_splits_agree(parts, splits)
    resolved: dict[str, Task] = {}
    targets: dict[str, dict[str, Array]] = {}
    for name, task_options in tasks.items():
        resolved[name], targets[name] = resolve(
            name, task_options, parts[task_options.data], known=voted.tasks.get(name)
        )
        notes += label_notes(resolved[name], targets[name])
    votes = {
        name: count_votes(task, parts[task.options.data])
        for name, task in resolved.items()
        if task.options.votes is not None
    }
    tables = {split: _table(split, used, parts, resolved, targets, votes) for split in splits}
    notes += _mapped_away(tables, list(resolved))
    shares, remarks = vote_shares(resolved, tables)
    weights = loss_weights(resolved, tables["train"])
    tables = {split: replace(table, soft=shares[split]) for split, table in tables.items()}
    tables["train"] = replace(tables["train"], loss_weights=weights)
    fit_losses(resolved, tables["train"])
    check_thresholds(resolved)
    notes += remarks
    return StudyData(
        tasks=resolved,
        train=tables["train"],
        validation=tables["validation"],
        test=tables.get("test"),
        notes=tuple(notes),
    )


def _mapped_away(tables: Mapping[str, Table], tasks: list[str]) -> list[str]:
    """Count rows whose labels `map` turns into holes; rows that hold none in the file were counted before."""
    empty = {split: int(np.count_nonzero(~table.present_any(tasks))) for split, table in tables.items()}
    return [
        f"{split}: {rows:,} of {len(tables[split]):,} rows hold no label after `map`, and count for nothing"
        for split, rows in empty.items()
        if rows
    ]


def _check_splits_agree(parts: Mapping[str, Mapping[str, Part]], splits: list[str]) -> None:
    for name, of_data in parts.items():
        lacking = [split for split in splits if split not in of_data]
        if lacking:
            other = next(n for n, p in parts.items() if lacking[0] in p)
            raise UserError(
                f"data.{name}: there is no {lacking[0]} split, but data.{other} has one",
                expected=f"a {lacking[0]} split in every data set, or in none",
                action=f'add `{lacking[0]}: "10%"` to data.{name} to cut one from its training file',
            )


def _table(
    split: str,
    used: Mapping[str, DataOptions],
    parts: Mapping[str, Mapping[str, Part]],
    tasks: Mapping[str, Task],
    targets: Mapping[str, Mapping[str, Array]],
    votes: Mapping[str, Mapping[str, Array]],
) -> Table:
    """Put one split of all data sets together, in order; a task has holes in all rows of the others."""
    here = {name: of_data[split] for name, of_data in parts.items()}
    sizes = [len(part.rows) for part in here.values()]
    ends = dict(zip(here, np.cumsum(sizes).tolist(), strict=True))
    # Numbers of groups are unique within a data set, over all its splits.
    offsets = np.cumsum(
        [0, *(max(int(p.groups.max(initial=-1)) for p in of.values()) + 1 for of in parts.values())]
    )
    told = [part.context is not None for part in here.values()]
    blocks: dict[str, Array] = {}
    for name, task in tasks.items():
        data = task.options.data
        blocks[name] = np.full((sum(sizes), task.target_width), np.nan, dtype=np.float32)
        blocks[name][ends[data] - len(here[data].rows) : ends[data]] = targets[name][split]
    return Table(
        split=split,
        texts=pl.concat([_texts(used[name], part, context=any(told)) for name, part in here.items()]),
        targets=blocks,
        votes={
            name: _placed(votes[name][split], sum(sizes), ends[tasks[name].options.data]) for name in votes
        },
        slices=_slices(used, here),
        origins=tuple(part.origin for part in here.values()),
        lines=np.concatenate([part.lines for part in here.values()]),
        groups=np.concatenate([p.groups + o for p, o in zip(here.values(), offsets, strict=False)]),
        sources=np.repeat(np.arange(len(here), dtype=np.int32), sizes),
        rows=np.concatenate([part.rows for part in here.values()]).astype(np.int64),
        datasets=tuple(here),
        earlier=_earlier(here) if any(told) else None,
        grouped=any(options.grouping is not None for options in used.values()),
    )


def _texts(options: DataOptions, part: Part, *, context: bool) -> pl.DataFrame:
    text, *pair = (part.column(column) for column in options.columns)
    second = pair[0] if pair else pl.repeat(None, len(text), dtype=pl.String, eager=True)
    texts = pl.DataFrame({"text": text, "pair": second}, schema={"text": pl.String, "pair": pl.String})
    if not context:
        return texts
    none = pl.repeat(None, len(text), dtype=TURNS, eager=True)
    return texts.with_columns((none if part.context is None else part.context.texts).alias("context"))


def _earlier(parts: Mapping[str, Part]) -> Array:
    counts = [
        np.full(len(part.rows), -1, dtype=np.int64) if part.context is None else part.context.turns
        for part in parts.values()
    ]
    return np.concatenate(counts)


def _slices(used: Mapping[str, DataOptions], parts: Mapping[str, Part]) -> pl.DataFrame:
    """The columns to slice by, as texts, null where a data set has no such column."""
    names = dict.fromkeys(name for data in parts for name in used[data].slices)
    return pl.DataFrame(
        {name: pl.concat([_slice(used[d], p, name) for d, p in parts.items()]) for name in names}
    )


def _slice(options: DataOptions, part: Part, name: str) -> pl.Series:
    if name in options.slices:
        return part.column(name).cast(pl.String)
    return pl.repeat(None, len(part.rows), dtype=pl.String, eager=True)


def _placed(block: Array, rows: int, end: int) -> Array:
    """Votes of one data set's rows among those of all."""
    placed = np.zeros((rows, block.shape[1]), dtype=block.dtype)
    placed[end - len(block) : end] = block
    return placed
