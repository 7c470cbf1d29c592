"""Token ids on disk: three flat arrays and one file of facts, whole or not there at all."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sharewise.data.encoding import Encoded
from sharewise.tasks import Array

_DTYPES: dict[str, np.dtype[Any]] = {
    "ids": np.dtype("<i4"),
    "types": np.dtype("u1"),
    "offsets": np.dtype("<i8"),
}
_FACTS = "facts.json"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class TokenFiles:
    """The arrays of one token store.

    Attributes:
        ids: int32 ``(tokens,)``.
        types: uint8 ``(tokens,)``, or None where every token is in segment 0.
        offsets: int64 ``(rows + 1,)``.
        facts: what was written along with them.
    """

    ids: Array
    types: Array | None
    offsets: Array
    facts: dict[str, Any]


def write_tokens(folder: Path, chunks: Iterable[Encoded], facts: dict[str, Any]) -> None:
    """Append chunk after chunk to files in a new or empty folder; memory holds one chunk at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens, cut, shortened, segments = 0, 0, 0, False
    checks = dict.fromkeys(_DTYPES, 0)
    files = {name: (folder / name).open("wb") for name in _DTYPES}
    try:

        def append(name: str, values: Array) -> None:
            data = values.astype(_DTYPES[name]).tobytes()
            checks[name] = zlib.crc32(data, checks[name])
            files[name].write(data)

        append("offsets", np.zeros(1))
        for chunk in chunks:
            append("ids", chunk.ids)
            append("types", chunk.types)
            append("offsets", tokens + np.cumsum(chunk.lengths))
            tokens += len(chunk.ids)
            cut += chunk.cut
            shortened += chunk.shortened
            segments = segments or bool(chunk.types.any())
    finally:
        for file in files.values():
            file.close()
    if not segments:
        (folder / "types").unlink()
        del checks["types"]
    facts = {**facts, "cut": cut, "shortened": shortened, "checks": checks}
    (folder / _FACTS).write_text(json.dumps(facts), encoding="utf-8")


def open_tokens(folder: Path, *, mapped: bool) -> TokenFiles:
    """Open what `write_tokens` wrote, memory-mapped or read into memory.

    Raises:
        ValueError: where a file is missing, cut short or changed.
    """
    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        arrays = {
            name: _array(folder / name, check, mapped=mapped) for name, check in facts["checks"].items()
        }
        return TokenFiles(arrays["ids"], arrays.get("types"), arrays["offsets"], facts)
    except (OSError, KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _array(file: Path, check: int, *, mapped: bool) -> Array:
    dtype = _DTYPES[file.name]
    # An empty file can't be mapped.
    mapped = mapped and file.stat().st_size > 0
    data: Array = np.memmap(file, dtype, mode="r") if mapped else np.fromfile(file, dtype)
    found = 0
    for start in range(0, len(data), _BLOCK):
        found = zlib.crc32(data[start : start + _BLOCK].data, found)
    if found != check:
        raise ValueError(f"{file.name} is not what was written")
    return data
