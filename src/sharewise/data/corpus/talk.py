"""Small talk that brings texts to the published lengths."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import polars as pl

from sharewise.data.corpus.columns import NONE, select
from sharewise.data.corpus.content import Content

_MEDIAN_PIECES = 58.0
_SPREAD = math.log(112 / 58) / 1.645
"""Word pieces are log-normal: median 58 and 95th percentile 112 give a mean of 62, as published."""
_OF_USER = (1, 3)
"""Which of any five sentences are the user's."""
_MOST = 24


def talk(content: Content, short: pl.Series) -> tuple[list[pl.Series], list[pl.Series]]:
    """Return the sentences that make short texts as long as published ones.

    Args:
        content: all rows.
        short: (rows,) question and answer in one, without small talk.

    Returns:
        columns of sentences (rows,) for the question, and for the answer; null where enough is said.
    """
    language, draws = content.language, content.draws
    users, bots = language.user_talk, language.bot_talk
    sentence = float(np.mean([len(text) + len(language.space) for text in users + bots]))
    wanted = _MEDIAN_PIECES * np.exp(_SPREAD * _normal(content)) * language.piece_length
    missing = wanted - short.str.len_chars().to_numpy()
    count = np.clip(np.round(missing / sentence), 0, _MOST)
    question: list[pl.Series] = []
    answer: list[pl.Series] = []
    for index in range(_MOST):
        spoken = np.where(index < count, 0, NONE)
        of_user = index % 5 in _OF_USER
        column = select([users if of_user else bots], spoken, draws.uniform(f"talk {index}", content.rows))
        (question if of_user else answer).append(column)
    return question, answer


def _normal(content: Content) -> npt.NDArray[np.float64]:
    """Draw standard normal numbers from uniform ones (Box and Muller, 1958)."""
    radius = np.sqrt(-2 * np.log1p(-content.draws.uniform("length radius", content.rows)))
    normal: npt.NDArray[np.float64] = radius * np.cos(
        2 * np.pi * content.draws.uniform("length angle", content.rows)
    )
    return normal
