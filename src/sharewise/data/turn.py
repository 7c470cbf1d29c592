"""A text with what was said before it, as it is handed to a scorer."""

from __future__ import annotations

from dataclasses import dataclass


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
    def alone(self) -> str | tuple[str, str]:
        """The text or pair without what was before it."""
        return self.text if self.pair is None else (self.text, self.pair)


Text = str | tuple[str, str] | Turn
