"""The sentences of a question."""

from __future__ import annotations

import numpy as np
import polars as pl

from sharewise.data.corpus.choices import Flags
from sharewise.data.corpus.columns import compose
from sharewise.data.corpus.content import Content
from sharewise.data.corpus.facts import RELATIONS
from sharewise.data.corpus.language import fill


def premise(content: Content, first: Flags) -> pl.Series:
    """What users say of themselves, (rows,); null where only an earlier turn told it.

    Args:
        content: all rows.
        first: (rows,) whether the row is its dialogue's first turn; later ones remind the bot.
    """
    traits = list(content.language.traits.values())

    def make(trait: int, own: int, is_first: int, template: int) -> str:
        templates = traits[trait].first if is_first else traits[trait].again
        words = {"p": traits[trait].values[own]}
        return fill(content.language, templates[template % len(templates)], words)

    choices = content.choices
    text = compose(make, choices.trait, choices.own, first.astype(np.int64), content.templates("premise"))
    return text.set(pl.Series(~choices.mentioned), None)


def question(content: Content) -> pl.Series:
    """The question for a fact, (rows,)."""
    topics = [content.language.topics[relation] for relation in RELATIONS]
    facts = content.facts

    def make(fact: int, template: int) -> str:
        templates = topics[facts.relation[fact]].questions
        return fill(content.language, templates[template % len(templates)], {"e": facts.subjects[fact]})

    return compose(make, content.choices.asked, content.templates("question"))
