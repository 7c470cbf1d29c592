"""Keys that exist, but elsewhere: `epochs` at the top of the file, `label` under `data`."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from pydantic import BaseModel

from sharewise.study.errors import KeyPath, dotted
from sharewise.study.keys import Alternative, Key, walk
from sharewise.study.suggestions import suggest
from sharewise.study.wording import one_of

Schema = TypeVar("Schema", bound=BaseModel)

_SCHEMAS: list[type[BaseModel]] = []


def belongs(name: str, owner: type[BaseModel], path: KeyPath, *, guess: bool) -> str | None:
    """Say where an unknown key belongs, if a key of that name exists elsewhere.

    Args:
        name: the unknown key.
        owner: options of the mapping that it stands in.
        path: where it stands.
        guess: whether a name that is only like one of a key counts too.
    """
    homes = [key for key in _all_keys() if key.owner is not owner]
    meant = name if any(key.name == name for key in homes) else None
    if meant is None and guess:
        meant = suggest(name, dict.fromkeys(key.name for key in homes))
    if meant is None:
        return None
    homes = [key for key in homes if key.name == meant]
    kinds = [tag for key in homes if (tag := Alternative(key.owner).tag)]
    where = (
        f"to {one_of(f'`kind: {tag}`' for tag in kinds)}"
        if kinds and Alternative(owner).tag
        else one_of(dict.fromkeys(_section(key, path) for key in homes))
    )
    return f"`{name}` belongs {where}" if meant == name else f"did you mean `{meant}`, which belongs {where}?"


def whole(schema: type[Schema]) -> type[Schema]:
    """Let the keys of this schema be the ones that exist: a class decorator, for the schema is built on this module."""
    _SCHEMAS.append(schema)
    return schema


@cache
def _all_keys() -> tuple[Key, ...]:
    return tuple(key for schema in _SCHEMAS for key in walk(schema))


def _section(key: Key, path: KeyPath) -> str:
    if not key.section:
        return "at the top of the file"
    section: KeyPath = key.section
    if path[0] == "arms" and len(path) > 2 and section[0] in ("training", "encoder", "backend"):
        section = (*path[:2], *section)
    return f"under `{dotted(section)}`"
