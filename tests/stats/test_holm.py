import numpy as np
import pytest

from sharewise.stats.holm import holm


def test_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_rejects_as_the_step_down_procedure_does():
    random = np.random.default_rng(2)
    for _ in range(200):
        p = random.random(8) ** 3
        rejected = np.zeros(8, dtype=bool)
        for step, index in enumerate(np.argsort(p)):
            if p[index] > 0.05 / (8 - step):
                break
            rejected[index] = True
        assert np.array_equal(np.array(holm(p)) <= 0.05, rejected)


def test_what_was_not_asked_counts_as_one():
    assert holm([0.01, float("nan")]) == pytest.approx([0.02, 1.0])
    assert holm([0.01], family=5) == pytest.approx([0.05])
    assert holm([]) == []
