import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from sharewise.stats import (
    INVALID,
    METRICS,
    classification_metrics,
    count,
    joint_binary_metrics,
    ordinal_metrics,
)
from sharewise.stats.classification import class_f1

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")


@st.composite
def labelled_rows(draw, lowest_prediction=0):
    classes = draw(st.integers(2, 5))
    rows = draw(st.integers(1, 40))
    targets = draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    predictions = draw(st.lists(st.integers(lowest_prediction, classes - 1), min_size=rows, max_size=rows))
    return np.array(targets), np.array(predictions), classes


@settings(max_examples=150, deadline=None)
@given(labelled_rows(lowest_prediction=INVALID))
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true", "ignore:A single label was found")
def test_class_metrics_equal_scikit_learn(case):
    targets, predictions, classes = case
    labels = {"labels": list(range(classes)), "zero_division": 0}
    expected = {
        "accuracy": reference.accuracy_score(targets, predictions),
        "balanced_accuracy": reference.balanced_accuracy_score(targets, predictions),
        "mcc": reference.matthews_corrcoef(targets, predictions),
    }
    for average in ("macro", "micro"):
        for name, score in (
            ("f1", reference.f1_score),
            ("precision", reference.precision_score),
            ("recall", reference.recall_score),
        ):
            expected[f"{average}_{name}"] = score(targets, predictions, average=average, **labels)
            if classes == 2:
                expected[name] = score(targets, predictions, average=None, **labels)[1]
    measured = classification_metrics(targets, predictions, classes)
    assert measured == pytest.approx(expected, abs=1e-12)
    per_class = reference.f1_score(targets, predictions, average=None, **labels)
    assert class_f1(count(targets, predictions, classes)) == pytest.approx(per_class)
    for name, value in expected.items():
        assert METRICS[name].point(targets, predictions, classes) == pytest.approx(value, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(labelled_rows())
@pytest.mark.filterwarnings("ignore:invalid value", "ignore:A single label was found")
def test_quadratic_kappa_equals_scikit_learn(case):
    targets, predictions, classes = case
    if np.ptp(np.concatenate([targets, predictions])) == 0:
        expected = float("nan")
    else:
        expected = reference.cohen_kappa_score(
            targets, predictions, weights="quadratic", labels=range(classes)
        )
    measured = ordinal_metrics(targets, predictions, classes)
    assert measured["qwk"] == pytest.approx(expected, nan_ok=True)
    assert measured["mae_levels"] == pytest.approx(reference.mean_absolute_error(targets, predictions))
    assert METRICS["qwk"].point(targets, predictions, classes) == pytest.approx(expected, nan_ok=True)


def test_an_invalid_level_counts_as_the_farthest():
    targets, predictions = np.array([0, 1, 2, 3, 4]), np.array([INVALID, INVALID, INVALID, INVALID, 4])
    as_farthest = ordinal_metrics(targets, np.array([4, 4, 0, 0, 4]), 5)
    assert ordinal_metrics(targets, predictions, 5) == as_farthest
    assert METRICS["qwk"].point(targets, predictions, 5) == as_farthest["qwk"]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_joint_metrics_equal_scikit_learn(rows, tasks, seed):
    random = np.random.default_rng(seed)
    targets, predictions = random.integers(0, 2, (2, rows, tasks))
    if tasks == 1:  # scikit-learn reads one column as one plain task
        expected_f1 = [reference.f1_score(targets[:, 0], predictions[:, 0], zero_division=0)] * 2
    else:
        expected_f1 = [
            reference.f1_score(targets, predictions, average=average, zero_division=0)
            for average in ("micro", "macro")
        ]
    expected = {
        "exact_match": reference.accuracy_score(targets, predictions),
        "micro_f1": expected_f1[0],
        "macro_f1": expected_f1[1],
    }
    assert joint_binary_metrics(targets, predictions) == pytest.approx(expected)


def test_no_rows_give_nan():
    nothing = np.zeros(0, dtype=int)
    values = {**classification_metrics(nothing, nothing, 2), **ordinal_metrics(nothing, nothing, 3)}
    assert len(values) == 14
    assert all(np.isnan(value) for value in values.values())
    assert all(
        np.isnan(value)
        for value in joint_binary_metrics(np.zeros((0, 3), int), np.zeros((0, 3), int)).values()
    )


@pytest.mark.parametrize(
    ("targets", "predictions"),
    [([0, 1], [0, 2]), ([0, 2], [0, 1]), ([0, -1], [0, 1]), ([0, 1], [0, -2]), ([0, 1], [0])],
)
def test_what_is_no_class_is_refused(targets, predictions):
    with pytest.raises(ValueError, match=r"targets"):
        classification_metrics(np.array(targets), np.array(predictions), 2)


def test_metrics_without_meaning_for_several_labels_are_refused():
    labels = np.array([[0, 1], [1, 1]])
    assert METRICS["macro_f1"].point(labels, labels) == 1
    with pytest.raises(ValueError, match="several labels"):
        METRICS["mcc"].point(labels, labels)
