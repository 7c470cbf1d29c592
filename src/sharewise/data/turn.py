"""A text with what was said before it, as it is handed to a scorer."""

from __future__ import annotations

from dataclasses import dataclass

Alone = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a dialogue: its text, or pair of texts, and the earlier ones.

    Attributes:
        text: the text that is judged, or the first of a pair.
        pair: the second of a pair.
        context: the texts of earlier turns, the oldest first; a turn of two texts is two of them.
    """

    text: str
    pair: str | None = None
    context: tuple[str, ...] = ()

    @property
    def alone(self) -> Alone:
        """The text or pair without what was before it."""
        return self.text if self.pair is None else (self.text, self.pair)


Text = Alone | Turn


def said_in(text: Text) -> tuple[str, ...]:
    """All texts that belong to one: those before it, its own, and its pair."""
    if isinstance(text, Turn):
        return (*text.context, *said_in(text.alone))
    return (text,) if isinstance(text, str) else text


def shortened(text: Text, most: int) -> Text:
    """Cut each text that belongs to one to so many characters at most."""
    if isinstance(text, Turn):
        pair = None if text.pair is None else text.pair[:most]
        return Turn(text.text[:most], pair, tuple(turn[:most] for turn in text.context))
    return text[:most] if isinstance(text, str) else (text[0][:most], text[1][:most])
