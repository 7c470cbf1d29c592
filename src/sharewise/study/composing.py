"""Options of several methods as one set of keys: those of the method that is chosen count, others are refused."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import create_model
from pydantic.fields import FieldInfo

from sharewise.options import Options


def composed(base: type[Options], methods: Mapping[str, type[Options]]) -> Any:
    """Return a class with the keys of ``base`` and of every method's options.

    Each key says in its description which methods have it.

    Args:
        base: keys that are always there; the class takes its name, its module and its docstring.
        methods: method -> its options.

    Raises:
        TypeError: where two methods declare a key of one name differently, or one of ``base``'s keys anew.
    """
    found: dict[str, FieldInfo] = {}
    owners: dict[str, list[str]] = {}
    for method, options in methods.items():
        for key, field in options.model_fields.items():
            if key in base.model_fields:
                raise TypeError(f"{method}: the key `{key}` is there already, whatever the method")
            if _declaration(found.setdefault(key, field)) != _declaration(field):
                others = " and ".join(owners[key])
                raise TypeError(
                    f"{method}: the key `{key}` is declared otherwise by {others}; give it another name"
                )
            owners.setdefault(key, []).append(method)
    fields: dict[str, Any] = {}
    for key, field in found.items():
        fields[key] = (field.annotation, copy.copy(field))
        fields[key][1].description = f"{', '.join(owners[key])}: {field.description}"
    return create_model(
        base.__name__, __base__=base, __module__=base.__module__, __doc__=base.__doc__, **fields
    )


def _declaration(field: FieldInfo) -> tuple[Any, ...]:
    return field.annotation, field.default, repr(field.metadata), field.description
