"""All rows of a study's splits in one numbering, and findings with the rows behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath

import numpy as np
import polars as pl

from sharewise.audit.schema import Finding, Place, Severity
from sharewise.data.table import SPLITS, StudyData
from sharewise.tasks import Array

_SHOWN = 100
_EXCERPT = 80


class Rows:
    """The rows of all splits, one after another: train, validation, test.

    Attributes:
        data: the study's data.
        splits: names of the splits that exist, in order.
        starts: for each split the number of its first row, and at the end the number of all rows.
        split: int8 ``(rows,)``: index of each row's split among ``splits``.
        source: int32 ``(rows,)``: index of its data set.
    """

    def __init__(self, data: StudyData) -> None:
        self.data = data
        self.splits = tuple(split for split in SPLITS if split in data.tables)
        self.tables = tuple(data.tables[split] for split in self.splits)
        sizes = [len(table) for table in self.tables]
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.split = np.repeat(np.arange(len(sizes), dtype=np.int8), sizes)
        self.source = np.concatenate([table.sources for table in self.tables])
        self.datasets = self.tables[0].datasets

    def __len__(self) -> int:
        return int(self.starts[-1])

    @cached_property
    def texts(self) -> pl.DataFrame:
        """``(rows, 2)``: text and pair; ``(rows, 3)`` with the context where a data set has earlier turns."""
        return pl.concat([table.texts for table in self.tables])

    @cached_property
    def group(self) -> Array:
        """int64 ``(rows,)``: number of each row's group, the same in all splits."""
        return np.concatenate([table.groups for table in self.tables])

    @cached_property
    def characters(self) -> Array:
        """int64 ``(rows,)``: characters of the text, or of both texts of a pair."""
        counted = self.texts.select(
            pl.col("text").str.len_chars() + pl.col("pair").str.len_chars().fill_null(0)
        )
        return counted.to_series().to_numpy().astype(np.int64)

    @cached_property
    def characters_before(self) -> Array:
        """int64 ``(rows,)``: characters of the earlier turns that are put before the text."""
        if "context" not in self.texts.columns:
            return np.zeros(len(self), dtype=np.int64)
        counted = self.texts.select(pl.col("context").list.eval(pl.element().str.len_chars()).list.sum())
        return counted.to_series().fill_null(0).to_numpy().astype(np.int64)

    @property
    def grouped(self) -> bool:
        """Whether any data set declares groups."""
        return self.tables[0].grouped

    def of_split(self, split: str) -> slice:
        """The rows of one split."""
        index = self.splits.index(split)
        return slice(int(self.starts[index]), int(self.starts[index + 1]))

    def targets(self, task: str) -> Array:
        """float32 ``(rows, target_width)`` of all splits; NaN rows are holes."""
        return np.concatenate([table.targets[task] for table in self.tables])

    def votes(self, task: str) -> Array:
        """int32 ``(rows, labels)`` of all splits."""
        return np.concatenate([table.votes[task] for table in self.tables])

    def tasks_of(self, source: int) -> tuple[str, ...]:
        """The tasks of one data set."""
        name = self.datasets[source]
        return tuple(task for task, t in self.data.tasks.items() if t.options.data == name)

    @cached_property
    def _files(self) -> dict[str, str]:
        """The files' names without folders, where that is clear."""
        files = {origin.file for table in self.tables for origin in table.origins}
        return short_names(files)

    def where(self, row: int) -> str:
        """``train.csv, line 7``."""
        split = int(self.split[row])
        inside = row - int(self.starts[split])
        table = self.tables[split]
        origin = table.origins[int(table.sources[inside])]
        return f"{self._files[origin.file]}, {origin.unit} {table.lines[inside]}"

    def places(self, rows: Array) -> pl.DataFrame:
        """Split, data, file, unit, line and text of these rows."""
        parts = []
        for index, table in enumerate(self.tables):
            mine = np.flatnonzero(self.split[rows] == index)
            inside = rows[mine] - self.starts[index]
            source = table.sources[inside]
            files = pl.Series([origin.file for origin in table.origins], dtype=pl.String)
            units = pl.Series([origin.unit for origin in table.origins], dtype=pl.String)
            parts.append(
                pl.DataFrame(
                    {
                        "order": mine,
                        "split": pl.repeat(table.split, len(mine), dtype=pl.String, eager=True),
                        "data": pl.Series(list(self.datasets), dtype=pl.String).gather(source),
                        "file": files.gather(source),
                        "unit": units.gather(source),
                        "line": table.lines[inside],
                        "text": _excerpts(table.texts[inside]),
                    }
                )
            )
        return pl.concat(parts).sort("order").drop("order")


def _excerpts(texts: pl.DataFrame) -> pl.Series:
    both = pl.concat_str("text", "pair", separator=" / ", ignore_nulls=True)
    plain = texts.select(both.str.replace_all(r"\s+", " ").str.strip_chars().alias("text"))["text"]
    cut = plain.str.slice(0, _EXCERPT - 1) + "…"
    return (
        plain.to_frame()
        .select(pl.when(plain.str.len_chars() > _EXCERPT).then(cut).otherwise(plain))
        .to_series()
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """A finding on its way: ``rows`` int64 ``(rows,)``, and a note on each or on none."""

    key: str
    severity: Severity
    says: str
    to_do: str
    tasks: tuple[str, ...] = ()
    rows: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    notes: Sequence[str] = ()

    def finding(self, rows: Rows) -> Finding:
        """The finding with its first rows."""
        places = rows.places(self.rows[:_SHOWN]).to_dicts()
        notes = self.notes or [""] * len(places)
        return Finding(
            key=self.key,
            severity=self.severity,
            says=self.says,
            to_do=self.to_do,
            tasks=self.tasks,
            count=len(self.rows),
            rows=tuple(Place(**p, note=n) for p, n in zip(places, notes, strict=False)),
        )

    def all_rows(self, rows: Rows) -> pl.DataFrame:
        """Every row behind it, as audit-rows.csv holds them."""
        notes = list(self.notes) or [""] * len(self.rows)
        key = pl.repeat(self.key, len(self.rows), dtype=pl.String, eager=True)
        tasks = pl.repeat(" ".join(self.tasks), len(self.rows), dtype=pl.String, eager=True)
        frame = pl.DataFrame({"finding": key, "tasks": tasks}).hstack(rows.places(self.rows).drop("unit"))
        return frame.with_columns(pl.Series("note", notes, dtype=pl.String))


def short_names(files: Iterable[str]) -> dict[str, str]:
    """Names without folders for messages; as they are where two files have one name."""
    files = set(files)
    names = [PurePath(file).name for file in files]
    return {file: PurePath(file).name if names.count(PurePath(file).name) == 1 else file for file in files}


def counted(number: int, what: str) -> str:
    """``1 row``, ``1,234 rows``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def percent(share: float) -> str:
    """A share in per cent; one that isn't 0 never looks like 0."""
    return f"{100 * share:.1f} %" if share >= 0.001 or share == 0 else f"{100 * share:.2g} %"
