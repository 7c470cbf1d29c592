"""From a study file to a study, or to one message that says all that is wrong in it."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sharewise.errors import UserError
from sharewise.study.errors import KeyPath, Mistake, Origin, StudyError
from sharewise.study.marks import Document, read_yaml
from sharewise.study.overrides import apply_override
from sharewise.study.schema import Study
from sharewise.study.suggestions import suggest

_DATA = (".csv", ".tsv", ".jsonl", ".parquet", ".json.gz", ".gz", ".zst")
# PowerShell's `>` writes UTF-16.
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def load_study(path: str | Path, *, overrides: Sequence[str] = ()) -> Study:
    """Read a study file.

    Args:
        path: the file, in YAML; relative paths in it start from its folder.
        overrides: ``key=value`` as after ``--set``, applied in order; ``key=null`` takes a key away.

    Raises:
        UserError: where the file can't be read, or with every mistake in it, each with line and key.
    """
    file = Path(path)
    document = read_yaml(_text(file))
    if document.mistakes and document.value is None:
        raise StudyError(document.mistakes, source=str(file))
    if not isinstance(document.value, dict):
        raise _no_mapping(file, document)
    for override in overrides:
        apply_override(document, override)
    study = _validated(document, str(file))
    study._folder = file.resolve().parent
    study._origin = Origin(source=str(file), places=document.places)
    return study


def _validated(document: Document, source: str) -> Study:
    """Validate what was read; values that only need another reading of their text are mended on the way."""
    while True:
        try:
            study = Study.model_validate(document.value)
            mistakes: list[Mistake] = []
        except StudyError as error:
            mistakes = list(error.mistakes)
            # Each mend takes away what it was for, so this comes to an end.
            if [mend for m in mistakes if (mend := _mend(document, m))]:
                continue
        if document.mistakes or mistakes:
            raise StudyError([*document.mistakes, *mistakes], source=source, places=document.places) from None
        return study


def _mend(document: Document, mistake: Mistake) -> bool:
    """Read a number as the text that a key takes, and an empty section as one that was left out."""
    section = _at(document.value, mistake.path[:-1])
    key: Any = mistake.path[-1] if mistake.path else None
    if mistake.code == "text" and mistake.path in document.written:
        section[key] = document.written.pop(mistake.path)
        return True
    if mistake.code == "entry":
        section[key] = {}
        return True
    if mistake.code == "section" or (mistake.code == "empty" and mistake.path in document.removed):
        del section[key]
        return True
    return False


def _at(value: Any, path: KeyPath) -> Any:
    for step in path:
        value = value[step]
    return value


def _text(file: Path) -> str:
    if file.is_dir():
        inside = sorted(p.name for p in file.iterdir() if p.suffix in (".yaml", ".yml"))
        action = f"name the file: {file / inside[0]}" if inside else "`sharewise init FILE…` writes one"
        raise UserError(f"{file} is a folder, and a study is a file", action=action)
    if file.name.lower().endswith(_DATA):
        raise UserError(
            f"{file} is data, and no study file", action=f"write a study file for it: sharewise init {file}"
        )
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise _no_file(file) from None
    except OSError as error:
        raise UserError(f"{file} can't be read: {error.strerror}") from None
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{file}, line {line}: this is not UTF-8", action="save the study file in UTF-8"
        ) from None


def _no_file(file: Path) -> UserError:
    folder = file.parent
    if not folder.is_dir():
        return UserError(f"there is no folder {folder}")
    hint = suggest(file.name, sorted(p.name for p in folder.iterdir() if p.suffix in (".yaml", ".yml")))
    return UserError(
        f"there is no file {file}" + (f"; did you mean `{folder / hint}`?" if hint else ""),
        action=None if hint else "`sharewise init FILE…` writes a study file from your data",
    )


def _no_mapping(file: Path, document: Document) -> UserError:
    if document.value is None:
        problem = f"{file} is empty"
    elif isinstance(document.value, str) and "：" in document.value:
        problem = f"{file}: a full-width colon `：` divides no key from its value"
    else:
        problem = f"{file} is not a mapping of keys"
    return UserError(
        problem,
        expected="name, data, tasks and encoder, each as `key: value`",
        action="`sharewise init FILE…` writes a study file from your data",
    )
