"""How an arm's keys, or a command line's, go over the study's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sharewise.train.techniques import TECHNIQUES

# What else belongs to an encoder that is loaded, and goes when another source takes its place.
_OF_NAME = ("name", "revision", "trust_remote_code")


def merge_training(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Merge training keys; naming one way to size batches drops the other.

    Keys of a technique are merged one by one; no value at all switches it off.
    """
    rivals = {"batch_tokens": "batch_rows", "batch_rows": "batch_tokens"}
    dropped = {rivals[key] for key in overrides if key in rivals} - set(overrides)
    merged = {k: v for k, v in base.items() if k not in dropped} | dict(overrides)
    for key in TECHNIQUES:
        if isinstance(base.get(key), Mapping) and isinstance(overrides.get(key), Mapping):
            merged[key] = {**base[key], **overrides[key]}
    return merged


def merge_encoder(base: Any, overrides: Any) -> dict[str, Any]:
    """Merge encoder keys, either side in its short form or not; naming one source drops the other.

    Keys of `scratch` are merged one by one. With the old `name` go its `revision` and `trust_remote_code`.
    """
    base, overrides = long_form(base), long_form(overrides)
    if overrides.get("name") is not None:
        dropped: tuple[str, ...] = (*_OF_NAME, "scratch")
    elif "scratch" in overrides:
        dropped = _OF_NAME
    else:
        dropped = ()
    merged: dict[str, Any] = {k: v for k, v in base.items() if k not in dropped} | overrides
    if isinstance(base.get("scratch"), Mapping) and isinstance(overrides.get("scratch"), Mapping):
        merged["scratch"] = {**base["scratch"], **overrides["scratch"]}
    return merged


def merge_backend(base: Any, overrides: Any) -> dict[str, Any]:
    """Merge backend keys, either side in its short form or not; another name drops the keys of the old one."""
    base, overrides = long_form(base), long_form(overrides)
    kept = base if overrides.get("name", base.get("name", "heads")) == base.get("name", "heads") else {}
    return {**kept, **overrides}


def long_form(section: Any) -> dict[str, Any]:
    """Return the keys of an encoder or backend, whose short form is its name alone; of anything else nothing."""
    if isinstance(section, str):
        return {"name": section}
    return dict(section) if isinstance(section, Mapping) else {}
