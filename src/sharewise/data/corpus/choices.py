"""What is said in every row: who the user is, what is asked, and what the answer claims."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sharewise.data.corpus.columns import NONE
from sharewise.data.corpus.criteria import CRITERIA
from sharewise.data.corpus.draws import Draws
from sharewise.data.corpus.facts import ORDERED, RELATIONS, FactBase
from sharewise.data.corpus.language import Language
from sharewise.data.corpus.turns import Turns

Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_ECHOED = 0.6
"""Share of consistent answers that come back to what the user said."""
_DENIED = {True: 0.03, False: 0.25}
"""Whether the answer is consistent -> share of answers that deny having been told something."""
_MENTIONED_AGAIN = {True: 0.85, False: 0.3}
"""Whether the answer comes back to it -> share of later turns whose question says it again."""
_SKEW = 2.0
"""How unequal the values are that users tell of themselves: with two values, 71 % have the first."""
_SAME_RELATION = 0.5
"""Share of questions about the kind of fact that their dialogue is mostly about."""


@dataclass(frozen=True)
class Choices:
    """The content of every row, (rows,) each."""

    trait: Indices
    """Index into the language's traits."""
    own: Indices
    """The value that the user told: index into the trait's values."""
    echoed: Indices
    """The value that the answer comes back to; another one where consistency is broken."""
    echoes: Flags
    """Whether the answer comes back to it."""
    denied: Indices
    """The trait that the answer denies having been told, in place of the echo, or `NONE`: this very one where
    consistency is broken, another one where it is kept."""
    mentioned: Flags
    """Whether the question itself tells it; otherwise only an earlier turn does."""
    asked: Indices
    """The fact that is asked for."""
    answered: Indices
    """The fact that is answered; one of another relation where sensibleness is broken."""
    claimed: Indices
    """The value that is claimed of it; a false one where no_hallucination is broken."""


def choose(
    turns: Turns, written: Flags, subtle: Flags, facts: FactBase, language: Language, draws: Draws
) -> Choices:
    """Draw the content of every row.

    Args:
        turns: which dialogue and turn each row is.
        written: (rows, criteria) what the text is to show.
        subtle: (rows, criteria) where it is to show it subtly.
        facts: the base of facts.
        language: the traits to choose from.
        draws: the corpus's random numbers.
    """
    rows = len(turns.turn)
    shown = dict(zip(CRITERIA, written.T, strict=True))
    sizes = np.array([len(trait.values) for trait in language.traits.values()], dtype=np.int64)
    trait = draws.pick("trait", len(sizes), turns.dialogues)
    own = _unequal(draws.uniform("own value", turns.dialogues), sizes[trait])
    trait, own = trait[turns.dialogue], own[turns.dialogue]
    step = 1 + draws.pick("other value", sizes[trait] - 1, rows)
    echoes = (draws.uniform("echoes", rows) < _ECHOED) | ~shown["consistency"]
    consistent = shown["consistency"]
    denies = draws.uniform("denies", rows) < np.where(consistent, _DENIED[True], _DENIED[False])
    another = (trait + 1 + draws.pick("denied trait", len(sizes) - 1, rows)) % len(sizes)
    again = np.where(echoes, _MENTIONED_AGAIN[True], _MENTIONED_AGAIN[False])
    asked = _ask(turns, facts, draws)
    answered = np.where(shown["sensibleness"], asked, _other_relation(asked, facts, draws))
    near = subtle[:, CRITERIA.index("no_hallucination")]
    return Choices(
        trait=trait,
        own=own,
        echoed=np.where(shown["consistency"], own, (own + step) % sizes[trait]),
        echoes=echoes & ~denies,
        denied=np.where(denies, np.where(consistent, another, trait), NONE),
        mentioned=(turns.turn == 1) | (draws.uniform("mentioned again", rows) < again),
        asked=asked,
        answered=answered,
        claimed=np.where(
            shown["no_hallucination"], facts.value[answered], _false_value(answered, near, facts, draws)
        ),
    )


def _unequal(chance: npt.NDArray[np.float64], sizes: Indices) -> Indices:
    """Turn uniform numbers into indices below `sizes`, the first of which are the most frequent."""
    return np.floor(chance**_SKEW * sizes).astype(np.int64)


def _ask(turns: Turns, facts: FactBase, draws: Draws) -> Indices:
    """Draw the facts asked for; larger relations are asked about more often."""
    rows = len(turns.turn)
    sizes = np.diff(facts.fact_start)
    shares = np.cumsum(sizes / sizes.sum())[:-1]
    main = np.searchsorted(shares, draws.uniform("main relation", turns.dialogues), "right")[turns.dialogue]
    other = np.searchsorted(shares, draws.uniform("relation", rows), "right")
    relation = np.where(draws.uniform("keeps to main relation", rows) < _SAME_RELATION, main, other)
    return _popular(relation, draws.uniform("fact", rows), facts)


def _popular(relation: Indices, chance: npt.NDArray[np.float64], facts: FactBase) -> Indices:
    """Turn uniform numbers into facts of the given relations, by popularity."""
    # Popularity sums to 1 within a relation, so relation r covers [r, r + 1) of the running sum.
    running = np.cumsum(facts.popularity)
    fact = np.searchsorted(running, relation + chance, "right")
    return np.clip(fact, facts.fact_start[relation], facts.fact_start[relation + 1] - 1)


def _other_relation(asked: Indices, facts: FactBase, draws: Draws) -> Indices:
    step = 1 + draws.pick("relation of another question", len(RELATIONS) - 1, len(asked))
    relation = (facts.relation[asked] + step) % len(RELATIONS)
    return _popular(relation, draws.uniform("fact of another question", len(asked)), facts)


def _false_value(fact: Indices, near: Flags, facts: FactBase, draws: Draws) -> Indices:
    """Draw a value of the fact's relation that isn't true of its subject.

    Where a near miss is wanted and the relation's values stand in an order, it is a neighbour of the true value.
    """
    truth, relation = facts.value[fact], facts.relation[fact]
    start, end = facts.value_start[relation], facts.value_start[relation + 1]
    count = end - start
    far = start + (truth - start + 1 + draws.pick("false value", count - 1, len(fact))) % count
    above = np.where(truth + 1 < end, truth + 1, truth - 1)
    below = np.where(truth > start, truth - 1, truth + 1)
    neighbour = np.where(draws.uniform("near miss", len(fact)) < 0.5, below, above)
    ordered = np.array([name in ORDERED for name in RELATIONS])[relation]
    return np.where(ordered & near, neighbour, far)
