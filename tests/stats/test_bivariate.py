import numpy as np
import pytest
from scipy.stats import multivariate_normal

from sharewise.stats.bivariate import both_below, correlation_of_disagreement


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9, 0.999])
def test_both_below_equals_scipy(correlation):
    limits = [-2.0, -0.4, 0.0, 1.3]
    together = multivariate_normal([0, 0], [[1, correlation], [correlation, 1]])
    for first in limits:
        found = both_below(np.full(4, first), np.array(limits), np.full(4, correlation))
        assert found == pytest.approx([together.cdf([first, second]) for second in limits], abs=1e-5)


def test_variables_of_the_found_correlation_disagree_as_often_as_asked():
    share, disagreement = np.array([0.02, 0.14, 0.5, 0.8]), np.array([0.01, 0.12, 0.25, 0.16])
    correlation = correlation_of_disagreement(share, disagreement)
    random = np.random.default_rng(0)
    for place in range(4):
        drawn = random.multivariate_normal(
            [0, 0], [[1, correlation[place]], [correlation[place], 1]], 400_000
        )
        below = drawn < np.quantile(drawn, share[place])
        assert np.mean(below[:, 0] != below[:, 1]) == pytest.approx(disagreement[place], abs=0.003)


def test_what_is_out_of_reach_gives_the_nearest_correlation():
    share = np.array([0.1, 0.1])
    assert correlation_of_disagreement(share, np.array([0.9, 0.0])) == pytest.approx([0, 1])
