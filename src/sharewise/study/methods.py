"""What an arm's method takes: its own keys and no other's, tasks in groups, packages that are installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import Any

from sharewise.errors import UnknownName
from sharewise.models.sharing import SHARINGS, GroupsOptions
from sharewise.study.arms import HARD, SHARING_KEYS
from sharewise.study.errors import KeyPath, Mistake
from sharewise.study.translation import unknown_name
from sharewise.study.weightings import STATIC, WEIGHTING_KEYS
from sharewise.study.wording import one_of
from sharewise.weighting import WEIGHTINGS


def sharing_mistakes(arm: Mapping[str, Any], tasks: Iterable[str], path: KeyPath) -> Iterable[Mistake]:
    """Return what is wrong with an arm's sharing method, beyond the types of its keys.

    Args:
        arm: plain values.
        tasks: names of the study's tasks.
        path: of the arm.
    """
    name = arm.get("sharing", HARD)
    if not isinstance(name, str) or name not in SHARINGS:
        return
    options = SHARINGS[name].options
    for key in arm:
        if key in SHARING_KEYS and key not in options.model_fields:
            owners = [f"`sharing: {n}`" for n, m in sorted(SHARINGS.items()) if key in m.options.model_fields]
            yield Mistake(
                path=(*path, key),
                problem=f"this key belongs to {one_of(owners)}, and this arm's is `{name}`",
                about_key=True,
            )
    yield from missing_packages(SHARINGS[name].packages, f"`sharing: {name}`", (*path, "sharing"))
    if issubclass(options, GroupsOptions) and isinstance(arm.get("groups"), Mapping):
        yield from _groups(arm["groups"], list(tasks), (*path, "groups"))


def weighting_mistakes(
    arm: Mapping[str, Any], training: Mapping[str, Any], path: KeyPath
) -> Iterable[Mistake]:
    """Return what is wrong with an arm's weighting, beyond the types of its keys.

    Args:
        arm: plain values.
        training: the arm's training keys, the study's own among them.
        path: of the arm.
    """
    choice = arm.get("weighting")
    keys = choice if isinstance(choice, Mapping) else {"method": choice}
    name, place = keys.get("method", STATIC), (*path, "weighting")
    if not isinstance(name, str) or name not in WEIGHTINGS:
        return
    method = WEIGHTINGS[name]
    for key in keys:
        if key in WEIGHTING_KEYS and key not in method.options.model_fields:
            owners = [f"`{n}`" for n, m in WEIGHTINGS.items() if key in m.options.model_fields]
            yield Mistake(
                path=(*place, key),
                problem=f"this key belongs to the method {one_of(owners)}, and this one is `{name}`",
                about_key=True,
            )
    yield from missing_packages(method.packages, f"`weighting: {name}`", place)
    if method.every_task and training.get("stop") == "per_task":
        yield Mistake(
            path=place,
            problem=f"`{name}` needs every task in every step, and with `stop: per_task` tasks leave one by one",
            expected="`stop: joint` or `never` in this arm's `training`, or another method",
        )
    sharing = SHARINGS.get(str(arm.get("sharing", HARD)))
    if (
        method.gradients
        and keys.get("on") == "representation"
        and sharing is not None
        and not sharing.one_pass
    ):
        yield Mistake(
            path=(*place, "on"),
            problem=f"with `sharing: {sharing.name}` there is no representation that all tasks read",
            expected="`on: parameters`",
        )


def text_mistakes(arm: Mapping[str, Any], path: KeyPath) -> Iterable[Mistake]:
    """Return what an arm can't have whose model writes text: heads, and what is between them and an encoder.

    Args:
        arm: plain values.
        path: of the arm.
    """
    if arm.get("sharing", HARD) != HARD:
        yield Mistake(
            path=(*path, "sharing"),
            problem="a text-to-text model has no heads, and its tasks share all of it",
            expected=f"`sharing: {HARD}` with `backend: text2text`",
        )
    weighting = arm.get("weighting")
    if isinstance(weighting, Mapping) and weighting.get("on") == "representation":
        yield Mistake(
            path=(*path, "weighting", "on"),
            problem="with `backend: text2text` there is no representation that all tasks read",
            expected="`on: parameters`",
        )


def missing_packages(packages: Mapping[str, str], what: str, path: KeyPath) -> Iterable[Mistake]:
    """Return a mistake where a method needs a package that isn't there.

    Args:
        packages: package -> the extra that installs it.
        what: the method, as the message names it.
        path: of the key that chose it.
    """
    absent = [package for package in packages if find_spec(package) is None]
    if absent:
        yield Mistake(
            path=path,
            problem=f"{what} needs the package {one_of(absent, 'and')}, which is not installed",
            expected=f"pip install 'sharewise[{packages[absent[0]]}]'",
        )


def _groups(groups: Mapping[Any, Any], tasks: list[str], path: KeyPath) -> Iterable[Mistake]:
    """Each task stands in one group."""
    seen: dict[str, Any] = {}
    whole = True
    for name, group in groups.items():
        listed = isinstance(group, (list, tuple)) and len(group) > 0
        whole = whole and listed
        for number, task in enumerate(group if listed else ()):
            if not isinstance(task, str):
                whole = False
            elif task not in tasks:
                whole = False
                yield unknown_name((*path, name, number), UnknownName(task, tasks, what="task"))
            elif task in seen:
                yield Mistake(
                    path=(*path, name, number), problem=f"`{task}` is in group `{seen[task]}` already"
                )
            seen.setdefault(task, name)
    left_out = [task for task in tasks if task not in seen]
    if left_out and whole:
        yield Mistake(
            path=path,
            problem=f"no group holds {one_of([f'`{t}`' for t in left_out], 'and')}",
            expected="each task in one group; a group may be of one task",
        )
