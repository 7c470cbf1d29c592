"""Earlier turns as tokens before a text, with the separators that the tokenizer itself puts between two texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Rows = list[list[int]]


@dataclass(frozen=True)
class Separators:
    """What a tokenizer adds to texts.

    Attributes:
        lead: how many special tokens begin every text.
        between: those that stand between the two texts of a pair.
    """

    lead: int
    between: tuple[int, ...]

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase) -> Separators:
        """Find them out from a pair; of a tokenizer that puts nothing there its end-of-text token or a line break."""
        single = tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
        pair = tokenizer("a", "a", return_special_tokens_mask=True)
        ids, special = list(pair["input_ids"]), list(pair["special_tokens_mask"])
        words = [place for place, mark in enumerate(special) if not mark]
        between = [ids[i] for i in range(words[0], words[-1]) if special[i]] if words else []
        if not between:
            fallback = next(
                (i for i in (tokenizer.sep_token_id, tokenizer.eos_token_id) if i is not None), None
            )
            between = (
                [fallback] if fallback is not None else tokenizer("\n", add_special_tokens=False)["input_ids"]
            )
        return cls(lead=_leading(list(single)), between=tuple(between))

    def put_before(
        self, row: list[int], types: list[int], turns: Sequence[list[int]], max_length: int
    ) -> tuple[list[int], list[int], int, bool]:
        """Put earlier turns before a row of tokens, the nearest first, as long as there is room.

        Of the oldest turn that doesn't fit as a whole the end is kept.

        Args:
            row: token ids of the text, special tokens included, ``max_length`` at most.
            types: segment of each.
            turns: token ids of the earlier turns, the oldest first.
            max_length: tokens in all.

        Returns:
            Ids, segments, how many tokens were put in, and whether any were left out.
        """
        room = max_length - len(row)
        before: list[int] = []
        whole = sum(len(turn) + len(self.between) for turn in turns)
        for turn in reversed(turns):
            left = room - len(before) - len(self.between)
            if left <= 0:
                break
            before = [*turn[-left:], *self.between, *before]
        lead = min(self.lead, len(row))
        segment = types[lead] if lead < len(types) else 0
        return (
            [*row[:lead], *before, *row[lead:]],
            [*types[:lead], *[segment] * len(before), *types[lead:]],
            len(before),
            len(before) < whole,
        )


def _leading(special: list[int]) -> int:
    return next((place for place, mark in enumerate(special) if not mark), len(special))
