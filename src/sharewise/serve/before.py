"""What was said before each row of a file or frame, found as the training data said it."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, final

from sharewise.data.context import turns_in
from sharewise.data.turn import Text, Turn
from sharewise.models.manifest import SavedContext
from sharewise.tasks import spell

# Dialogues that are remembered between windows; of others only that they were there.
_OPEN = 100_000

Said = tuple[str, ...]


class Before(Protocol):
    """Finds the earlier turns of rows, window by window in the order of the file."""

    needed: tuple[str, ...]

    def of(self, cells: Mapping[str, Sequence[Any]], texts: Sequence[Any]) -> list[Said | str]:
        """Return for each row the texts before its own, the oldest first, or why they can't be told.

        Args:
            cells: the columns that are needed, those of them that are there.
            texts: the text or pair of each row.
        """
        ...


def before_rows(context: SavedContext) -> Before:
    """Return what finds the earlier turns as they stood in the training data."""
    return _Dialogues(context) if context.dialogue is not None else _Columns(context)


def in_context(text: Any, said: Said) -> Text:
    """Put what was before it to a text or pair."""
    return Turn(text, None, said) if isinstance(text, str) else Turn(text[0], text[1], said)


@final
class _Columns:
    """Earlier turns in columns of the row."""

    def __init__(self, context: SavedContext) -> None:
        self.needed = context.needed

    def of(self, cells: Mapping[str, Sequence[Any]], texts: Sequence[Any]) -> list[Said | str]:
        """See Before."""
        # A key that all JSON objects of a window lack is a turn that none of them has.
        there = [cells[column] for column in self.needed if column in cells]
        return [_said(row) for row in zip(*there, strict=True)] if there else [()] * len(texts)


def _said(cells: Sequence[Any]) -> Said | str:
    found: list[str] = []
    for cell in cells:
        if isinstance(cell, (list, tuple)):
            if not all(turn is None or isinstance(turn, str) for turn in cell):
                return "an earlier turn is no text"
            found += [turn for turn in cell if turn and turn.strip()]
        elif cell is None or isinstance(cell, str):
            found += turns_in(cell)
        elif cell == cell:  # all but NaN
            return f"an earlier turn is a {type(cell).__name__}, not a text"
    return tuple(found)


@dataclass
class _Dialogue:
    """The last turns of a dialogue: numbers and texts."""

    turns: list[tuple[float, Said]] = field(default_factory=list)


@final
class _Dialogues:
    """Earlier turns in earlier rows of the same dialogue.

    Within a window rows may stand in any order. From window to window a dialogue's turns must follow each other, as
    what was scored before can't be taken back.
    """

    def __init__(self, context: SavedContext) -> None:
        self.needed = context.needed
        self.last = context.turns or 0
        self.open: OrderedDict[str, _Dialogue] = OrderedDict()
        self.left: set[int] = set()

    def of(self, cells: Mapping[str, Sequence[Any]], texts: Sequence[Any]) -> list[Said | str]:
        """See Before."""
        found: list[Said | str] = [()] * len(texts)
        keyed = []
        nothing = [None] * len(texts)
        names, numbers = (cells.get(column, nothing) for column in self.needed)
        for row, (name, number) in enumerate(zip(names, numbers, strict=True)):
            dialogue = "" if name is None or name != name else spell(name)
            turn = _number(number)
            if dialogue and turn is None:
                found[row] = f"no number of the turn in column {self.needed[1]!r}"
            elif dialogue and turn is not None:
                keyed.append((turn, row, dialogue))
        for turn, row, dialogue in sorted(keyed):
            found[row] = self._before(dialogue, turn, _parts(texts[row]))
        while len(self.open) > _OPEN:
            self.left.add(hash(self.open.popitem(last=False)[0]))
        return found

    def _before(self, dialogue: str, turn: float, own: Said) -> Said | str:
        if dialogue not in self.open and hash(dialogue) in self.left:
            return (
                f"dialogue {dialogue!r} began more than {_OPEN:,} dialogues before; its rows belong together"
            )
        known = self.open.setdefault(dialogue, _Dialogue())
        self.open.move_to_end(dialogue)
        latest, said = known.turns[-1] if known.turns else (-math.inf, ())
        if turn < latest:
            return f"turn {turn:g} of dialogue {dialogue!r} comes after its turn {latest:g}; they belong in order"
        if turn == latest and own != said:
            return f"turn {turn:g} of dialogue {dialogue!r} came before with another text"
        if turn > latest:
            known.turns = [*known.turns, (turn, own)][-self.last - 1 :]
        earlier = known.turns[:-1][-self.last :]
        return tuple(text for _, texts in earlier for text in texts)


def _number(cell: Any) -> float | None:
    try:
        found = float(cell)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def _parts(text: Any) -> Said:
    """The texts of a row as later turns have them before them; what is no text is nothing."""
    parts = text if isinstance(text, (tuple, list)) else (text,)
    return tuple(part for part in parts if isinstance(part, str) and part.strip())
