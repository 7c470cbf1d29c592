"""What one key of a study says of others: names that must exist, arms whose overrides must fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from sharewise.errors import UnknownName
from sharewise.models.backend import BackendOptions
from sharewise.models.options import EncoderOptions
from sharewise.study.arms import HARD
from sharewise.study.errors import KeyPath, Mistake
from sharewise.study.merging import long_form, merge_backend, merge_encoder, merge_training
from sharewise.study.methods import sharing_mistakes, text_mistakes, weighting_mistakes
from sharewise.study.search_mistakes import search_mistakes
from sharewise.study.suggestions import suggest
from sharewise.study.sweep_mistakes import sweep_mistakes
from sharewise.study.techniques import technique_mistakes
from sharewise.study.translation import mistakes_in, pruned, unknown_name
from sharewise.study.truths import truths_in
from sharewise.tasks import DECISION_KEYS, KINDS, LOSS_KEYS, AnyTaskOptions, BinaryOptions
from sharewise.train.options import JOINT_METRICS, METRICS, TrainingOptions

_SINGLE = "single"
# The keys of a task that are ways to train or to decide, and not the question itself.
_PER_ARM = ("weight", "targets", "vote_weights", *LOSS_KEYS, *DECISION_KEYS)


def check_references(study: Any) -> list[Mistake]:
    """Return what doesn't fit together in a study of plain values, whatever else is wrong with it."""
    if not isinstance(study, Mapping):
        return []
    data, tasks, arms = (_names(study.get(key)) for key in ("data", "tasks", "arms"))

    def check(name: str, arm: Mapping[str, Any]) -> list[Mistake]:
        within = _metrics({**study, "arms": {name: arm}, "report": None}, tasks)
        own = ("arms", name)
        return [*_arm(name, arm, study, tasks, arms), *(m for m in within if m.path[:2] == own)]

    return [
        *_tasks(tasks, data),
        *_splits(data, tasks),
        *_metrics(study, tasks),
        *technique_mistakes(study, {}, tasks, ()),
        *_alike("data", data),
        *_alike("tasks", tasks),
        *_alike("arms", arms),
        *(mistake for name, arm in arms.items() for mistake in _arm(name, arm, study, tasks, arms)),
        *sweep_mistakes(study.get("sweep"), arms or {HARD: {}}, tasks, check),
        *search_mistakes(study.get("search"), study.get("sweep"), arms or {HARD: {}}, tasks, check),
    ]


def _tasks(tasks: Mapping[str, Any], data: Mapping[str, Any]) -> Iterable[Mistake]:
    for name, task in tasks.items():
        source = _names(task).get("data")
        # Where there is no data set at all, that is the mistake.
        if data and isinstance(source, str) and source and source not in data:
            yield unknown_name(("tasks", name, "data"), UnknownName(source, data, what="data set"))


def _splits(data: Mapping[str, Any], tasks: Mapping[str, Any]) -> Iterable[Mistake]:
    """Data sets that are trained on together need a test split all of them, or none."""
    sources = [_names(task).get("data") for task in tasks.values()]
    used = {name: _names(section) for name, section in data.items() if name in sources}
    tested = [name for name, section in used.items() if section.get("test") is not None]
    for name in used:
        if tested and name not in tested:
            yield Mistake(
                path=("data", name, "test"),
                problem=f"`test` is missing, and data set `{tested[0]}` has one",
                expected='a test split in every data set, or in none; "10%" cuts one from train',
                code="missing",
            )


def _metrics(study: Mapping[str, Any], tasks: Mapping[str, Any]) -> Iterable[Mistake]:
    """A metric of the whole study must be one that some of its tasks have."""
    kinds = [_kind(task) for task in tasks.values()]
    if not kinds or None in kinds:
        return
    valid = dict.fromkeys(m for kind in kinds if kind for m in kind.valid_metrics)
    if BinaryOptions in kinds:
        valid |= dict.fromkeys(JOINT_METRICS)
    sections: list[tuple[KeyPath, Any]] = [(("training",), study.get("training"))]
    sections += [
        (("arms", n, "training"), _names(a).get("training")) for n, a in _names(study.get("arms")).items()
    ]
    named = [((*path, "select"), _names(section).get("select")) for path, section in sections]
    named.append((("report", "epoch_metric"), _names(study.get("report")).get("epoch_metric")))
    for path, metric in named:
        if metric in METRICS and metric not in valid:
            yield Mistake(
                path=path,
                problem=f"no task of this study has the metric `{metric}`",
                expected=f"one of {', '.join(valid)}",
            )


def _alike(section: str, names: Iterable[str]) -> Iterable[Mistake]:
    """Names that become folders must differ by more than case, for some file systems see none."""
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(name.casefold(), name)
        if other != name:
            yield Mistake(
                path=(section, name), problem=f"differs from `{other}` in case only", about_key=True
            )


def _arm(
    name: str, arm: Any, study: Mapping[str, Any], tasks: Mapping[str, Any], arms: Mapping[str, Any]
) -> Iterable[Mistake]:
    path = ("arms", name)
    if name == _SINGLE:
        yield Mistake(
            path=path,
            problem="`single`, one model a task, is always there; give this arm another name",
            about_key=True,
        )
    arm = _names(arm)
    baseline = arm.get("baseline")
    if baseline == name:
        yield Mistake(path=(*path, "baseline"), problem="an arm can't be its own baseline")
    elif isinstance(baseline, str) and baseline in _names(study.get("sweep")):
        yield Mistake(
            path=(*path, "baseline"),
            problem=f"`{baseline}` is swept: its settings are arms, and none of them is it",
            expected="an arm that is not swept",
        )
    elif isinstance(baseline, str) and baseline in _names(study.get("search")):
        yield Mistake(
            path=(*path, "baseline"),
            problem=f"`{baseline}` is searched: what is found is another arm",
            expected="an arm that is not searched",
        )
    elif isinstance(baseline, str) and baseline not in (_SINGLE, *arms):
        others = [_SINGLE, *(a for a in arms if a not in (name, _SINGLE))]
        yield unknown_name((*path, "baseline"), UnknownName(baseline, others, what="other arm"))
    yield from sharing_mistakes(arm, tasks, path)
    merged = merge_training(_names(study.get("training")), _names(arm.get("training")))
    yield from weighting_mistakes(arm, merged, path)
    yield from technique_mistakes(study, arm, tasks, path)
    if training := _names(arm.get("training")):
        base = _names(study.get("training"))
        yield from _overrides(
            TrainingOptions, base, training, merge_training(base, training), (*path, "training")
        )
    encoder = arm.get("encoder")
    if isinstance(encoder, (str, Mapping)):
        source = study.get("encoder")
        merged = merge_encoder(source, encoder)
        yield from _overrides(
            EncoderOptions, long_form(source), long_form(encoder), merged, (*path, "encoder")
        )
    yield from _backend(study.get("backend"), arm, path)
    for task, overrides in _names(arm.get("tasks")).items() if tasks else ():
        yield from _task(task, overrides, tasks, (*path, "tasks", task))


def _backend(source: Any, arm: Mapping[str, Any], path: KeyPath) -> Iterable[Mistake]:
    """Check an arm's backend, and what else of the arm does not go with it."""
    own = arm.get("backend")
    merged = merge_backend(source, own)
    if isinstance(own, (str, Mapping)):
        yield from _overrides(BackendOptions, long_form(source), long_form(own), merged, (*path, "backend"))
    if merged.get("name") == "text2text":
        yield from text_mistakes(arm, path)


def _overrides(
    model: type[BaseModel],
    base: Mapping[str, Any],
    overrides: Mapping[str, Any],
    merged: Mapping[str, Any],
    path: KeyPath,
) -> Iterable[Mistake]:
    """Check a section with an arm's keys in it; what is wrong without them is the section's own mistake."""
    before = {m.path for m in _check(model, base, path)}
    for mistake in _check(model, merged, path):
        depth = len(path)
        if (len(mistake.path) > depth and mistake.path[depth] in overrides) or mistake.path not in before:
            yield mistake


def _check(model: type[BaseModel], keys: Mapping[str, Any], path: KeyPath) -> list[Mistake]:
    truths = truths_in(keys, model, path)
    try:
        model.model_validate(keys)
    except ValidationError as error:
        return pruned([*mistakes_in(error, model, path), *truths])
    return truths


def _task(name: str, overrides: Any, tasks: Mapping[str, Any], path: KeyPath) -> Iterable[Mistake]:
    if name not in tasks:
        yield unknown_name(path, UnknownName(name, tasks, what="task"))
        return
    overrides = _names(overrides)
    kind = _kind(tasks[name]) or KINDS[0]
    own = [key for key in _PER_ARM if key in kind.model_fields]
    trained = {k: v for k, v in overrides.items() if k in own}
    base = _names(tasks[name])
    yield from _overrides(kind, base, trained, {**base, **trained}, path)
    for key in overrides:
        if key not in trained:
            known = key in kind.model_fields
            problem = (
                "says what the task is, which every arm shares" if known else "there is no such key here"
            )
            yield Mistake(
                path=(*path, key),
                problem=problem,
                expected=f"only {', '.join(own)}",
                hint=None if known else suggest(key, own),
                about_key=True,
            )


def _kind(task: Any) -> type[AnyTaskOptions] | None:
    """Return the options class of a task's kind, if there is such a kind."""
    name = _names(task).get("kind")
    return next((kind for kind in KINDS if kind.model_fields["kind"].default == name), None)


def _names(section: Any) -> dict[str, Any]:
    """Return a mapping's entries by name, and nothing for whatever isn't a mapping."""
    return {k: v for k, v in section.items() if isinstance(k, str)} if isinstance(section, Mapping) else {}
