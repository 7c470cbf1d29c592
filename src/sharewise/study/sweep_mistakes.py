"""What is wrong with a sweep: of an arm that isn't there, over a key or with a value that the arm couldn't have."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from sharewise.errors import UnknownName
from sharewise.models.options import EncoderOptions
from sharewise.study.arms import SHARING_KEYS, ArmOptions
from sharewise.study.errors import KeyPath, Mistake
from sharewise.study.keys import walk
from sharewise.study.suggestions import suggest
from sharewise.study.sweeping import WEIGHTS, with_values
from sharewise.study.translation import mistakes_in, pruned, unknown_name
from sharewise.study.truths import truths_in
from sharewise.study.weightings import WeightingChoice
from sharewise.study.wording import one_of, shown
from sharewise.train.options import TrainingOptions

MOST_SETTINGS = 200
CheckArm = Callable[[str, Mapping[str, Any]], Iterable[Mistake]]


def swept_keys() -> list[str]:
    """Every key that a sweep may be over."""
    nested: dict[str, type[BaseModel]] = {
        "training": TrainingOptions,
        "encoder": EncoderOptions,
        "weighting": WeightingChoice,
    }
    below = [".".join(key.path) for name, model in nested.items() for key in walk(model, (name,))]
    return [WEIGHTS, "sharing", "weighting", "encoder", *below, *SHARING_KEYS]


def sweep_mistakes(
    sweep: Any, arms: Mapping[str, Any], tasks: Mapping[str, Any], check: CheckArm
) -> Iterator[Mistake]:
    """Return what is wrong with the sweeps of a study of plain values, whatever else is wrong with it.

    Args:
        sweep: arm -> key -> values.
        arms: of the study, without `single`.
        tasks: of the study.
        check: mistakes in an arm that go beyond the types of its keys.
    """
    for name, axes in sweep.items() if isinstance(sweep, Mapping) else ():
        path = ("sweep", name)
        if name == "single":
            yield Mistake(
                path=path,
                problem="`single` is trained with the settings of each arm that it is the baseline of",
                expected="the name of an arm",
                about_key=True,
            )
        elif name not in arms:
            yield unknown_name(path, UnknownName(str(name), arms, what="arm"))
        elif isinstance(axes, Mapping):
            yield from _arm(name, arms[name], axes, tasks, check)


def _arm(
    name: str, arm: Any, axes: Mapping[str, Any], tasks: Mapping[str, Any], check: CheckArm
) -> Iterator[Mistake]:
    arm = arm if isinstance(arm, Mapping) else {}
    path = ("sweep", name)
    if not axes:
        yield Mistake(path=path, problem="is empty, where one key at least belongs", expected=_expected())
    before = {(m.path, m.problem) for m in checked(name, arm, check)}
    found = False
    for key, values in axes.items():
        if key not in swept_keys():
            yield unknown_key((*path, key), key)
            found = True
        elif isinstance(values, (list, tuple)):
            for mistake in value_mistakes((*path, key), arm, key, values, tasks, check, before):
                yield mistake
                found = True
    if found or not all(isinstance(values, (list, tuple)) for values in axes.values()):
        return
    size = math.prod(len(values) for values in axes.values())
    if size > MOST_SETTINGS:
        yield Mistake(
            path=path, problem=f"is a grid of {size} settings, and at most {MOST_SETTINGS} are tried"
        )
    elif len(axes) > 1:
        yield from _together(name, arm, axes, check, before)


def value_mistakes(
    path: KeyPath,
    arm: Mapping[str, Any],
    key: str,
    values: Iterable[Any],
    tasks: Mapping[str, Any],
    check: CheckArm,
    before: set[tuple[KeyPath, str]],
) -> Iterator[Mistake]:
    """Look at each value of a key by itself, in the arm as it stands.

    Args:
        path: of the list of values; its second step names the arm.
        arm: plain values.
        key: that the values are for.
        values: of the key.
        tasks: of the study.
        check: see `sweep_mistakes`.
        before: mistakes of the arm without any of the values.
    """
    values = list(values)
    if not values:
        yield Mistake(path=path, problem="an empty list is no list of values", expected="one value at least")
    if key == WEIGHTS and len(tasks) == 1:
        yield Mistake(path=path, problem="with one task a weight changes nothing", about_key=True)
    for number, value in enumerate(values):
        place = (*path, number)
        if value in values[:number] and type(value) is type(values[values.index(value)]):
            yield Mistake(path=place, problem=f"is the same as value {values.index(value) + 1} of the list")
        elif key == WEIGHTS and not (isinstance(value, Mapping) and value):
            yield Mistake(
                path=place,
                problem=f"{shown(value)} is not a mapping of tasks to weights",
                expected="{task: weight}",
            )
        elif value is None:
            yield Mistake(path=place, problem="has no value; leave it out")
        else:
            yield from arm_mistakes(place, arm, key, value, check, before)
            if key == WEIGHTS and not any(isinstance(w, (int, float)) and w > 0 for w in value.values()):
                yield Mistake(path=place, problem="no task has a weight over 0", whole=True)


def arm_mistakes(
    place: KeyPath,
    arm: Mapping[str, Any],
    key: str,
    value: Any,
    check: CheckArm,
    before: set[tuple[KeyPath, str]],
) -> Iterator[Mistake]:
    """Look at an arm with one value in it; see `value_mistakes`. Mistakes are told at the value's own place."""
    for mistake in checked(str(place[1]), with_values(arm, {key: value}), check):
        if (mistake.path, mistake.problem) not in before:
            yield _moved(mistake, key, place)


def _together(
    name: str,
    arm: Mapping[str, Any],
    axes: Mapping[str, Any],
    check: CheckArm,
    before: set[tuple[KeyPath, str]],
) -> Iterator[Mistake]:
    """The first setting of a grid whose values are right by themselves, and don't go together."""
    for point in itertools.product(*axes.values()):
        values = dict(zip(axes, point, strict=True))
        for mistake in checked(name, with_values(arm, values), check):
            if (mistake.path, mistake.problem) not in before:
                named = one_of([f"`{key}: {value}`" for key, value in values.items()], "and")
                yield Mistake(
                    path=("sweep", name),
                    problem=f"{named} don't go together: {mistake.problem}",
                    expected=mistake.expected,
                )
                return


def checked(name: str, arm: Mapping[str, Any], check: CheckArm) -> list[Mistake]:
    """Return all mistakes of an arm."""
    path = ("arms", name)
    mistakes: list[Mistake] = []
    try:
        ArmOptions.model_validate(arm)
    except ValidationError as error:
        mistakes = mistakes_in(error, ArmOptions, path)
    return pruned([*mistakes, *truths_in(arm, ArmOptions, path), *check(name, arm)])


def _moved(mistake: Mistake, key: str, place: KeyPath) -> Mistake:
    """A mistake of the arm with a value in it, told where the sweep names the value."""
    steps = ("arms", str(place[1]), *(("tasks",) if key == WEIGHTS else key.split(".")))
    inside = mistake.path[len(steps) :] if mistake.path[: len(steps)] == steps else ()
    if key == WEIGHTS and inside[1:2] == ("weight",):
        inside = (inside[0], *inside[2:])
    return Mistake(
        path=(*place, *inside),
        problem=mistake.problem,
        expected=mistake.expected,
        hint=mistake.hint,
        about_key=mistake.about_key and bool(inside),
        whole=mistake.whole,
    )


def unknown_key(path: KeyPath, key: object) -> Mistake:
    """Answer a key that nothing can be tried of: often its section was forgotten, as in `learning_rate`."""
    known = swept_keys()
    ends = [other for other in known if other.rpartition(".")[2] == key]
    problem = "no sweep can be over this key"
    if str(key).startswith("tasks"):
        return Mistake(path=path, problem=problem, expected="`weights: [{task: weight}, …]`", about_key=True)
    return Mistake(
        path=path,
        problem=problem,
        expected=_expected(),
        hint=ends[0] if ends else suggest(str(key), known),
        about_key=True,
        code="unknown",
    )


def _expected() -> str:
    return (
        "`weights`, a key of a way to share, or one of training, encoder or weighting: training.learning_rate"
    )
