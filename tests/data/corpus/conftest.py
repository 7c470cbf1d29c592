from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sharewise.data.corpus.choices import choose
from sharewise.data.corpus.content import Content
from sharewise.data.corpus.criteria import CRITERIA
from sharewise.data.corpus.dialogues import spoken
from sharewise.data.corpus.draws import Draws
from sharewise.data.corpus.facts import LANGUAGES, fact_base
from sharewise.data.corpus.turns import sample_turns

ROWS = 300


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def content_of(language: str) -> Callable[..., Content]:
    """Content in which every row keeps all criteria but the ones named, plainly or subtly."""

    def make(*broken: str, subtle: bool = False) -> Content:
        draws = Draws(1, language)
        turns = sample_turns([ROWS], draws)
        written = np.ones((ROWS, len(CRITERIA)), dtype=bool)
        for criterion in broken:
            written[:, CRITERIA.index(criterion)] = False
        flags = np.full_like(written, subtle)
        facts, words = fact_base(language), spoken(language)
        return Content(
            language=words,
            facts=facts,
            choices=choose(turns, written, flags, facts, words, draws),
            written=dict(zip(CRITERIA, written.T, strict=True)),
            subtle=dict(zip(CRITERIA, flags.T, strict=True)),
            draws=draws,
        )

    return make
