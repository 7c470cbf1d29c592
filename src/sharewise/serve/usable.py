"""What can be scored, and why something can't."""

from __future__ import annotations

from sharewise.data.turn import Turn


def unusable(text: object) -> str | None:
    """Why something can't be scored, or None where it is a text, a pair, or a turn of a dialogue."""
    if isinstance(text, Turn):
        wrong = next((found for turn in text.context if (found := unusable(turn)) is not None), None)
        return f"before it, {wrong}" if wrong is not None else unusable(text.alone)
    parts = text if isinstance(text, tuple | list) else (text,)
    if len(parts) != 1 + isinstance(text, tuple | list):
        return f"{len(parts)} parts where a pair has two"
    for part in parts:
        if not isinstance(part, str):
            return "no text" if part is None or part != part else f"a {type(part).__name__}, not a text"
        if not part.strip():
            return "an empty text"
        if not part.isascii():
            try:
                part.encode("utf-8")
            except UnicodeEncodeError:
                return "half of a surrogate pair"
    return None
