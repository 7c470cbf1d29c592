"""Reading of data: one format a file, all giving `Records`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from sharewise.data.reading.compression import SUFFIXES
from sharewise.data.reading.delimited import read_csv, read_tsv
from sharewise.data.reading.hub import PREFIX, is_hub, read_hub
from sharewise.data.reading.jsonl import read_jsonl
from sharewise.data.reading.parquet import read_parquet
from sharewise.data.reading.records import Records, Request, did_you_mean, listing
from sharewise.data.reading.unchanged import unchanged
from sharewise.errors import UserError

FORMATS: dict[str, Callable[[Request], Records]] = {
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".parquet": read_parquet,
}

__all__ = ["FORMATS", "Records", "is_hub", "read_records"]


def read_records(
    source: str,
    *,
    folder: Path,
    columns: Sequence[str] | None,
    lists: Collection[str] = (),
    encoding: str | None = None,
    key: str,
) -> Records:
    """Read the wanted columns of a file or a hub data set.

    Args:
        source: path of a csv, tsv, jsonl, ndjson or parquet file (the text formats also with ``.gz`` or
            ``.zst`` after it), or ``hub:owner/name:config#split``.
        folder: folder that relative paths are relative to.
        columns: names of the wanted columns; None for all.
        lists: those that may hold lists, which become text as JSON spells them.
        encoding: character encoding of a text file; None to find it out.
        key: path of the key in the study file that names the source, for messages: ``data.dialogues.train``.

    Raises:
        UserError: if the file is missing, of no known format, damaged, irregular, or lacks a column, or is written to
            meanwhile.
    """
    request = Request(
        name=source,
        path=folder / Path(source).expanduser(),
        key=key,
        columns=None if columns is None else tuple(dict.fromkeys(columns)),
        encoding=encoding,
        lists=None if columns is None else frozenset(lists),
    )
    if is_hub(source):
        return read_hub(request, folder)
    _check_file(request)
    read = FORMATS[_extension(request)]
    with unchanged(request.path, request.name):
        return read(request)


def _check_file(request: Request) -> None:
    if request.path.is_dir():
        raise UserError(
            f"{request.key}: {request.name} is a folder",
            expected="a file",
            action=f"name the file in it, or write {PREFIX}{request.name} for a folder in the hub's layout",
        )
    if not request.path.exists():
        siblings = [p.name for p in request.path.parent.glob("*") if _format(p) in FORMATS]
        raise UserError(
            f"{request.key}: there is no file {request.name!r}{did_you_mean(request.path.name, siblings)}",
            expected=f"a file; {request.path.parent} holds {listing(sorted(siblings)) or 'no data files'}",
            action="correct the path, which is relative to the study file",
        )


def _extension(request: Request) -> str:
    extension = _format(request.path)
    if extension not in FORMATS or (extension == ".parquet" and request.path.suffix.lower() in SUFFIXES):
        raise UserError(
            f"{request.key}: {request.name} is of no format that can be read",
            expected=f"a name that ends in {', '.join(FORMATS)}; .gz or .zst may follow all but the last",
            action="rename the file if it is of one of these formats, or convert it",
        )
    return extension


def _format(path: Path) -> str:
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
