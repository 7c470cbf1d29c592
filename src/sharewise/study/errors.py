"""Mistakes in a study, each with its place, and the one error that reports them all."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sharewise.errors import UserError

KeyPath = tuple[str | int, ...]
MOST = 10


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a key stands.

    Attributes:
        line: of the file, from 1; 0 for a key that was set on the command line.
        source: the text of that line, or ``--set key=value``.
        key: first column of the key and the one after it, from 0.
        value: the same of its value, if it stands on one line with the key.
        column: named in the message where nothing else says what is meant.
    """

    line: int
    source: str
    key: tuple[int, int] = (0, 0)
    value: tuple[int, int] | None = None
    column: int | None = None

    @property
    def name(self) -> str:
        """``line 7``, or the command line's own words."""
        if not self.line:
            return self.source
        return f"line {self.line}" + (f", column {self.column}" if self.column else "")

    def excerpt(self, *, about_key: bool) -> str:
        """The line itself, with marks under the key or the value."""
        start, end = self.key if about_key or self.value is None else self.value
        number = str(self.line)
        below = " " * _cells(self.source[:start]) + "^" * max(1, _cells(self.source[start:end]))
        return (
            f"\n    {number} | {self.source.rstrip().replace(chr(9), '→')}\n    {' ' * len(number)} | {below}"
        )


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a study was read; two studies that say the same are equal wherever they were.

    Attributes:
        source: the study file as the user named it, or nothing for a study from Python.
        places: where its keys stand.
    """

    source: str = field(default="", compare=False)
    places: Mapping[KeyPath, Place] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One thing that is wrong in a study.

    Attributes:
        path: keys from the top to the place.
        problem: what is wrong, without the place.
        expected: what belongs there.
        hint: the nearest valid name.
        about_key: whether the key is wrong, and not its value.
        code: what sort of mistake it is, for whoever mends it: ``text`` where a text was expected.
        whole: whether it is of the value as a whole, so that mistakes inside the value say more.
        place: where it stands, if ``path`` doesn't say so.
    """

    path: KeyPath
    problem: str
    expected: str | None = None
    hint: str | None = None
    about_key: bool = False
    code: str = ""
    whole: bool = False
    place: Place | None = None

    @property
    def sentence(self) -> str:
        """The problem, and the nearest valid name."""
        return self.problem + (f"; did you mean `{self.hint}`?" if self.hint else "")


class StudyError(UserError):
    """All that is wrong in a study.

    Args:
        mistakes: at least one.
        source: the study file as the user named it, or nothing for a study from Python.
        places: where the keys stand; a key without a place stands where the nearest key above it does.
    """

    def __init__(
        self, mistakes: Sequence[Mistake], *, source: str = "", places: Mapping[KeyPath, Place] | None = None
    ) -> None:
        located = sorted(
            ((_place(m, places or {}), m) for m in mistakes),
            key=lambda pair: (pair[0] is None, pair[0] is not None and (not pair[0].line, pair[0].line)),
        )
        self.mistakes = tuple(m for _, m in located)
        if len(located) == 1:
            place, mistake = located[0]
            excerpt = place.excerpt(about_key=mistake.about_key) if place and place.line else ""
            super().__init__(
                f"{_where(place, mistake, source)}{mistake.sentence}{excerpt}", expected=mistake.expected
            )
            return
        lines = [f"{_where(p, m, '')}{m.sentence}{_aside(m)}" for p, m in located[:MOST]]
        if len(located) > MOST:
            lines.append(f"… and {len(located) - MOST} more")
        super().__init__(f"{source or 'the study'}: {len(located)} mistakes\n  " + "\n  ".join(lines))


def dotted(path: KeyPath) -> str:
    """Write a path as users do: ``tasks.consistency.labels[1]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else (f".{step}" if text else step)
    return text


def nearest_place(path: KeyPath, places: Mapping[KeyPath, Place]) -> Place | None:
    """Return where a key stands, or the nearest key above it."""
    above = (path[:length] for length in range(len(path), -1, -1))
    return next((places[p] for p in above if p in places), None)


def _place(mistake: Mistake, places: Mapping[KeyPath, Place]) -> Place | None:
    return mistake.place or nearest_place(mistake.path, places)


def _where(place: Place | None, mistake: Mistake, source: str) -> str:
    if place is not None and not place.line:
        source = ""
    key = dotted(mistake.path)
    if place is not None and place.source.startswith(f"--set {key}="):
        key = ""
    parts = [source, place.name if place else "", key]
    return ", ".join(p for p in parts if p) + ": " if any(parts) else ""


def _aside(mistake: Mistake) -> str:
    return f" ({mistake.expected})" if mistake.expected and not mistake.hint else ""


def _cells(text: str) -> int:
    """Columns that a text takes on a terminal; Korean and Japanese letters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
