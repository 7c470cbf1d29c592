"""Keys set on the command line: ``--set training.epochs=1``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sharewise.errors import UserError
from sharewise.study.errors import Place, StudyError, dotted
from sharewise.study.marks import Document, read_yaml
from sharewise.study.merging import merge_encoder, merge_training
from sharewise.study.suggestions import suggest

# Sections whose entries have free names. Only a whole entry may add one: `tasks.consistncy.weight` is a slip.
_NAMED = {"data": "data set", "tasks": "task", "arms": "arm"}


def apply_override(document: Document, text: str) -> None:
    """Set one key of a study that was read; ``key=null`` takes a key away.

    Raises:
        UserError: for text that isn't ``key=value``, and keys below names that don't exist.
    """
    place = Place(line=0, source=f"--set {text}")
    key, equals, written = text.partition("=")
    if not equals or not key.strip() or not written.strip():
        raise UserError(
            f"{place.source}: this is not key=value",
            expected="a key with dots, and a value: --set training.epochs=1 (null takes a key away)",
        )
    value = read_yaml(written)
    if value.mistakes:
        raise StudyError([replace(m, path=(), place=place) for m in value.mistakes])
    study = document.value
    path = _split(key.strip().split("."), study)
    _check_name(path, study, value.value, place)
    section = _section(study, path[:-1], place)
    if value.value is None and path[-1] in section:
        del section[path[-1]]
    else:
        _set(study, section, path, value.value)
    _note(document, path, value, place)


def _split(steps: list[str], section: Any) -> tuple[str, ...]:
    """Find the keys that dots divide; names in the study may hold dots themselves."""
    path: list[str] = []
    while steps:
        keys = section if isinstance(section, dict) else {}
        size = next((n for n in range(len(steps), 0, -1) if ".".join(steps[:n]) in keys), 1)
        path.append(".".join(steps[:size]))
        steps = steps[size:]
        section = keys.get(path[-1])
    return tuple(path)


def _check_name(path: tuple[str, ...], study: dict[str, Any], value: Any, place: Place) -> None:
    """Refuse a data set, task or arm that the study doesn't have, unless the whole of it is given."""
    if path[0] == "arms" and study.get("arms") is None:
        study["arms"] = {"hard": {}}
    names = study.get(path[0])
    if path[0] not in _NAMED or len(path) < 2 or not isinstance(names, dict) or path[1] in names:
        return
    if len(path) > 2 or value is None:
        hint = suggest(path[1], names)
        raise UserError(
            f"{place.source}: there is no {_NAMED[path[0]]} `{path[1]}`"
            + (f"; did you mean `{hint}`?" if hint else ""),
            expected=", ".join(names),
            action=f"to add one, set it as a whole: --set '{path[0]}.{path[1]}={{…}}'",
        )


def _section(study: dict[str, Any], path: tuple[str, ...], place: Place) -> dict[str, Any]:
    """Find the mapping that a key stands in, and make it where there is none."""
    section = study
    for depth, step in enumerate(path, start=1):
        if section.get(step) is None:
            section[step] = {}
        elif isinstance(section[step], str) and _is_section(path[:depth], "encoder", "backend"):
            section[step] = {"name": section[step]}
        elif not isinstance(section[step], dict):
            found = (
                "a list, and is set as a whole" if isinstance(section[step], list) else "a value without keys"
            )
            raise UserError(f"{place.source}: `{dotted(path[:depth])}` is {found}")
        section = section[step]
    return section


def _set(study: dict[str, Any], section: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set a key; one that takes the place of another (a source of encoders, a size of batches) drops it."""
    key = path[-1]
    if _is_encoder(path):
        section[key] = merge_encoder(section.get(key), value) if isinstance(value, str) else value
    elif _is_encoder(path[:-1]):
        _replace(section, merge_encoder(section, {key: value}))
    elif _is_encoder(path[:-2]) and path[-2] == "scratch":
        section[key] = value
        encoder = _section(study, path[:-2], Place(line=0, source=""))
        _replace(encoder, merge_encoder(encoder, {"scratch": section}))
    elif path[-2:-1] == ("training",):
        _replace(section, merge_training(section, {key: value}))
    else:
        section[key] = value


def _is_encoder(path: tuple[str, ...]) -> bool:
    """Whether a path is the study's encoder, or an arm's."""
    return _is_section(path, "encoder")


def _is_section(path: tuple[str, ...], *names: str) -> bool:
    """Whether a path is one of these sections of the study, or of an arm."""
    return (len(path) == 1 or (len(path) == 3 and path[0] == "arms")) and path[-1] in names


def _replace(section: dict[str, Any], content: dict[str, Any]) -> None:
    section.clear()
    section.update(content)


def _note(document: Document, path: tuple[str, ...], value: Document, place: Place) -> None:
    """Let mistakes at the key, inside its value and in mappings that it made be answered at ``--set``."""
    size = len(path)
    for notes in (document.places, document.written):
        for stale in [known for known in notes if known[:size] == path]:
            del notes[stale]
    for length in range(1, size):
        document.places.setdefault(path[:length], place)
    document.places[path] = place
    document.written |= {(*path, *inner): text for inner, text in value.written.items()}
    if value.value is None:
        document.removed.add(path)
