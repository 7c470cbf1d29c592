import numpy as np
import pytest

from sharewise.data.corpus.criteria import CORRELATIONS, CRITERIA, LATER_FALL, RATES
from sharewise.data.corpus.draws import Draws
from sharewise.data.corpus.labels import conditional_rates, rates_by_turn, sample_labels


def many_labels():
    first = np.arange(400_000) % 2 == 0
    return first, sample_labels(first, Draws(0, "ko"))


FIRST, LABELS = many_labels()


@pytest.mark.parametrize("criterion", CRITERIA)
def test_rates_are_met(criterion):
    assert LABELS[:, CRITERIA.index(criterion)].mean() == pytest.approx(RATES[criterion], abs=0.003)


def test_chosen_rates_lie_in_the_published_range():
    assert all(0.7958 < rate < 0.9220 for rate in RATES.values())


@pytest.mark.parametrize("pair", CORRELATIONS, ids="-".join)
def test_correlations_are_met(pair):
    columns = [LABELS[:, CRITERIA.index(criterion)] for criterion in pair]
    expected = CORRELATIONS[pair] if abs(CORRELATIONS[pair]) > 0.1 else 0.0
    assert np.corrcoef(columns)[0, 1] == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize("criterion", LATER_FALL)
def test_rates_fall_in_later_turns(criterion):
    column = LABELS[:, CRITERIA.index(criterion)]
    fall = 1 - column[~FIRST].mean() / column[FIRST].mean()
    assert fall == pytest.approx(LATER_FALL[criterion], abs=0.005)


def test_other_rates_by_turn_are_equal():
    in_first, in_later = rates_by_turn("sensibleness")
    assert in_first == in_later == RATES["sensibleness"]


@pytest.mark.parametrize("pair", list(CORRELATIONS)[:3], ids="-".join)
def test_conditional_rates_are_probabilities_with_the_right_mean(pair):
    after_negative, after_positive = conditional_rates(*pair)
    assert 0 <= after_positive < after_negative <= 1
    given = 1 - RATES[pair[1]]
    assert after_negative * given + after_positive * (1 - given) == pytest.approx(1 - RATES[pair[0]])
