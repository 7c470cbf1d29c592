"""Types and values in the words of the study file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sharewise.study.keys import Alternative, alternatives, limit

_LONGEST = 60


def words(kinds: Iterable[Alternative]) -> str:
    """Say what a value may be: ``a whole number of 1 or more``, ``auto, bf16 or fp32``."""
    kinds = tuple(kinds)
    plain = {a.type for a in kinds}
    if {str, int, float} <= plain:
        return "a text or a number"
    tags = [a.tag for a in kinds if a.tag is not None]
    if len(tags) > 1:
        return f"a mapping of `kind: {one_of(tags)}` and its keys"
    return one_of([phrase for kind in kinds for phrase in _phrases(kind)])


def one_of(names: Iterable[object], last: str = "or") -> str:
    """Join names: ``a, b or c``."""
    parts = [str(n) for n in names]
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def shown(value: object) -> str:
    """Name a value in a message; lists and mappings by what they are only."""
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if not value:
            return "an empty text"
        return f'"{value}"' if len(value) <= _LONGEST else f'"{value[: _LONGEST - 1]}…"'
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)[:_LONGEST]
    if isinstance(value, (Mapping, BaseModel)):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}" if value else "an empty list"
    return type(value).__name__


def meaning(field: FieldInfo | None) -> str | None:
    """Say what a key is for, and what holds if it is left out."""
    if field is None or not field.description:
        return None
    default = default_text(field)
    return field.description + (f"; {default} if left out" if default else "")


def default_text(field: FieldInfo) -> str:
    """Return a key's default as the study file would write it, or nothing if it has none to show."""
    value = field.get_default(call_default_factory=True) if not field.is_required() else None
    if value is None or isinstance(value, (BaseModel, Mapping)):
        return ""
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    if isinstance(value, float) and 0 < abs(value) < 1e-4:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{mantissa}e{int(exponent)}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _phrases(kind: Alternative) -> list[str]:
    if kind.literals:
        return [str(v) for v in kind.literals]
    if kind.model is not None:
        keys = f"a mapping of {', '.join(kind.model.model_fields)}"
        return [*getattr(kind.model, "short_form", ()), keys]
    if kind.entries is not None:
        return ["a mapping"]
    if kind.items:
        return [_list(kind)]
    if kind.type is Any:
        return ["value"]
    if kind.type is bool:
        return ["true", "false"]
    if kind.type in (int, float):
        return [("a whole number" if kind.type is int else "a number") + _range(kind.limits)]
    return ["a text"]


def _list(kind: Alternative) -> str:
    first, *rest = kind.items
    item = words(alternatives(first)).removeprefix("a ")
    if rest == [...]:
        return f"a list of {_plural(item)}"
    count = {2: "two", 3: "three", 4: "four"}.get(len(kind.items), str(len(kind.items)))
    return f"a list of {count} {_plural(item)}"


def _plural(noun: str) -> str:
    """Put the first words in the plural: ``whole number of 0 or more`` -> ``whole numbers of 0 or more``."""
    if noun == "text or a number":
        return "texts or numbers"
    for singular in ("whole number", "number", "text", "value"):
        if noun.startswith(singular):
            return singular + "s" + noun.removeprefix(singular)
    return noun


def _range(limits: tuple[Any, ...]) -> str:
    over, least = limit(limits, "gt"), limit(limits, "ge")
    under, most = limit(limits, "lt"), limit(limits, "le")
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    if least is not None and under is not None:
        return f" from {least:g} to under {_power(under)}"
    if over is not None and most is not None:
        return f" over {over:g} up to {most:g}"
    low = f" over {over:g}" if over is not None else f" of {least:g} or more" if least is not None else ""
    return low + (f" and under {_power(under)}" if under is not None else "")


def _power(value: float) -> str:
    return "2^31" if value == 2**31 else f"{value:g}"
