"""Data sets of the Hugging Face hub, or a local folder that is laid out like one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from sharewise.data.reading.records import Records, Request, did_you_mean, listing, no_records, select
from sharewise.data.reading.typed import plain
from sharewise.errors import UserError

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

PREFIX = "hub:"


def is_hub(source: str) -> bool:
    """Whether a source names a data set of the hub, and not a file."""
    return source.startswith(PREFIX)


def read_hub(request: Request, folder: Path) -> Records:
    """Read one split of ``hub:owner/name``, ``hub:owner/name:config#split`` or ``hub:folder#split``.

    The split left out is the one named like the key: ``data.reviews.test`` reads the split ``test``. A
    missing label, which the hub writes as class -1, is a hole.

    Args:
        request: the source; its path is not used.
        folder: folder that local folders are relative to.

    Raises:
        UserError: if the library is not installed, or the data set, split or column isn't there.
    """
    place, _, split = request.name.removeprefix(PREFIX).partition("#")
    split = split or request.key.rpartition(".")[2]
    splits = _load(request, place, folder)
    if split not in splits:
        raise UserError(
            f"{request.key}: {request.name} has no split {split!r}{did_you_mean(split, splits)}",
            expected=f"one of its splits {listing(list(splits))}",
            action=f"name it after a number sign: {PREFIX}{place}#{next(iter(splits))}",
        )
    frame = _frame(request, splits[split])
    if frame.is_empty():
        raise no_records(request, f"the split {split!r} holds no rows")
    return Records(name=request.name, frame=plain(request, frame), lines=None, encoding=None)


def _load(request: Request, place: str, folder: Path) -> DatasetDict:
    try:
        import datasets
    except ImportError:
        raise UserError(
            f"{request.key}: {request.name} needs the library `datasets`, which is not installed",
            action="install it with `pip install 'sharewise[hub]'`, or name a file instead",
        ) from None
    name, config = place, None
    if not (folder / place).is_dir() and ":" in place:
        name, _, config = place.rpartition(":")
    if (folder / name).is_dir():
        name = str(folder / name)
    shown = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        return datasets.load_dataset(name, config)
    except Exception as error:  # the library raises whatever its readers raise; none of it is our bug
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"{request.key}: {request.name} can't be loaded ({type(error).__name__}: {reason})",
            expected="hub:owner/name, hub:owner/name:config#split, or hub: and a folder in the hub's layout",
            action="check the name and the network, or download the data set and name its files",
        ) from None
    finally:
        if not shown:
            datasets.enable_progress_bars()


def _frame(request: Request, split: Dataset) -> pl.DataFrame:
    columns = list(select(request, split.column_names))
    frame: pl.DataFrame = split.select_columns(columns).to_polars()
    classes = [c for c in columns if type(split.features[c]).__name__ == "ClassLabel"]
    return frame.with_columns(pl.col(c).replace(-1, None) for c in classes)
