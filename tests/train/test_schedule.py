from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharewise.train.schedule import learning_rate


@pytest.mark.parametrize(
    ("warmup", "rates"),
    [
        (0.0, [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]),
        (0.2, [0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]),
        (0.99, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
    ],
)
def test_values(warmup, rates):
    found = [learning_rate(step, total=10, peak=1.0, warmup=warmup) for step in range(10)]
    assert found == pytest.approx(rates)


def test_the_only_update_has_the_peak():
    assert learning_rate(0, total=1, peak=2.0e-5, warmup=0.1) == 2.0e-5


@given(total=st.integers(1, 300), warmup=st.floats(0, 0.99), peak=st.floats(1e-6, 0.9))
def test_rates_rise_to_the_peak_then_fall_and_stay_over_zero(total, warmup, peak):
    rates = [learning_rate(step, total=total, peak=peak, warmup=warmup) for step in range(total)]
    top = rates.index(max(rates))
    assert max(rates) == pytest.approx(peak)
    assert min(rates) > 0
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
