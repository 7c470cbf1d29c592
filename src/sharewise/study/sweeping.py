"""Sweeps: each setting of an arm's keys, over lists of values, is an arm of its own."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sharewise.study.merging import long_form, merge_encoder, merge_training

WEIGHTS = "weights"
EQUAL = "equal"
_LONGEST = 100
"""Bytes of a setting's name; folders bear it, inside that of a baseline of its own too."""
_UNSAFE = re.compile(r"[^\w.+-]+")


@dataclass(frozen=True)
class Setting:
    """One arm of a sweep.

    Attributes:
        arm: the arm that is swept.
        name: of the setting as an arm: ``hard[learning_rate=0.0001]``.
        values: key of the sweep -> its value here.
        keys: the arm's keys with the setting in them, plain values.
        added: whether it is the setting of equal weights that every sweep over weights has.
    """

    arm: str
    name: str
    values: dict[str, Any]
    keys: dict[str, Any]
    added: bool = False


def settings_of(
    name: str, arm: Mapping[str, Any], axes: Mapping[str, Sequence[Any]], weights: Mapping[str, float]
) -> list[Setting]:
    """Return a sweep's settings: the grid of its keys' values, the last key changing fastest.

    A sweep over weights without a setting in which all tasks weigh the same gets one, for tuned equal weights are
    what another weighting has to beat.

    Args:
        name: of the arm.
        arm: its keys, plain values.
        axes: key of the sweep -> its values; ``weights`` takes mappings of tasks to weights.
        weights: task -> weight in the arm as it stands, for tasks that a setting leaves out.
    """
    entries = {key: list(zip(_labels(key, axes), values, strict=True)) for key, values in axes.items()}
    if WEIGHTS in axes and not any(equal({**weights, **value}) for value in axes[WEIGHTS]):
        entries[WEIGHTS].append((EQUAL, dict.fromkeys(weights, 1.0)))
    grid = list(itertools.product(*entries.values()))
    inner = [",".join(label for label, _ in point) for point in grid]
    if any(len(text.encode()) > _LONGEST for text in inner):
        inner = [f"setting={number}" for number in range(1, len(grid) + 1)]
    settings = []
    for text, point in zip(inner, grid, strict=True):
        values = {key: value for key, (_, value) in zip(entries, point, strict=True)}
        added = any(key == WEIGHTS and label == EQUAL for key, (label, _) in zip(entries, point, strict=True))
        settings.append(Setting(name, f"{name}[{text}]", values, with_values(arm, values), added))
    return settings


def setting_name(arm: str, values: Mapping[str, Any], inner: Sequence[str] = ()) -> str:
    """Return the name of one setting by itself, its values in brackets; without them where it would be too long."""
    labels = [
        label for key, value in values.items() for label in _labels(key, {k: [v] for k, v in values.items()})
    ]
    text = ",".join([*inner, *labels])
    return (
        f"{arm}[{text}]" if 0 < len(text.encode()) <= _LONGEST else f"{arm}[{','.join([*inner, 'chosen'])}]"
    )


def with_values(arm: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an arm's keys, plain values, with those of a setting in them."""
    keys = dict(arm)
    for key, value in values.items():
        if key == WEIGHTS:
            own = keys.get("tasks") or {}
            heavy = {task: {**(own.get(task) or {}), "weight": weight} for task, weight in value.items()}
            keys["tasks"] = {**own, **heavy}
            continue
        first, *rest = key.split(".")
        for step in reversed(rest):
            value = {step: value}
        if first == "training":
            keys[first] = merge_training(keys.get(first) or {}, value)
        elif first == "encoder":
            keys[first] = merge_encoder(keys.get(first), value)
        elif first == "weighting" and rest:
            own = keys.get(first)
            keys[first] = {**({"method": own} if isinstance(own, str) else long_form(own)), **value}
        else:
            keys[first] = value
    return keys


def equal(weights: Mapping[str, Any]) -> bool:
    """Whether all tasks weigh the same: only proportions count."""
    return len(set(weights.values())) <= 1


def _labels(key: str, axes: Mapping[str, Sequence[Any]]) -> list[str]:
    """A name for each value of a key; numbers where values have no short name, or two the same."""
    values = axes[key]
    short = key.rpartition(".")[2]
    if sum(other.rpartition(".")[2] == short for other in axes) > 1:
        short = key
    if key == WEIGHTS:
        labels = [",".join(f"{task}={_text(weight)}" for task, weight in value.items()) for value in values]
    else:
        labels = [f"{short}={_text(value)}" for value in values]
    plain = key == WEIGHTS or not any(isinstance(value, (Mapping, list, tuple)) for value in values)
    if plain and len({label.casefold() for label in labels}) == len(labels):
        return labels
    return [f"{short}={number}" for number in range(1, len(values) + 1)]


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return _UNSAFE.sub("_", str(value))
