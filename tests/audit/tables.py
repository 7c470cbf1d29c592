"""The rows that the guide's table of audit.json must have, made from the schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from sharewise.audit.schema import Audit, Record


def rows() -> list[str]:
    """One row a field, in order."""
    return [f"| `{path}` | {description} |" for path, description in fields(Audit)]


def fields(record: type[Record], above: str = "") -> Iterator[tuple[str, str]]:
    """Every field of a record and of the records below it: its path, and what it means."""
    for name, field in record.model_fields.items():
        parts = list(_records(field.annotation))
        path = above + (field.alias or name)
        listed = "[]" if parts and "tuple" in str(field.annotation) else ""
        yield path + listed, str(field.description)
        for part in parts:
            yield from fields(part, f"{path}{listed}.")


def _records(annotation: Any) -> Iterator[type[Record]]:
    if isinstance(annotation, type) and issubclass(annotation, Record):
        yield annotation
    for inner in get_args(annotation):
        yield from _records(inner)
