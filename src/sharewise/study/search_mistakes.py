"""What is wrong with a search: of an arm that isn't there, over a key or between ends that the arm couldn't have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard

from sharewise.errors import UnknownName
from sharewise.study.errors import KeyPath, Mistake
from sharewise.study.methods import missing_packages
from sharewise.study.sweep_mistakes import (
    CheckArm,
    arm_mistakes,
    checked,
    swept_keys,
    unknown_key,
    value_mistakes,
)
from sharewise.study.sweeping import WEIGHTS
from sharewise.study.translation import unknown_name
from sharewise.study.wording import shown

PACKAGES = {"optuna": "tuning"}


def search_mistakes(
    search: Any, sweep: Any, arms: Mapping[str, Any], tasks: Mapping[str, Any], check: CheckArm
) -> Iterator[Mistake]:
    """Return what is wrong with the searches of a study of plain values, whatever else is wrong with it.

    Args:
        search: arm -> keys of a search.
        sweep: of the study.
        arms: of the study, without `single`.
        tasks: of the study.
        check: mistakes in an arm that go beyond the types of its keys.
    """
    if not isinstance(search, Mapping) or not search:
        return
    yield from missing_packages(PACKAGES, "`search`", ("search",))
    for name, keys in search.items():
        path = ("search", str(name))
        if name == "single":
            yield Mistake(
                path=path,
                problem="`single` is searched together with each arm that it is the baseline of",
                expected="the name of an arm",
                about_key=True,
            )
        elif name not in arms:
            yield unknown_name(path, UnknownName(str(name), arms, what="arm"))
        elif isinstance(sweep, Mapping) and name in sweep:
            yield Mistake(
                path=path, problem="this arm is swept too; an arm is swept or searched", about_key=True
            )
        elif isinstance(keys, Mapping) and isinstance(keys.get("over"), Mapping):
            arm = arms[name] if isinstance(arms[name], Mapping) else {}
            before = {(m.path, m.problem) for m in checked(str(name), arm, check)}
            for key, axis in keys["over"].items():
                yield from _axis((*path, "over", str(key)), arm, str(key), axis, tasks, check, before)


def _axis(
    path: KeyPath,
    arm: Mapping[str, Any],
    key: str,
    axis: Any,
    tasks: Mapping[str, Any],
    check: CheckArm,
    before: set[tuple[KeyPath, str]],
) -> Iterable[Mistake]:
    section, _, task = key.partition(".")
    of_task = section == WEIGHTS and bool(task)
    if of_task and task not in tasks:
        yield unknown_name(path, UnknownName(task, tasks, what="task"))
        return
    if not of_task and key not in swept_keys():
        yield unknown_key(path, key)
        return
    if isinstance(axis, Mapping):
        yield from _range(path, axis)
    if of_task:
        yield from _weights(path, axis)
    elif isinstance(axis, Mapping):
        for end in ("low", "high"):
            if _is_number(axis.get(end)):
                yield from arm_mistakes((*path, end), arm, key, axis[end], check, before)
    elif isinstance(axis, (list, tuple)):
        yield from value_mistakes(path, arm, key, axis, tasks, check, before)


def _range(path: KeyPath, axis: Mapping[str, Any]) -> Iterable[Mistake]:
    low, high = axis.get("low"), axis.get("high")
    if not _is_number(low) or not _is_number(high):
        return
    if low >= high:
        yield Mistake(path=(*path, "high"), problem=f"{shown(high)} is not over `low`, which is {shown(low)}")
    elif axis.get("log") is True and low <= 0:
        yield Mistake(
            path=(*path, "low"),
            problem=f"{shown(low)} has no logarithm",
            expected="a number over 0 with `log: true`",
        )


def _weights(path: KeyPath, axis: Any) -> Iterable[Mistake]:
    entries = (
        axis.items()
        if isinstance(axis, Mapping)
        else enumerate(axis if isinstance(axis, (list, tuple)) else ())
    )
    for place, value in entries:
        if place != "log" and not (_is_number(value) and value >= 0):
            yield Mistake(path=(*path, place), problem=f"{shown(value)} is not a number of 0 or more")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
