"""What pydantic found wrong, as mistakes in the language of the study file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from sharewise.errors import UnknownName
from sharewise.study.errors import KeyPath, Mistake
from sharewise.study.keys import Alternative, alternatives, field_alternatives
from sharewise.study.misplaced import belongs
from sharewise.study.suggestions import suggest
from sharewise.study.wording import meaning, one_of, shown, words
from sharewise.tasks import KINDS


@dataclass
class _Spot:
    """A place in the schema that pydantic's location names.

    Attributes:
        path: the keys that lead there, without the names of types that pydantic puts between them.
        kinds: what may stand there.
        field: the declaration of the last key.
        owner: the mapping that the last key stands in.
        undecided: whether pydantic speaks of one of several types of the value.
    """

    path: KeyPath
    kinds: tuple[Alternative, ...]
    field: FieldInfo | None = None
    owner: type[BaseModel] | None = None
    undecided: bool = False


def mistakes_in(error: ValidationError, annotation: Any, at: KeyPath = ()) -> list[Mistake]:
    """Turn a validation error into mistakes, one for each thing that the user has to change.

    Args:
        error: of validating a value at ``at`` against ``annotation``.
        annotation: a model, or a union of models told apart by their `kind`.
        at: path of the value in the study.
    """
    found: list[Mistake] = []
    for detail in error.errors(include_url=False):
        code, location = detail["type"], detail["loc"]
        if code == "missing" and isinstance(location[-1], int):
            # One item of a fixed number: what is wrong is the list.
            code, location = "too_short", location[:-1]
        found += _mistakes(code, detail.get("ctx", {}), detail["input"], _follow(location, annotation, at))
    return pruned(found)


def pruned(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Leave out what another mistake says better: of a value inside, or of a key that is only misspelt."""
    mistakes = list(mistakes)
    paths = {m.path for m in mistakes}
    misspelt = {(*m.path[:-1], m.hint) for m in mistakes if m.code == "unknown" and m.hint}
    kept: dict[KeyPath, Mistake] = {}
    for mistake in mistakes:
        if mistake.code == "missing" and mistake.path in misspelt:
            continue
        size = len(mistake.path)
        if mistake.whole and any(len(p) > size and p[:size] == mistake.path for p in paths):
            continue
        kept.setdefault(mistake.path, mistake)
    return list(kept.values())


def _follow(location: tuple[int | str, ...], annotation: Any, at: KeyPath) -> _Spot:
    """Walk down the schema along pydantic's location."""
    spot = _Spot(at, alternatives(annotation))
    current = spot.kinds
    for step in location:
        if step == "[key]":
            break
        if len(current) > 1:
            branch = next((a for a in current if _is_branch(a, step)), None)
            current = (branch,) if branch else ()
            if branch is None or branch.tag != step:
                spot.undecided = True
            continue
        above = spot.field
        spot = replace(spot, path=(*spot.path, step), kinds=(), field=None, owner=None, undecided=False)
        kind = current[0] if current else Alternative(Any)
        if kind.model is not None and step in kind.model.model_fields:
            spot.owner, spot.field = kind.model, kind.model.model_fields[str(step)]
            spot.kinds = field_alternatives(spot.field)
        elif kind.model is not None:
            spot.owner = kind.model
        elif kind.entries is not None:
            spot.kinds = alternatives(kind.entries)
        elif kind.items and isinstance(step, int):
            spot.field = above
            spot.kinds = alternatives(
                kind.items[0 if kind.items[-1] is ... else min(step, len(kind.items) - 1)]
            )
        current = spot.kinds
    return spot


def _is_branch(kind: Alternative, label: int | str) -> bool:
    """Whether pydantic calls this alternative by this label."""
    if kind.model is not None:
        return label in (kind.tag, kind.model.__name__)
    prefix = "tuple[" if kind.items else "dict[" if kind.entries is not None else None
    return prefix is not None and str(label).startswith(prefix)


def _mistakes(code: str, context: Mapping[str, Any], value: Any, spot: _Spot) -> list[Mistake]:
    path, last = spot.path, spot.path[-1] if spot.path else ""
    if code in ("union_tag_not_found", "union_tag_invalid"):
        return _kind(value, spot)
    if code == "extra_forbidden":
        return [_unknown_key(spot)]
    if code == "missing":
        problem = f"`{last}` is missing"
        return [Mistake(path=path, problem=problem, expected=_meaning_without_default(spot), code="missing")]
    if code == "value_error":
        return [_refused(context["error"], value, spot)]
    return [_wrong(value, spot)]


def _meaning_without_default(spot: _Spot) -> str | None:
    return spot.field.description if spot.field else None


def _wrong(value: Any, spot: _Spot) -> Mistake:
    """A value of the wrong type, out of range or not among the listed ones."""
    kinds = spot.kinds
    expected = meaning(spot.field)
    if value is None and spot.path and isinstance(spot.path[-1], int):
        problem, expected = "an empty value", 'write "null" or "~" in quotes if the text is meant'
    elif value is None and spot.field is not None:
        problem = f"has no value, where {words(kinds)} belongs"
    elif value == {} and any(a.entries for a in kinds):
        problem = "is empty, where one entry at least belongs"
    else:
        problem = f"{shown(value)} is not {words(kinds)}"
    hint = suggest(value, [v for a in kinds for v in a.literals]) if isinstance(value, str) else None
    return Mistake(
        path=spot.path,
        problem=problem,
        expected=expected,
        hint=hint or _number(value, kinds),
        code=_code(value, spot),
        whole=True,
    )


def _code(value: Any, spot: _Spot) -> str:
    """Say whether the value could be mended: a text that looks like a number, a section without keys."""
    if isinstance(value, (bool, int, float)) and any(a.type is str for a in spot.kinds):
        return "text"
    if value is None and all(a.model or a.entries for a in spot.kinds):
        return "entry" if spot.field is None else "empty" if spot.field.is_required() else "section"
    return "empty" if value is None else ""


def _number(value: Any, kinds: tuple[Alternative, ...]) -> str | None:
    """Read `0,1` and `10%` as the number that was meant."""
    if not isinstance(value, str) or not any(a.type in (int, float) for a in kinds):
        return None
    try:
        if value.endswith("%"):
            return f"{float(value[:-1]) / 100:g}"
        return (
            f"{float(value.replace(',', '.').replace(' ', '')):g}" if "," in value or " " in value else None
        )
    except ValueError:
        return None


def _refused(error: Exception, value: Any, spot: _Spot) -> Mistake:
    """A value that one of our own validators refused."""
    if isinstance(error, UnknownName):
        return unknown_name(spot.path, error)
    code = "missing" if value is None else "value"
    return Mistake(path=spot.path, problem=str(error), expected=meaning(spot.field), code=code)


def unknown_name(path: KeyPath, error: UnknownName) -> Mistake:
    """Return the mistake of naming something that doesn't exist."""
    problem = f"there is no {error.what} `{error.name}`"
    hint = suggest(error.name, error.valid)
    others = [kind.model_fields["kind"].default for kind in KINDS if error.name in kind.valid_metrics]
    if others and error.what.endswith("metric"):
        problem, hint = f"{problem}; it is one of {one_of(others, 'and')} tasks", None
    return Mistake(path=path, problem=problem, expected=one_of(error.valid), hint=hint, code="name")


def _unknown_key(spot: _Spot) -> Mistake:
    name = str(spot.path[-1])
    valid = list(spot.owner.model_fields) if spot.owner else []
    hint = suggest(name, valid)
    elsewhere = belongs(name, spot.owner, spot.path, guess=hint is None) if spot.owner else None
    return Mistake(
        path=spot.path,
        problem="; ".join(filter(None, ["there is no such key here", elsewhere])),
        expected=None if elsewhere else f"one of {', '.join(valid)}",
        hint=hint,
        about_key=True,
        code="unknown",
    )


def _kind(value: Any, spot: _Spot) -> list[Mistake]:
    """A task whose `kind` is missing or unknown; its other keys are checked as the likeliest kind's."""
    models = {a.tag: a.model for a in spot.kinds if a.model is not None and a.tag is not None}
    keys = value if isinstance(value, Mapping) else {}
    path = (*spot.path, "kind")
    likely: str | None = None
    if "kind" in keys:
        kind = keys["kind"]
        likely = suggest(kind, models)
        problem = f"there is no kind of task `{kind}`"
        if not isinstance(kind, str):
            problem = "has no value" if kind is None else f"{shown(kind)} is no kind of task"
        mistakes = [Mistake(path=path, problem=problem, expected=one_of(models), hint=likely, code="name")]
    else:
        mistakes = [Mistake(path=path, problem="`kind` is missing", expected=one_of(models), code="missing")]
    trials = [m for tag, m in models.items() if likely in (None, tag)]
    others = min((_as(model, keys, spot.path) for model in trials), key=len)
    return mistakes + others


def _as(model: type[BaseModel], keys: Mapping[str, Any], path: KeyPath) -> list[Mistake]:
    """Check a task's keys as those of one kind."""
    try:
        model.model_validate({k: v for k, v in keys.items() if k != "kind"})
    except ValidationError as error:
        return mistakes_in(error, model, path)
    return []
