"""The sentences of an answer that answer: consistency, facts, sense and grammar are kept or broken here."""

from __future__ import annotations

import numpy as np
import polars as pl

from sharewise.data.corpus.columns import NONE, compose, select
from sharewise.data.corpus.content import Content
from sharewise.data.corpus.facts import RELATIONS
from sharewise.data.corpus.language import fill

_NAMES_SUBJECT = 0.2
"""Share of answers to the question asked that name its subject; an answer to another question always does."""
_DIGRESSES = {True: 0.02, False: 0.35}
"""Whether the question asked is answered -> share of answers that say they turn to something else."""


def echo(content: Content) -> pl.Series:
    """The answer coming back to what the user said, (rows,): another value where consistency is broken."""
    traits = list(content.language.traits.values())

    def make(trait: int, value: int, unsure: int, template: int, fault: int) -> str:
        templates = traits[trait].unsure if unsure else traits[trait].echoes
        words = {"p": traits[trait].values[value]}
        return fill(content.language, templates[template % len(templates)], words, _fault(fault))

    choices = content.choices
    # Where grammar is broken subtly, the claim alone is broken.
    faults = np.where(content.subtle["linguistic_acceptability"], 0, content.faults())
    unsure = content.subtle["consistency"].astype(np.int64)
    text = compose(make, choices.trait, choices.echoed, unsure, content.templates("echo"), faults)
    denials = [[trait.denial] for trait in traits]
    denial = select(denials, choices.denied, np.zeros(content.rows))
    return text.set(pl.Series(~choices.echoes), None).zip_with(pl.Series(choices.denied == NONE), denial)


def hedge(content: Content) -> pl.Series:
    """Words that make the claim sound unsure, be it true or false, (rows,); null in most rows."""
    which = np.where(content.subtle["no_hallucination"], 0, NONE)
    return select([content.language.hedges], which, content.draws.uniform("hedge", content.rows))


def digression(content: Content) -> pl.Series:
    """Words that turn to something else, (rows,); null in most rows that answer the question."""
    chance = content.draws.uniform("digresses", content.rows)
    shares = np.where(content.written["sensibleness"], _DIGRESSES[True], _DIGRESSES[False])
    which = np.where(chance < shares, 0, NONE)
    return select([content.language.digressions], which, content.draws.uniform("digression", content.rows))


def claim(content: Content) -> pl.Series:
    """The fact that is claimed, (rows,): a false one, or one that wasn't asked for, where that is broken."""
    topics = [content.language.topics[relation] for relation in RELATIONS]
    facts, choices = content.facts, content.choices

    def make(fact: int, value: int, named: int, template: int, fault: int) -> str:
        topic = topics[facts.relation[fact]]
        templates = topic.full if named else topic.short
        words = {"e": facts.subjects[fact], "v": facts.values[value]}
        return fill(content.language, templates[template % len(templates)], words, _fault(fault))

    named = content.draws.uniform("names subject", content.rows) < _NAMES_SUBJECT
    named |= ~content.written["sensibleness"]
    return compose(
        make,
        choices.answered,
        choices.claimed,
        named.astype(np.int64),
        content.templates("claim"),
        content.faults(),
    )


def _fault(code: int) -> int | None:
    return code - 1 if code else None
