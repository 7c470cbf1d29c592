"""What a training technique needs of the rest of the study: votes, heads, a step in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sharewise.study.errors import KeyPath, Mistake
from sharewise.study.merging import merge_backend, merge_training
from sharewise.train.techniques import TECHNIQUES

# What passes through the model twice; a curriculum only chooses rows.
_TWICE = TECHNIQUES[:2]


def technique_mistakes(
    study: Mapping[str, Any], arm: Mapping[str, Any], tasks: Mapping[str, Any], path: KeyPath
) -> Iterable[Mistake]:
    """Return what an arm's techniques lack, where the arm itself says something of it.

    Args:
        study: plain values.
        arm: plain values; empty for the study's own keys.
        tasks: of the study, plain values.
        path: of the arm, or empty.
    """
    own = _mapping(arm.get("training") if path else study.get("training"))
    training = merge_training(_mapping(study.get("training")), own)
    used = [key for key in TECHNIQUES if isinstance(training.get(key), Mapping)]
    votes = any("votes" in _mapping(task) for task in tasks.values())
    if "curriculum" in used and "curriculum" in own and tasks and not votes:
        yield Mistake(
            path=(*path, "training", "curriculum"),
            problem="a curriculum needs raters' votes, and no task has `votes`",
            expected="`votes` in one task at least: the columns of the raters' votes",
        )
    backend = arm.get("backend") if path else study.get("backend")
    writes = merge_backend(study.get("backend"), backend).get("name") == "text2text"
    weighting = arm.get("weighting")
    cut = isinstance(weighting, Mapping) and weighting.get("on") == "representation"
    for key in used if writes or cut else ():
        if key not in _TWICE:
            continue
        if writes and (key in own or backend is not None):
            yield Mistake(
                path=(*path, "training", key) if key in own else (*path, "backend"),
                problem=f"`{key}` trains heads on an encoder, and a text-to-text model has none",
                expected=f"`backend: heads`, or `training: {{{key}: null}}` in this arm",
            )
        if cut:
            yield Mistake(
                path=(*path, "weighting", "on"),
                problem=f"`{key}` reads the encoder twice in a step, which combines gradients of one reading here",
                expected="`on: parameters`",
            )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
