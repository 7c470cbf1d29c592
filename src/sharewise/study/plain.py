"""Options as plain mappings that hold only what was set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


def plain(value: Any) -> Any:
    """Turn options, alone or in mappings and lists, into plain values, without keys that were left out."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        # A task's kind is a default of its class, and yet says what the task is.
        kept = value.model_fields_set | ({"kind"} & set(fields))
        return {name: plain(getattr(value, name)) for name in fields if name in kept}
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return value
