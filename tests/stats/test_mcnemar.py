import numpy as np
import pytest

from sharewise.stats import mcnemar


def test_exact_probability_by_hand():
    targets = np.zeros(8, dtype=int)
    first = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    second = np.array([1, 1, 1, 1, 1, 0, 0, 1])
    test = mcnemar(targets, first, second)
    assert (test.only_first, test.only_second) == (5, 1)
    assert test.p == pytest.approx(2 * (1 + 6) / 2**6)


def test_equal_models_differ_in_nothing():
    targets = np.array([0, 1, 1])
    assert mcnemar(targets, targets, targets).p == 1
