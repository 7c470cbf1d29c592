"""What was read for a study, kept on disk: another start takes it from there and parses no file again.

Kept under a hash of the files' bytes, the keys that say how they are read, and the code that reads; so a changed file
is read anew, and nothing is ever taken for what it isn't. Errors are never kept. What no start has read for a month
goes when something else is kept: each change of files or code leaves the tables of before behind.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import re
import shutil
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.data.shares import fit_losses
from sharewise.data.sources import local_files
from sharewise.data.table import Origin, StudyData, Table
from sharewise.data.targets import check_thresholds
from sharewise.files import write_folder
from sharewise.tasks import DECISION_KEYS, LOSS_KEYS, AnyTaskOptions, Array, Task

# Bytes of files that are read as fast as they are looked up.
_SMALL = 8 << 20
# Keys of a task on which no table depends; losses are fitted anew. (A link is a part of what a task is.)
_OTHER_KEYS = {"weight", "margin", "metric", "prefix", *DECISION_KEYS, *LOSS_KEYS} - {"link"}
_FACTS = "facts.json"
_UNREAD = 30 * 24 * 3600.0
_KEY = re.compile("[0-9a-f]{32}")
_FRAMES = ("texts", "slices")
_BLOCKS = ("targets", "votes", "soft", "loss_weights")


def load_kept(
    study_data: Mapping[str, DataOptions],
    tasks: Mapping[str, AnyTaskOptions],
    *,
    folder: Path,
    cache: Path,
) -> StudyData:
    """Read all data of a study as `load` does, or take what was kept of the same files.

    Data sets of a hub, and small files, are read each time.

    Args:
        study_data: the data sets by name, in the study's order.
        tasks: the tasks by name, in the study's order.
        folder: folder of the study file, which paths are relative to.
        cache: folder in which it is kept.

    Raises:
        UserError: for everything that is wrong with a file, a row or a cell, with its place.
    """
    files = local_files(study_data, tasks, folder=folder)
    states = _states(files)
    if files is None or states is None or sum(size for size, *_ in states) < _SMALL:
        return load(study_data, tasks, folder=folder)
    try:
        place = cache / "tables" / _key(study_data, tasks, files)
    except OSError:
        # Reading says better what is wrong with a file.
        return load(study_data, tasks, folder=folder)
    notes: tuple[str, ...] = ()
    if place.is_dir():
        try:
            found = _opened(place, tasks)
            with suppress(OSError):  # A cache that can't be written to can be read.
                os.utime(place / _FACTS)
            return found
        except ValueError as error:
            notes = (f"The kept data {place} were damaged ({error}) and have been read anew.",)
    data = load(study_data, tasks, folder=folder)
    if _states(files) != states:
        return data
    try:
        write_folder(place, lambda beside: _write(beside, data), replace=bool(notes))
        _forget(place.parent)
    except (OSError, pl.exceptions.PolarsError) as error:
        notes = (
            f"What was read can't be kept in {place.parent} ({error}); the next start will read it again.",
        )
    return replace(data, notes=data.notes + notes)


def _forget(tables: Path) -> None:
    """Delete what no start has read for a month."""
    for place in tables.iterdir():
        with suppress(OSError):
            last = (place / _FACTS).stat().st_mtime
            if _KEY.fullmatch(place.name) and time.time() - last > _UNREAD:
                shutil.rmtree(place, ignore_errors=True)


def _states(files: list[Path] | None) -> list[tuple[int, ...]] | None:
    """Size and time of each file; None where one is a hub's, is not there, or is no regular file."""
    if files is None or not all(file.is_file() for file in files):
        return None
    found = [file.stat() for file in files]
    return [(state.st_size, state.st_mtime_ns, state.st_ino) for state in found]


def _key(
    study_data: Mapping[str, DataOptions], tasks: Mapping[str, AnyTaskOptions], files: list[Path]
) -> str:
    """Digest of the files and of all that decides what is made of them."""
    keys = {name: options.model_dump(mode="json") for name, options in study_data.items()}
    of_tasks = {name: task.model_dump(mode="json", exclude=_OTHER_KEYS) for name, task in tasks.items()}
    # A file that is named twice is refused, and a copy of it isn't.
    same = [files.index(file) for file in files]
    digest = hashlib.sha256(json.dumps([_code(), pl.__version__, keys, of_tasks, same]).encode())
    for file in files:
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()[:32]


@functools.cache
def _code() -> str:
    """Digest of the code that reads: this package and the kinds of task."""
    here = Path(__file__).parent
    files = [file for room in (here, here.with_name("tasks")) for file in sorted(room.rglob("*.py"))]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _write(place: Path, data: StudyData) -> None:
    """Write what `_opened` reads: a frame and a file of arrays a split, and the facts."""
    splits = {split: _write_table(place, table) for split, table in data.tables.items()}
    facts = {
        "notes": data.notes,
        "tasks": {name: task.describe() for name, task in data.tasks.items()},
        "splits": splits,
    }
    written = json.dumps(facts)
    (place / _FACTS).write_text(f"{zlib.crc32(written.encode())}\n{written}", encoding="utf-8")


def _write_table(place: Path, table: Table) -> dict[str, Any]:
    checks = {}
    for kind in _FRAMES:
        file = place / f"{table.split}.{kind}.arrow"
        getattr(table, kind).write_ipc(file)
        checks[kind] = zlib.crc32(file.read_bytes())
    values = {f.name: getattr(table, f.name) for f in fields(table)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    for kind in _BLOCKS:
        arrays |= {f"{kind}/{task}": block for task, block in getattr(table, kind).items()}
    # Under numbers, for what numpy makes of names such as `a.npy` is its own affair.
    file = place / f"{table.split}.npz"
    np.savez(file, allow_pickle=False, **{str(number): array for number, array in enumerate(arrays.values())})
    checks["arrays"] = zlib.crc32(file.read_bytes())
    return {
        "arrays": list(arrays),
        "datasets": table.datasets,
        "grouped": table.grouped,
        "origins": [(origin.file, origin.unit) for origin in table.origins],
        "digest": table.digest_of_texts,
        "checks": checks,
    }


def _opened(place: Path, options: Mapping[str, AnyTaskOptions]) -> StudyData:
    """Read what `_write` wrote.

    Raises:
        ValueError: where a file is missing, cut short or changed.
    """
    try:
        check, _, written = (place / _FACTS).read_text(encoding="utf-8").partition("\n")
        if not check.isdecimal() or int(check) != zlib.crc32(written.encode()):
            raise ValueError(f"{_FACTS} is not what was written")
        facts = json.loads(written)
        tables = {split: _table(place, split, known) for split, known in facts["splits"].items()}
        tasks: dict[str, Task] = {
            name: options[name].restore(name, described) for name, described in facts["tasks"].items()
        }
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    fit_losses(tasks, tables["train"])
    check_thresholds(tasks)
    return StudyData(
        tasks=tasks,
        train=tables["train"],
        validation=tables["validation"],
        test=tables.get("test"),
        notes=tuple(facts["notes"]),
    )


def _table(place: Path, split: str, facts: Mapping[str, Any]) -> Table:
    frames = {
        kind: pl.read_ipc(_checked(place / f"{split}.{kind}.arrow", facts["checks"][kind]))
        for kind in _FRAMES
    }
    content = _checked(place / f"{split}.npz", facts["checks"]["arrays"])
    with np.load(io.BytesIO(content), allow_pickle=False) as opened:
        arrays: dict[str, Array] = {name: opened[str(number)] for number, name in enumerate(facts["arrays"])}
    blocks: dict[str, dict[str, Array]] = {kind: {} for kind in _BLOCKS}
    for name in [name for name in arrays if "/" in name]:
        kind, _, task = name.partition("/")
        blocks[kind][task] = arrays.pop(name)
    found: dict[str, Any] = {**frames, **arrays, **blocks}
    return Table(
        split=split,
        datasets=tuple(facts["datasets"]),
        grouped=facts["grouped"],
        origins=tuple(Origin(file, unit) for file, unit in facts["origins"]),
        known_digest=facts["digest"],
        **found,
    )


def _checked(file: Path, check: int) -> bytes:
    content = file.read_bytes()
    if zlib.crc32(content) != check:
        raise ValueError(f"{file.name} is not what was written")
    return content
