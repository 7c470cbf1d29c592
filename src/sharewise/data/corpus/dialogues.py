"""The corpus as one table of dialogues' turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl

from sharewise.data.corpus import answers, questions, raters, remarks
from sharewise.data.corpus.choices import choose
from sharewise.data.corpus.columns import join
from sharewise.data.corpus.content import Content
from sharewise.data.corpus.criteria import CRITERIA
from sharewise.data.corpus.draws import Draws
from sharewise.data.corpus.english import ENGLISH
from sharewise.data.corpus.facts import LANGUAGES, LanguageCode, fact_base
from sharewise.data.corpus.japanese import JAPANESE
from sharewise.data.corpus.korean import KOREAN
from sharewise.data.corpus.labels import sample_labels
from sharewise.data.corpus.language import Language
from sharewise.data.corpus.talk import talk
from sharewise.data.corpus.turns import MAX_TURNS, Turns, sample_turns
from sharewise.errors import UserError

Length = Literal["short", "published"]
LENGTHS: tuple[Length, ...] = ("short", "published")

_LANGUAGES: dict[LanguageCode, Language] = {"ko": KOREAN, "en": ENGLISH, "ja": JAPANESE}
_ECHO_FIRST = 0.5
"""Share of answers that come back to the user's words before they answer, not after."""


def generate_dialogues(
    *, language: LanguageCode, rows: int, seed: int, length: Length = "short"
) -> pl.DataFrame:
    """Simulate dialogues with the nine criteria of an answer and three raters' votes.

    The same arguments give the same table, bit for bit; fewer rows give its beginning. Everything in
    it is simulated: it demonstrates and tests programs, and proves nothing about real dialogues.

    Args:
        language: `ko`, `en` or `ja`.
        rows: how many turns; dialogues have one to four.
        seed: of the random numbers, not negative.
        length: `short` texts have about 25 word pieces on average, `published` ones about 62 (Japanese 41 and 124).

    Returns:
        (rows, columns): `dialogue_id`, `turn` from 1, `context_1` (the turn before) to `context_3`
        (empty where there is none), `human_question`, `bot_response`, and for every criterion c
        `c_majority` (0 or 1), `c_yes_count` and `c_no_count` (of three raters).

    Raises:
        UserError: if an argument isn't one of these.
    """
    return simulate(language, [rows], seed, length)


def simulate(language: LanguageCode, split_rows: Sequence[int], seed: int, length: Length) -> pl.DataFrame:
    """Return splits of the given sizes one below the other; no dialogue is in two of them."""
    _check(language, split_rows, seed, length)
    draws = Draws(seed, language)
    turns = sample_turns(split_rows, draws)
    first = turns.turn == 1
    majority = sample_labels(first, draws)
    subtle, disputed = raters.sample_difficulty(len(first), draws)
    written = raters.sample_written(majority, disputed, draws)
    yes = raters.yes_counts(majority, disputed)
    words, facts = spoken(language), fact_base(language)
    content = Content(
        language=words,
        facts=facts,
        choices=choose(turns, written, subtle, facts, words, draws),
        written=dict(zip(CRITERIA, written.T, strict=True)),
        subtle=dict(zip(CRITERIA, subtle.T, strict=True)),
        draws=draws,
    )
    question, answer = _write(content, first, length)
    columns = [
        pl.Series("dialogue_id", turns.dialogue),
        pl.Series("turn", turns.turn, dtype=pl.Int16),
        *_context(turns, question, answer),
        question.alias("human_question"),
        answer.alias("bot_response"),
    ]
    for index, criterion in enumerate(CRITERIA):
        columns += [
            pl.Series(f"{criterion}_majority", majority[:, index], dtype=pl.Int8),
            pl.Series(f"{criterion}_yes_count", yes[:, index], dtype=pl.Int8),
            pl.Series(f"{criterion}_no_count", raters.RATERS - yes[:, index], dtype=pl.Int8),
        ]
    identifier = pl.format(f"{language}-{seed}-{{}}", pl.col("dialogue_id").cast(pl.String).str.zfill(7))
    return pl.DataFrame(columns).with_columns(identifier.alias("dialogue_id"))


def spoken(language: LanguageCode) -> Language:
    """Return what a language brings to the corpus."""
    return _LANGUAGES[language]


def _write(content: Content, first: np.ndarray, length: Length) -> tuple[pl.Series, pl.Series]:
    space, rows = content.language.space, content.rows
    asked = [questions.premise(content, first), questions.question(content)]
    echo = answers.echo(content)
    echo_first = pl.Series(content.draws.uniform("echo first", rows) < _ECHO_FIRST)
    answered = [
        echo.set(~echo_first, None),
        answers.digression(content),
        answers.hedge(content),
        answers.claim(content),
        echo.set(echo_first, None),
        remarks.salad(content),
        remarks.detail(content),
        remarks.spirit(content),
        remarks.remark(content),
    ]
    if length == "published":
        more_asked, more_answered = talk(content, join(asked + answered, space))
        asked = more_asked + asked
        answered = answered + more_answered
    return join(asked, space), join(answered, space)


def _context(turns: Turns, question: pl.Series, answer: pl.Series) -> list[pl.Series]:
    said = join([question, answer], " / ")
    return [
        said.shift(back).set(pl.Series(turns.turn <= back), "").alias(f"context_{back}")
        for back in range(1, MAX_TURNS)
    ]


def _check(language: str, split_rows: Sequence[int], seed: int, length: str) -> None:
    if language not in LANGUAGES:
        raise UserError(
            f"language {language!r} is not in the corpus", expected=f"one of {', '.join(LANGUAGES)}"
        )
    if length not in LENGTHS:
        raise UserError(f"length {length!r} is unknown", expected=f"one of {', '.join(LENGTHS)}")
    if min(split_rows, default=0) < 1:
        raise UserError(
            f"a corpus of {min(split_rows, default=0)} rows cannot be simulated", expected="1 row or more"
        )
    if seed < 0:
        raise UserError(f"seed {seed} is negative", expected="a whole number from 0")
