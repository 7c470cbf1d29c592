import math

import numpy as np
import pytest

from sharewise.stats.distribution import distribution_metrics

SHARES = np.array([[1.0, 0.0], [0.5, 0.5]])


def test_the_shares_themselves_score_their_own_entropy():
    found = distribution_metrics(SHARES, SHARES)
    assert found["vote_entropy"] == pytest.approx(math.log(2) / 2)
    assert found["vote_cross_entropy"] == pytest.approx(found["vote_entropy"], abs=1e-6)
    assert found["vote_brier"] == 0


def test_by_hand():
    found = distribution_metrics(SHARES, np.array([[0.8, 0.2], [0.9, 0.1]]))
    assert found["vote_cross_entropy"] == pytest.approx(
        -(math.log(0.8) + (math.log(0.9) + math.log(0.1)) / 2) / 2
    )
    assert found["vote_brier"] == pytest.approx((2 * 0.2**2 + 2 * 0.4**2) / 2)


def test_no_probability_is_infinitely_wrong():
    assert distribution_metrics(SHARES[:1], np.array([[0.0, 1.0]]))["vote_cross_entropy"] < 20


def test_no_rows():
    assert all(map(math.isnan, distribution_metrics(SHARES[:0], SHARES[:0]).values()))
