"""Files that appear whole or not at all, and locks between processes."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sharewise.errors import RunError

# Endings of what isn't whole yet, and of what makes way for it.
_PART = ".part"
_OLD = ".old"
# Seconds after which nobody writes any more to what isn't whole: its writer was killed.
_ABANDONED = 86_400.0
_UNFINISHED = re.compile(rf"\..+\.[0-9a-f]{{12}}({re.escape(_PART)}|{re.escape(_OLD)})")


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let a function write a file beside the wanted one, then rename it, so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}{_PART}{path.suffix}")
    try:
        write(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    write_whole(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def write_folder(folder: Path, write: Callable[[Path], object], *, replace: bool = False) -> None:
    """Let a function fill a new folder beside the wanted one, then rename it.

    Of several writers one wins and the others' work is thrown away. What a killed one left goes a day later.

    Args:
        folder: the folder to appear; its parents are made if need be.
        write: fills the folder that it is given.
        replace: whether a folder that is there already makes way; else it stays.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    unique = f".{folder.name}.{uuid.uuid4().hex[:12]}"
    beside, away = folder.with_name(f"{unique}{_PART}"), folder.with_name(f"{unique}{_OLD}")
    for left in folder.parent.glob(".*"):
        with suppress(FileNotFoundError):
            if (
                _UNFINISHED.fullmatch(left.name)
                and left.is_dir()
                and time.time() - left.stat().st_mtime > _ABANDONED
            ):
                shutil.rmtree(left, ignore_errors=True)
    try:
        beside.mkdir()
        write(beside)
        if replace and folder.exists():
            folder.rename(away)
        try:
            beside.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(away, ignore_errors=True)


def clear_unfinished(folder: Path) -> None:
    """Delete what `write_whole` and `write_folder` leave beside their work when the process is killed in it.

    Only for a folder that no other process writes to meanwhile.
    """
    for path in folder.glob(".*"):
        if path.is_dir():
            if path.suffix in (_PART, _OLD):
                shutil.rmtree(path, ignore_errors=True)
        elif _PART in path.suffixes[-2:]:
            path.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, *, busy: str, patience: float = 0.0) -> Iterator[None]:
    """Hold a lock file while the block runs; the system frees it however the process ends.

    Args:
        path: the lock file, made if need be.
        busy: what to say where another process holds it.
        patience: seconds to wait for it.

    Raises:
        RunError: where another process holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    with path.open("a+", encoding="utf-8") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise RunError(busy) from None
                time.sleep(0.1)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)
