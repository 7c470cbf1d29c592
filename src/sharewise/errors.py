"""The errors that Sharewise raises on purpose, each a clear message without a traceback."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """The user's input is wrong; the command line answers it with exit code 2.

    Args:
        problem: what is wrong and where, in one sentence, beginning with the place
            (``train.csv, line 7, column 'label'``).
        expected: what was expected there, if that isn't said by ``problem``.
        action: what to do about it.
        key: path of the study's key that is to blame, as users write it, if ``problem`` doesn't begin with it.
    """

    def __init__(
        self, problem: str, *, expected: str | None = None, action: str | None = None, key: str | None = None
    ) -> None:
        self.key = key
        self.problem = problem
        self.expected = expected
        self.action = action
        parts = [problem]
        if expected:
            parts.append(f"Expected: {expected}")
        if action:
            parts.append(f"To do: {action}")
        super().__init__("\n  ".join(parts))


class UnknownName(ValueError):
    """An option names something that doesn't exist; whoever reports it knows the place.

    Args:
        name: what was written.
        valid: the names that exist.
        what: what they name, such as ``kind of task``.
    """

    def __init__(self, name: str, valid: Iterable[str], *, what: str) -> None:
        self.name = name
        self.valid = tuple(valid)
        self.what = what
        super().__init__(f"there is no {what} `{name}`, only {', '.join(self.valid)}")


class RunError(Exception):
    """The work failed though the input was right; the command line answers it with exit code 1."""


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """Return the valid name that is closest to a misspelt one, or None where none is close."""
    names = [str(v) for v in valid]
    # Two letters that changed places are the commonest slip, and dearer to difflib than a letter left out.
    same_letters = [v for v in names if len(v) > 2 and sorted(v.casefold()) == sorted(str(name).casefold())]
    matches = difflib.get_close_matches(str(name), same_letters or names, n=1, cutoff=0.6)
    return matches[0] if matches else None
