"""Tiny saved encoders, made once a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from models.families import TEXTS, save_family
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions, Task


@pytest.fixture(scope="session")
def family_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folders: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in folders:
            folders[name] = save_family(name, tmp_path_factory.mktemp(name))
        return folders[name]

    return folder


@pytest.fixture(scope="session")
def singles() -> pl.DataFrame:
    return pl.DataFrame({"text": TEXTS, "pair": [None] * len(TEXTS)}, schema_overrides={"pair": pl.String})


@pytest.fixture(scope="session")
def pairs() -> pl.DataFrame:
    return pl.DataFrame({"text": TEXTS, "pair": TEXTS[::-1]})


@pytest.fixture(scope="session")
def tasks() -> dict[str, Task]:
    return {
        "spam": BinaryOptions(data="d", label="spam").build("spam", pl.Series(["0", "1"])),
        "tone.of-voice": MulticlassOptions(data="d", label="t").build(
            "tone.of-voice", pl.Series(["b", "a", "c"])
        ),
        "train": RegressionOptions(data="d", label="r", metric="mae", margin=0.5).build(
            "train", pl.Series([1.0, 2.5, 4.0])
        ),
    }
