"""What a language brings to the corpus: its sentences, and how its grammar is kept or broken."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

FAULTS = 8
"""Ways to break a sentence's grammar: the lower half break every marker, the upper half only one."""

_MARKER = re.compile(r"<([^<>]*)>")


@dataclass(frozen=True)
class Trait:
    """Something that users say of themselves, and that answers come back to.

    Every template has the value as ``{p}``; `echoes` may hold grammar markers.
    """

    values: tuple[str, ...]
    first: tuple[str, ...]
    again: tuple[str, ...]
    echoes: tuple[str, ...]
    unsure: tuple[str, ...]
    denial: str
    """The answer saying that this was never told."""


@dataclass(frozen=True)
class Topic:
    """How one kind of fact is asked for and answered: subject ``{e}``, value ``{v}``."""

    questions: tuple[str, ...]
    short: tuple[str, ...]
    """Answers that leave the subject to the question."""
    full: tuple[str, ...]
    """Answers that name the subject."""


@dataclass(frozen=True)
class Phrases:
    """Sentences for one state of one criterion; raters disagree more often over the subtle ones."""

    plain: tuple[str, ...]
    subtle: tuple[str, ...]


@dataclass(frozen=True)
class Language:
    """All that a language brings."""

    space: str
    """What stands between two words and between two sentences."""
    full_stop: str
    piece_length: float
    """Characters a word piece, about: how many sentences a long text takes is reckoned from it."""
    traits: Mapping[str, Trait]
    topics: Mapping[str, Topic]
    hedges: tuple[str, ...]
    digressions: tuple[str, ...]
    """Words that turn to something else."""
    detail: Phrases
    vague: Phrases
    lively: Phrases
    empty: Phrases
    biased: Phrases
    harmful: Phrases
    biased_and_harmful: Phrases
    kind: Phrases
    listing: tuple[str, ...]
    """Well-formed lists of two words ``{a}`` and ``{b}``: what word salad must be told from."""
    salad: tuple[str, ...]
    """Fragments that word salad is mixed with."""
    salad_space: str
    """What stands between two words of it."""
    user_talk: tuple[str, ...]
    bot_talk: tuple[str, ...]
    """Small talk that makes a long text long; it breaks no criterion."""
    right: Callable[[str, str], str]
    """(marker, text before it) -> the grammatical form."""
    wrong: Callable[[str, str, int], str]
    """(marker, text before it, variant) -> an ungrammatical form."""


def fill(language: Language, template: str, words: Mapping[str, str], fault: int | None = None) -> str:
    """Fill a template and resolve its grammar markers ``<…>``.

    Args:
        language: whose grammar to keep or to break.
        template: text with ``{name}`` for words and ``<form>`` for grammar.
        words: what stands for each name.
        fault: None for good grammar, or one of `FAULTS` ways to break it.
    """
    parts = _MARKER.split(template)
    markers = len(parts) // 2
    text = ""
    for index, part in enumerate(parts):
        if index % 2 == 0:
            text += part.format_map(words) if "{" in part else part
            continue
        position = index // 2
        if fault is None or (fault >= FAULTS // 2 and position != fault % markers):
            text += language.right(part, text)
        else:
            text += language.wrong(part, text, fault + position)
    text = re.sub(r"  +", " ", text).strip()
    return text[:1].upper() + text[1:]


def expand(*templates: str, **words: tuple[str, ...]) -> tuple[str, ...]:
    """Return every template with every combination of the words that it names."""
    sentences = []
    for template in templates:
        names = [name for name in words if "{" + name + "}" in template]
        for choice in itertools.product(*(words[name] for name in names)):
            sentence = template.format_map(dict(zip(names, choice, strict=True)))
            sentences.append(sentence[:1].upper() + sentence[1:])
    return tuple(dict.fromkeys(sentences))
