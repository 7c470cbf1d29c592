"""Mistakes that show only with the data or the encoder at hand, put where the study file makes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sharewise.errors import UserError
from sharewise.study.errors import KeyPath, StudyError, dotted, nearest_place
from sharewise.study.schema import SINGLE, Study


@contextmanager
def located(study: Study, *, arm: str | None = None) -> Iterator[None]:
    """Name the study file and the line in every `UserError` that is about one of its keys.

    A study from Python has no lines, and a mistake in a cell of a data file has its own place.

    Args:
        study: which is read.
        arm: the arm at work: what it says of a task goes before what the task says itself.

    Raises:
        UserError: as it was raised within, with the place before it.
    """
    try:
        yield
    except StudyError:
        raise
    except UserError as error:
        if arm is not None and _is_of_arm(study, arm, error):
            error = UserError(
                f"arms.{arm}.{error.problem}", expected=error.expected, action=error.action, key=error.key
            )
        path = _path(study, error)
        place = nearest_place(path, study.origin.places) if path else None
        if path is None or place is None:
            raise
        problem = f"{error.key}: {error.problem}" if error.key else error.problem
        if place.line:
            message = f"{study.origin.source}, {place.name}, {problem}{place.excerpt(about_key=False)}"
        else:
            # `--set data.d.train=x.csv: there is …` says the key already.
            message = f"{place.name}: {problem.removeprefix(f'{dotted(path)}: ')}"
        raise UserError(message, expected=error.expected, action=error.action) from error


def _is_of_arm(study: Study, arm: str, error: UserError) -> bool:
    """Whether a message is about a key of a task that the arm has written anew."""
    written = (path[2:] for path in study.origin.places if path[:3] == ("arms", arm, "tasks"))
    return any(len(path) == 3 and _begins(error.problem, dotted(path)) for path in written)


def _path(study: Study, error: UserError) -> KeyPath | None:
    """Return the longest of the written paths of keys that a message begins with."""
    said = error.key or error.problem
    if error.key is None and said.startswith("encoder "):
        written = {study.resolve(arm).encoder.name: path for arm, path in reversed([*_encoders(study)])}
        return next((path for name, path in written.items() if said.startswith(f"encoder {name}:")), None)
    return max((path for path in study.origin.places if _begins(said, dotted(path))), key=len, default=None)


def _begins(text: str, key: str) -> bool:
    return bool(key) and text.startswith(key) and text[len(key) : len(key) + 1] in ("", ":", ".")


def _encoders(study: Study) -> Iterable[tuple[str, KeyPath]]:
    yield SINGLE, ("encoder",)
    for arm in study.compared_arms:
        swept = study.settings.get(arm)
        own = swept is not None and "encoder" in swept.values
        yield arm, ("sweep" if own else "arms", swept.arm if swept else arm, "encoder")
