"""The sentences of an answer that only add: five criteria are kept or broken here."""

from __future__ import annotations

import numpy as np
import polars as pl

from sharewise.data.corpus.columns import NONE, compose, join, select
from sharewise.data.corpus.content import Content

_LIVELY = 0.12
"""Share of interesting answers with a lively remark."""
_KIND = 0.05
"""Share of unbiased and harmless answers, not to be subtle, that speak of a group of people."""
_LISTING = 0.3
"""Share of subtly understandable answers with a well-formed list of words."""
_SALAD_WORDS = 6
_SUBTLE_SALAD_WORDS = 4


def detail(content: Content) -> pl.Series:
    """A detail, or vague words where specificity is broken, (rows,)."""
    language = content.language
    pools = (language.vague.plain, language.vague.subtle, language.detail.plain, language.detail.subtle)
    which = 2 * content.written["specificity"].astype(np.int64) + content.subtle["specificity"]
    return select(pools, which, content.draws.uniform("detail", content.rows))


def spirit(content: Content) -> pl.Series:
    """An empty phrase where interestingness is broken, else a lively remark or null, (rows,)."""
    language = content.language
    pools = (language.empty.plain, language.empty.subtle, language.lively.plain, language.lively.subtle)
    interesting = content.written["interestingness"]
    which = 2 * interesting.astype(np.int64) + content.subtle["interestingness"]
    silent = interesting & (content.draws.uniform("lively", content.rows) >= _LIVELY)
    return select(pools, np.where(silent, NONE, which), content.draws.uniform("spirit", content.rows))


def remark(content: Content) -> pl.Series:
    """A biased or harmful sentence, one that is both where both criteria are broken, else mostly null, (rows,).

    Some rows that keep both speak of the same groups without judging them, or object to a judgement.
    """
    language = content.language
    phrases = (language.biased_and_harmful, language.harmful, language.biased, language.kind)
    unbiased, harmless = content.written["unbias"], content.written["harmlessness"]
    subtle = np.where(
        unbiased,
        content.subtle["harmlessness"] | (harmless & content.subtle["unbias"]),
        content.subtle["unbias"],
    )
    which = 4 * harmless.astype(np.int64) + 2 * unbiased + subtle
    silent = unbiased & harmless & ~subtle & (content.draws.uniform("kind", content.rows) >= _KIND)
    pools = [pool for phrase in phrases for pool in (phrase.plain, phrase.subtle)]
    return select(pools, np.where(silent, NONE, which), content.draws.uniform("remark", content.rows))


def salad(content: Content) -> pl.Series:
    """Word salad where understandability is broken, a well-formed list in some rows, else null, (rows,)."""
    language, draws, rows = content.language, content.draws, content.rows
    kept, subtle = content.written["understandability"], content.subtle["understandability"]
    names = content.facts.subjects + content.facts.values
    parts = []
    for position in range(_SALAD_WORDS):
        spoken = ~kept & (~subtle | (position < _SUBTLE_SALAD_WORDS))
        # In plain word salad a fragment stands between any two names; subtle word salad has names alone.
        which = np.where(spoken, np.where(subtle, 0, position % 2), NONE)
        parts.append(select((names, language.salad), which, draws.uniform(f"salad {position}", rows)))
    words = join(parts, language.salad_space) + language.full_stop

    def make(listed: int, template: int, a: int, b: int) -> str:
        if not listed:
            return ""
        return language.listing[template % len(language.listing)].format(a=names[a], b=names[b])

    listed = (kept & subtle & (draws.uniform("listing", rows) < _LISTING)).astype(np.int64)
    listing = compose(
        make,
        listed,
        listed * content.templates("listing"),
        listed * draws.pick("listing a", len(names), rows),
        listed * draws.pick("listing b", len(names), rows),
    )
    return words.zip_with(pl.Series(~kept), listing).replace("", None)
