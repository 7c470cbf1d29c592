"""A job that can be killed: every finished window is a file of its own, and the job says what they are of."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sharewise.errors import UserError
from sharewise.files import clear_unfinished, write_text, write_whole

_JOB = "job.json"
_SAMPLE = 1 << 20


class Parts:
    """The folder beside an output in which its parts gather.

    A window is done when its part is there; what it left out is written before. Both appear whole or not at all.

    Args:
        output: the file to be.
        suffix: ending of the parts' names.
    """

    def __init__(self, output: Path, suffix: str) -> None:
        self.output = output
        self.suffix = suffix
        self.folder = output.with_name(f".{output.name}.parts")
        self.lock = self.folder / ".lock"

    def job(self) -> dict[str, Any]:
        """What an unfinished output is of; empty where there is none."""
        try:
            found: dict[str, Any] = json.loads((self.folder / _JOB).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def open(self, job: Mapping[str, Any], *, restart: bool) -> int:
        """Begin or go on; return how many windows are done.

        Raises:
            UserError: where the folder holds parts of another job.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in self.folder.iterdir() if restart else ():
            if file != self.lock:
                file.unlink()
        clear_unfinished(self.folder)
        wanted, found = json.loads(json.dumps(job)), self.job()
        if found:
            changed = [key for key in wanted if found.get(key) != wanted[key]]
            if changed:
                raise UserError(
                    f"{self.folder}: an unfinished output is here, made with another {' and '.join(changed)}",
                    action="give the same arguments again to finish it, or `--restart` to begin anew",
                )
        else:
            write_text(self.folder / _JOB, json.dumps(wanted, indent=1, ensure_ascii=False))
        done = 0
        while self.part(done).is_file():
            done += 1
        return done

    def part(self, number: int) -> Path:
        """The file of a window's answers."""
        return self.folder / f"{number:08d}{self.suffix}"

    def left_out(self, number: int) -> Path:
        """The file of a window's rows that couldn't be used."""
        return self.folder / f"{number:08d}.rejected"

    def write(self, number: int, content: bytes, left_out: bytes) -> None:
        """Write a window's two files, the answers last."""
        if left_out:
            write_whole(self.left_out(number), lambda beside: beside.write_bytes(left_out))
        write_whole(self.part(number), lambda beside: beside.write_bytes(content))

    def discard(self) -> None:
        """Delete the folder; it takes another name first, so that no half of it is ever found."""
        if self.folder.exists():
            away = self.folder.with_name(self.folder.name + ".old")
            shutil.rmtree(away, ignore_errors=True)
            self.folder.rename(away)
            shutil.rmtree(away)


def file_facts(path: Path) -> dict[str, Any]:
    """What tells whether a file is still the same one: size, time of change, digest of its beginning and end.

    Raises:
        UserError: where the file can't be read.
    """
    try:
        size, changed = path.stat().st_size, path.stat().st_mtime_ns
        with path.open("rb") as stream:
            sample = stream.read(_SAMPLE)
            stream.seek(max(0, size - _SAMPLE))
            sample += stream.read(_SAMPLE)
    except OSError as error:
        raise UserError(f"{path}: the file can't be read ({error.strerror or error})") from None
    return {"bytes": size, "changed": changed, "sample": hashlib.sha256(sample).hexdigest()}
