"""True and false where a number belongs, which pydantic would take for 1 and 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sharewise.study.errors import KeyPath, Mistake
from sharewise.study.keys import Alternative, alternatives, field_alternatives
from sharewise.study.wording import shown, words


def truths_in(value: Any, annotation: Any, at: KeyPath = ()) -> list[Mistake]:
    """Return the mistakes of giving a Boolean for a number, anywhere in plain values of a model or type."""
    return _truths(value, alternatives(annotation), at)


def _truths(value: Any, kinds: tuple[Alternative, ...], at: KeyPath) -> list[Mistake]:
    if isinstance(value, bool):
        numeric = any(a.type in (int, float) for a in kinds) and not any(a.type in (bool, str) for a in kinds)
        return [Mistake(path=at, problem=f"{shown(value)} is not {words(kinds)}")] if numeric else []
    inner: list[tuple[str | int, Any, tuple[Alternative, ...]]] = []
    if isinstance(value, Mapping):
        for kind in kinds:
            fields = kind.model.model_fields if kind.model else {}
            inner += [(k, v, field_alternatives(fields[k])) for k, v in value.items() if k in fields]
            if kind.entries is not None:
                inner += [(k, v, alternatives(kind.entries)) for k, v in value.items()]
    elif isinstance(value, list):
        for kind in kinds:
            inner += [(n, v, alternatives(kind.items[0])) for n, v in enumerate(value) if kind.items]
    # The same key of several kinds of task gives the same answer.
    found = {m.path: m for step, entry, types in inner for m in _truths(entry, types, (*at, step))}
    return list(found.values())
