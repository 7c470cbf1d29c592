from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.data.table import StudyData
from sharewise.errors import UserError
from sharewise.tasks import AnyTaskOptions, MulticlassOptions


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """Write a file: ``write("a.csv", "x,1", "y,0", header="text,label")``."""

    def write_lines(name: str, *rows: str, header: str = "text,label,id") -> None:
        (tmp_path / name).write_text("\n".join([header, *rows]) + "\n")

    return write_lines


@pytest.fixture
def study(tmp_path: Path, write) -> Callable[..., StudyData]:
    """Load one data set from these training rows, with two validation rows and a task ``y`` unless declared."""

    def load_rows(
        *rows: str, task: AnyTaskOptions | None = None, header: str = "text,label,id", **options: object
    ) -> StudyData:
        write("t.csv", *rows, header=header)
        write("v.csv", "v,a,v1", "w,b,v2")
        declared = {"train": "t.csv", "validation": "v.csv", "text": "text"} | options
        task = task or MulticlassOptions(data="d", label="label", labels=("a", "b"))
        return load({"d": DataOptions(**declared)}, {"y": task}, folder=tmp_path)

    return load_rows


@pytest.fixture
def fails(study) -> Callable[..., str]:
    """The message that loading these rows ends in."""

    def message(*rows: str, **keys: object) -> str:
        with pytest.raises(UserError) as error:
            study(*rows, **keys)
        return str(error.value)

    return message
