import math

import numpy as np
import pytest

from sharewise.data.corpus.criteria import CRITERIA, DISAGREEMENT_SHARES, ROWS_WITHOUT_DISAGREEMENT, SUBTLE
from sharewise.data.corpus.draws import Draws
from sharewise.data.corpus.raters import disagreement_rates, sample_difficulty, sample_written, yes_counts

SUBTLE_CELLS, DISPUTED = sample_difficulty(20_000, Draws(0, "ko"))


def test_shares_sum_up():
    assert sum(DISAGREEMENT_SHARES.values()) == pytest.approx(1.0)


def test_rates_leave_the_published_share_of_rows_without_disagreement():
    assert math.prod(1 - rate for rate in disagreement_rates().values()) == pytest.approx(
        ROWS_WITHOUT_DISAGREEMENT
    )


def test_rows_without_disagreement_are_met():
    assert 1 - DISPUTED.any(axis=1).mean() == pytest.approx(ROWS_WITHOUT_DISAGREEMENT, abs=0.005)
    assert 1 - DISPUTED.mean() > 0.96


@pytest.mark.parametrize("criterion", CRITERIA)
def test_shares_of_disagreements_are_met(criterion):
    share = DISPUTED[:, CRITERIA.index(criterion)].sum() / DISPUTED.sum()
    assert share == pytest.approx(DISAGREEMENT_SHARES[criterion], abs=0.01)


def test_subtle_text_is_disputed_six_times_as_often():
    column = CRITERIA.index("no_hallucination")
    subtle, disputed = SUBTLE_CELLS[:, column], DISPUTED[:, column]
    assert subtle.mean() == pytest.approx(SUBTLE["no_hallucination"], abs=0.001)
    assert disputed[subtle].mean() / disputed[~subtle].mean() == pytest.approx(6, rel=0.1)


def test_votes_follow_the_majority():
    majority = np.array([[True, True, False, False]])
    disputed = np.array([[False, True, False, True]])
    np.testing.assert_array_equal(yes_counts(majority, disputed), [[3, 2, 0, 1]])


def test_text_goes_against_the_majority_in_disputed_cells_only():
    majority = np.ones_like(DISPUTED)
    written = sample_written(majority, DISPUTED, Draws(0, "ko"))
    assert written[~DISPUTED].all()
    assert (~written[DISPUTED]).mean() == pytest.approx(0.3, abs=0.04)
