"""What the writers of sentences know of all rows."""

from __future__ import annotations

from dataclasses import dataclass

from sharewise.data.corpus.choices import Choices, Flags, Indices
from sharewise.data.corpus.draws import Draws
from sharewise.data.corpus.facts import FactBase
from sharewise.data.corpus.language import FAULTS, Language

_TEMPLATES = 12
"""A common multiple of the numbers of templates, so that each of a few is as likely as the next."""


@dataclass(frozen=True)
class Content:
    """The content of every row and how it is to be written."""

    language: Language
    facts: FactBase
    choices: Choices
    written: dict[str, Flags]
    """criterion -> (rows,) whether the text is to keep it."""
    subtle: dict[str, Flags]
    """criterion -> (rows,) whether the text is to keep or break it subtly."""
    draws: Draws

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.choices.asked)

    def templates(self, sentence: str) -> Indices:
        """Draw which template a sentence takes, (rows,), to be taken modulo their number."""
        return self.draws.pick(f"template of {sentence}", _TEMPLATES, self.rows)

    def faults(self) -> Indices:
        """Draw how grammar is broken, (rows,): 0 where it isn't, else 1 + one of `FAULTS` ways."""
        half = FAULTS // 2
        fault = self.draws.pick("fault", half, self.rows) + half * self.subtle["linguistic_acceptability"]
        return (1 + fault) * ~self.written["linguistic_acceptability"]
