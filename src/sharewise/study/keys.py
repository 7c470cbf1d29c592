"""What the schema says of itself: the types at each key, and every key with its path."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Alternative:
    """One type that a value may have, without ``Annotated`` around it, and the limits that stood there."""

    type: Any
    limits: tuple[Any, ...] = ()

    @property
    def model(self) -> type[BaseModel] | None:
        """The type, if it is a mapping of known keys."""
        return self.type if isinstance(self.type, type) and issubclass(self.type, BaseModel) else None

    @property
    def entries(self) -> Any:
        """The type of a mapping's values, if the names in it are free; else None."""
        return get_args(self.type)[1] if get_origin(self.type) is dict else None

    @property
    def items(self) -> tuple[Any, ...]:
        """The types of a list's items, then ``...`` if there may be any number; empty where it is no list."""
        return get_args(self.type) if get_origin(self.type) is tuple else ()

    @property
    def literals(self) -> tuple[Any, ...]:
        """The values themselves, if they are listed."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def tag(self) -> str | None:
        """The one `kind` of a mapping that is chosen by its `kind`."""
        field = self.model.model_fields.get("kind") if self.model else None
        return (
            str(get_args(field.annotation)[0]) if field and get_origin(field.annotation) is Literal else None
        )


@dataclass(frozen=True)
class Key:
    """A key of the study file.

    Attributes:
        path: from the top; ``<name>`` stands for the names that users give.
        owner: the options class that declares it.
        name: the key itself.
        field: its declaration.
    """

    path: tuple[str, ...]
    owner: type[BaseModel]
    name: str
    field: FieldInfo

    @property
    def section(self) -> tuple[str, ...]:
        """The path of the mapping that it stands in."""
        return self.path[:-1]


def alternatives(annotation: Any, limits: tuple[Any, ...] = ()) -> tuple[Alternative, ...]:
    """Return the types that an annotation allows, in order, None left out."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return alternatives(inner, (*limits, *_flat(metadata)))
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(a for member in get_args(annotation) for a in alternatives(member, limits))
    return () if annotation is type(None) else (Alternative(annotation, limits),)


def field_alternatives(field: FieldInfo) -> tuple[Alternative, ...]:
    """Return the types that a key's value may have."""
    return alternatives(field.annotation, tuple(_flat(field.metadata)))


def takes_none(field: FieldInfo) -> bool:
    """Whether a key may be left empty."""
    return type(None) in get_args(field.annotation)


def walk(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[Key]:
    """Yield every key of a model and of the mappings below it; a task's keys come once a kind."""
    for name, field in model.model_fields.items():
        path = (*above, name)
        yield Key(path, model, name, field)
        for alternative in field_alternatives(field):
            if alternative.model:
                yield from walk(alternative.model, path)
            for entry in alternatives(alternative.entries) if alternative.entries else ():
                if entry.model:
                    yield from walk(entry.model, (*path, "<name>"))


def limit(limits: tuple[Any, ...], name: str) -> Any:
    """Return one limit (``ge``, ``gt``, ``le``, ``lt``, ``min_length`` …), or None."""
    return next((getattr(m, name) for m in limits if getattr(m, name, None) is not None), None)


def _flat(metadata: Any) -> Iterator[Any]:
    """Take apart the ``Field(…)`` that stands inside ``Annotated``."""
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from item.metadata
        else:
            yield item
