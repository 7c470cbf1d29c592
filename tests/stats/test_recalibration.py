"""Temperature, isotonic curves and thresholds: each is the best of its kind, and leaves alone what it must."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from sharewise.stats.metrics import METRICS
from sharewise.stats.recalibration import best_temperature, best_threshold, isotonic_curve


def distributions(rows, classes, temperature, seed=0):
    """Logits that are too sure by a factor, and the labels that are drawn from what they should be."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (rows, classes))
    drawn = softmax(logits, axis=1).cumsum(axis=1) > random.random((rows, 1))
    return logits * temperature, np.eye(classes, dtype=np.int64)[drawn.argmax(axis=1)]


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_logits_too_sure_is_found(factor):
    logits, events = distributions(20_000, 3, factor)
    assert best_temperature(logits, events, exclusive=True) == pytest.approx(factor, rel=0.05)
    random = np.random.default_rng(1)
    true = random.normal(0, 2, (20_000, 2))
    yes = (random.random(true.shape) < 1 / (1 + np.exp(-true))).astype(np.int64)
    assert best_temperature(true * factor, yes, exclusive=False) == pytest.approx(factor, rel=0.05)


def test_no_other_temperature_is_likelier():
    logits, events = distributions(60, 4, 2.0)
    found = best_temperature(logits, events, exclusive=True)

    def loss(temperature):
        return -np.sum(events * log_softmax(logits / temperature, axis=1))

    assert all(loss(found) <= loss(other) + 1e-9 for other in np.geomspace(0.1, 10, 200))


@given(
    st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1),
    st.lists(st.floats(0, 1), min_size=1),
)
def test_isotonic_curves_rise_and_are_never_certain(pairs, asked):
    probabilities, events = np.array([p for p, _ in pairs]), np.array([int(e) for _, e in pairs])
    given_, found = isotonic_curve(probabilities, events)
    assert len(given_) == len(found)
    assert (np.diff(given_) >= 0).all()
    assert (np.diff(found) >= 0).all()
    assert 0 < found[0] <= found[-1] < 1
    read = np.interp(np.sort(asked), given_, found)
    assert (np.diff(read) >= 0).all()


def test_the_isotonic_curve_gives_frequencies():
    probabilities = np.array([0.9, 0.9, 0.9, 0.9, 0.2, 0.2])
    given_, found = isotonic_curve(probabilities, np.array([1, 0, 0, 1, 0, 1]))
    np.testing.assert_allclose(np.interp([0.2, 0.9], given_, found), [0.5, 0.5])
    given_, found = isotonic_curve(probabilities, np.array([1, 1, 0, 1, 0, 0]))
    np.testing.assert_allclose(np.interp([0.2, 0.9], given_, found), [1 / 8, 0.75])


@pytest.mark.parametrize("metric", ["mcc", "f1", "macro_f1", "accuracy", "balanced_accuracy", "micro_f1"])
@given(pairs=st.lists(st.tuples(st.integers(1, 19), st.booleans()), min_size=2, max_size=30))
def test_no_other_threshold_is_better(metric, pairs):
    probabilities = np.array([p / 20 for p, _ in pairs], dtype=np.float32)
    events = np.array([int(e) for _, e in pairs])
    found = best_threshold(probabilities, events, metric)
    if found is None:
        assert len(set(probabilities.tolist())) == 1 or len(set(events.tolist())) == 1
        return
    levels = np.unique(probabilities.astype(np.float64))
    every = (levels[:-1] + levels[1:]) / 2
    values = [
        METRICS[metric].point(events, (probabilities.astype(np.float64) > cut).astype(np.int64), 2)
        for cut in every
    ]
    best = np.nanmax(values)
    decided = (probabilities.astype(np.float64) > found).astype(np.int64)
    assert METRICS[metric].point(events, decided, 2) == pytest.approx(best)
    assert abs(found - 0.5) == pytest.approx(
        min(abs(cut - 0.5) for cut, value in zip(every, values, strict=True) if value >= best - 1e-12)
    )


def test_thresholds_are_for_metrics_of_decisions():
    with pytest.raises(ValueError, match="auroc is no metric of decisions"):
        best_threshold(np.array([0.1, 0.9]), np.array([0, 1]), "auroc")
