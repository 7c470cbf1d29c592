"""What is fitted for each kind of task, as its keys say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sharewise.data.targets import check_thresholds
from sharewise.errors import UserError
from sharewise.models.calibration import Calibration, calibrated, decided, logits_of, recalibrated
from sharewise.models.fitting import fit_calibration, fit_thresholds
from sharewise.stats.metrics import METRICS
from sharewise.tasks import BinaryOptions, MulticlassOptions, MultilabelOptions, OrdinalOptions

LABELS = ("a", "b", "c")


def binary(**keys):
    return BinaryOptions(data="d", label="y", **keys).build("t", pl.Series([0, 1]))


def multiclass(**keys):
    return MulticlassOptions(data="d", label="y", labels=LABELS, **keys).build("t", pl.Series(LABELS))


def multilabel(**keys):
    return MultilabelOptions(data="d", label="y", labels=LABELS, **keys).build("t", pl.Series(["a"]))


def ordinal(labels=LABELS, **keys):
    return OrdinalOptions(data="d", label="y", labels=labels, **keys).build("t", pl.Series(labels))


def columns(*values):
    return np.array(values, dtype=np.float32)[:, None]


SCORES, TRUTH = columns(0.1, 0.2, 0.3, 0.35, 0.9), columns(0, 0, 1, 1, 1)


def test_nothing_is_fitted_that_was_not_asked_for():
    for task in (binary(), multiclass(), multilabel(), ordinal()):
        scores = np.full((2, task.outputs), 0.4, dtype=np.float32)
        assert fit_calibration(task, scores, np.zeros((2, task.target_width))) is None
        assert fit_thresholds(task, scores, np.zeros((2, task.target_width))) == ()


def test_a_tuned_threshold_lies_between_the_classes():
    assert fit_thresholds(binary(threshold="tuned"), SCORES, TRUTH) == pytest.approx([0.25])
    assert fit_thresholds(binary(threshold=0.3), SCORES, TRUTH) == (0.3,)


@pytest.mark.parametrize("metric", ["auroc", "brier", "recall", "precision"])
def test_a_metric_that_no_threshold_moves_or_one_at_an_end_is_left_for_mcc(metric):
    task = binary(threshold="tuned", metric=metric)
    scores, truth = columns(0.1, 0.2, 0.3, 0.35, 0.9), columns(0, 1, 0, 1, 1)
    expected = fit_thresholds(binary(threshold="tuned"), scores, truth)
    assert fit_thresholds(task, scores, truth) == expected


def test_without_anything_to_choose_it_is_one_half():
    assert fit_thresholds(binary(threshold="tuned"), SCORES, columns(1, 1, 1, 1, 1)) == (0.5,)
    assert fit_thresholds(binary(threshold="tuned"), columns(0.7, 0.7), columns(0, 1)) == (0.5,)


def test_a_run_that_failed_is_left_as_it_is():
    task = binary(threshold="tuned", calibration="isotonic")
    for scores in (columns(np.nan, 0.2), np.zeros((0, 1), dtype=np.float32)):
        assert fit_calibration(task, scores, scores) is None
        assert fit_thresholds(task, scores, scores) == (0.5,)


def test_each_label_has_its_own_threshold():
    scores = np.array([[0.1, 0.6, 0.5], [0.2, 0.7, 0.5], [0.3, 0.9, 0.5]], dtype=np.float32)
    truth = np.array([[0, 0, 1], [1, 0, 0], [1, 1, 0]], dtype=np.float32)
    task = multilabel(threshold="tuned")
    found = fit_thresholds(task, scores, truth)
    assert found == pytest.approx([0.15, 0.8, 0.5])
    assert decided(task, scores, found)[:, :2].tolist() == truth[:, :2].tolist()


def test_a_threshold_for_some_labels_leaves_the_others_at_one_half():
    scores = np.array([[0.1, 0.6, 0.5], [0.2, 0.7, 0.5], [0.3, 0.9, 0.5]], dtype=np.float32)
    truth = np.array([[0, 0, 1], [1, 0, 0], [1, 1, 0]], dtype=np.float32)
    task = multilabel(threshold={"b": "tuned", "c": 0.4})
    assert fit_thresholds(task, scores, truth) == pytest.approx([0.5, 0.8, 0.4])
    assert fit_thresholds(binary(threshold={1: 0.2}), SCORES, TRUTH) == (0.2,)
    assert fit_thresholds(ordinal(threshold={"c": 0.2}), scores[:, 1:], truth[:, :1]) == (0.5, 0.2)


@pytest.mark.parametrize(
    ("make", "label", "hint"),
    [(multilabel, "d", ""), (binary, "0", ""), (ordinal, "a", ""), (ordinal, "c+", "; did you mean 'c'?")],
)
def test_a_threshold_is_for_a_label_that_is_decided_on(make, label, hint):
    task = make(threshold={label: 0.4})
    with pytest.raises(UserError) as caught:
        check_thresholds({"t": task})
    assert caught.value.problem == f"tasks.t.threshold: {label!r} is no label of this task{hint}"
    assert caught.value.expected == f"a threshold for some of {', '.join(task.decided_labels)}"


def levels(rows, seed, spread=1.5):
    """Probabilities of reaching each of four levels but the lowest, and the levels: too low throughout."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 4, rows)
    latent = truth + random.normal(0, 0.7, rows)
    logits = 2.0 * (latent[:, None] - np.array([0.5, 1.5, 2.5]) - 0.6) * spread
    return (1 / (1 + np.exp(-logits))).astype(np.float32), truth[:, None].astype(np.float32)


@pytest.mark.parametrize("metric", ["qwk", "mae", "accuracy", "macro_f1", "macro_recall"])
def test_the_steps_of_ordered_labels_are_tuned_one_beside_the_others(metric):
    scores, truth = levels(400, 1)
    margin = {"margin": 0.1} if metric == "mae" else {}
    task = ordinal((1, 2, 3, 4), threshold="tuned", metric=metric, **margin)
    found = fit_thresholds(task, scores, truth)
    tuned = METRICS["mcc" if metric == "macro_recall" else metric]
    sign = 1 if tuned.higher_is_better else -1

    def value(thresholds):
        return sign * tuned.point(truth[:, 0].astype(int), decided(task, scores, thresholds), 4)

    assert value(found) > value((0.5, 0.5, 0.5)) + 0.01
    # No other threshold of a single step is better.
    for step in range(3):
        for other in np.linspace(0.02, 0.98, 49):
            changed = [*found[:step], other, *found[step + 1 :]]
            assert value(changed) <= value(found) + 1e-9
    # One that is set stays, and the others are tuned beside it.
    some = fit_thresholds(
        ordinal((1, 2, 3, 4), threshold={"2": "tuned", "3": 0.9}, metric=metric, **margin), scores, truth
    )
    assert some[1:] == (0.9, 0.5)
    assert value(some) >= value((0.5, 0.9, 0.5))


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_calibrated_levels_keep_their_order(method):
    scores, truth = levels(3000, 2, spread=4)
    task = ordinal((1, 2, 3, 4), calibration=method)
    after = recalibrated(task, scores, fit_calibration(task, scores, truth))
    assert (np.diff(after, axis=1) <= 0).all()
    events = task.events(truth)
    assert np.mean((after - events) ** 2) < np.mean((scores - events) ** 2) - 0.005


@given(
    arrays.arrays(np.float32, (6, 3), elements=st.floats(-15, 15, width=32)),
    st.floats(0.1, 10),
)
def test_temperature_changes_no_decision(outputs, temperature):
    logits = torch.from_numpy(outputs)
    cooled = Calibration(temperature=temperature)
    task = multiclass()
    plain, calm = calibrated(task, logits, None), calibrated(task, logits, cooled)
    # Where float32 can't tell two labels apart, either may be the first of equals.
    gap = np.sort(plain, axis=1)[:, -1] - np.sort(plain, axis=1)[:, -2]
    sure = gap > 1e-6
    assert (task.decide(plain) == task.decide(calm))[sure].all()
    for task, plain, calm in (
        (task, calibrated(task, logits, None), calibrated(task, logits, cooled))
        for task in (multilabel(), ordinal((*LABELS, "d")))
    ):
        sure = abs(plain - 0.5).min(axis=1) > 1e-6
        assert (task.decide(plain) == task.decide(calm))[sure].all()


@pytest.mark.parametrize("make", [binary, multiclass, multilabel, ordinal])
@given(st.floats(0.2, 5.0), st.integers(0, 100))
def test_stored_probabilities_are_calibrated_as_logits_are(make, temperature, seed):
    task = make()
    outputs = torch.from_numpy(np.random.default_rng(seed).normal(0, 4, (8, task.outputs)).astype(np.float32))
    calibration = Calibration(temperature=temperature)
    stored = task.activate(outputs).numpy()
    np.testing.assert_allclose(
        recalibrated(task, stored, calibration), calibrated(task, outputs, calibration), atol=2e-4
    )
    assert recalibrated(task, stored, None) is stored


def test_certain_probabilities_have_finite_logits():
    certain = np.array([[1.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    for task, scores in (
        (binary(), columns(0.0, 1.0)),
        (multiclass(), np.eye(3, dtype=np.float32)),
        (ordinal(), certain),
    ):
        assert np.isfinite(logits_of(task, scores)).all()
        assert np.isfinite(recalibrated(task, scores, Calibration(temperature=3.0))).all()


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_models_that_are_too_sure_become_believable(method):
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, (4000, 1)).astype(np.float32)
    logits = random.normal(0, 1, (4000, 3)) + 1.5 * np.eye(3)[truth[:, 0].astype(int)]
    for task, outputs, targets in (
        (multiclass(calibration=method), logits * 4, truth),
        (multilabel(calibration=method), (logits - 1) * 4, np.eye(3)[truth[:, 0].astype(int)]),
        (binary(calibration=method), (logits[:, :1] - 1) * 4, (truth == 0).astype(np.float32)),
    ):
        scores = task.activate(torch.from_numpy(outputs.astype(np.float32))).numpy()
        after = recalibrated(task, scores, fit_calibration(task, scores, targets))
        events = task.events(targets)
        assert np.mean((after - events) ** 2) < np.mean((scores - events) ** 2) - 0.01
        if task.exclusive:
            np.testing.assert_allclose(after.sum(axis=1), 1.0, rtol=1e-5)
        gap = abs(after.mean(axis=0) - events.mean(axis=0))
        assert gap.max() < 0.06
