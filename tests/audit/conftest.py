"""Small studies for the audit: texts with labels, written to files and read as a study's are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sharewise.audit.rows import Rows
from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.tasks import BinaryOptions

Columns = Mapping[str, Sequence[Any]]


@pytest.fixture
def rows_of(tmp_path: Path) -> Callable[..., Rows]:
    """Read data sets of the same layout: ``rows_of({"d": {"train": {"text": […], "y": […]}}})``.

    Without tasks each data set has a binary one, named like it, on column ``y``.
    """

    def read(
        data: Mapping[str, Mapping[str, Columns]], tasks: Mapping[str, Any] | None = None, **options: Any
    ) -> Rows:
        declared = {}
        for name, splits in data.items():
            files = {split: f"{name}-{split}.csv" for split in splits}
            for split, columns in splits.items():
                pl.DataFrame(dict(columns), strict=False).write_csv(tmp_path / files[split])
            declared[name] = DataOptions(**{"text": "text", **files, **options})
        found = tasks or {name: BinaryOptions(data=name, label="y") for name in data}
        return Rows(load(declared, found, folder=tmp_path))

    return read
