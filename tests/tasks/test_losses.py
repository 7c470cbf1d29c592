"""Losses of labels: each is what its formula says, its limits are the plain loss, and no logit breaks it."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch.nn import functional

from sharewise.errors import UserError
from sharewise.tasks import (
    BinaryOptions,
    MulticlassOptions,
    MultilabelOptions,
    OrdinalOptions,
    Task,
    restore_task,
)

LABELS = ("a", "b", "c")
COUNTS = np.array([60.0, 30.0, 10.0])
# Keys that change nothing.
NONE = {"label_smoothing": 0.0, "gamma": 0.0}
LOGITS = torch.tensor([[0.3, -1.2, 2.0], [-0.7, 0.4, 0.1], [4.0, -3.0, 0.0]])
ONES = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
SHARES = torch.tensor([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [1 / 3, 1 / 3, 1 / 3]])
CLASSES = torch.tensor([[0.0], [2.0], [1.0]])

gammas = st.floats(0.0, 5.0, width=32)
wild = st.lists(st.floats(-1e4, 1e4, width=32), min_size=9, max_size=9)


def multiclass(**keys) -> Task:
    task = MulticlassOptions(data="d", label="y", labels=LABELS, **keys).build("t", pl.Series(LABELS))
    task.fit(COUNTS, 100.0)
    return task


def ordinal(**keys) -> Task:
    task = OrdinalOptions(data="d", label="y", labels=LABELS, **keys).build("t", pl.Series(LABELS))
    task.fit(COUNTS, 100.0)
    return task


def multilabel(**keys) -> Task:
    task = MultilabelOptions(data="d", label="y", labels=LABELS, **keys).build("t", pl.Series(["a"]))
    task.fit(COUNTS, 100.0)
    return task


def binary(**keys) -> Task:
    task = BinaryOptions(data="d", label="y", **keys).build("t", pl.Series([0, 1]))
    task.fit(np.array([80.0, 20.0]), 100.0)
    return task


KINDS = {
    "binary": (binary, LOGITS[:, :1], ONES[:, :1]),
    "multiclass": (multiclass, LOGITS, CLASSES),
    "multilabel": (multilabel, LOGITS, ONES),
    "ordinal": (ordinal, LOGITS[:, :2], CLASSES),
    "cumulative": (partial(ordinal, link="cumulative"), LOGITS[:, :2], CLASSES),
}


@pytest.mark.parametrize("kind", KINDS)
def test_keys_that_change_nothing_give_the_plain_loss_bit_for_bit(kind):
    make, outputs, targets = KINDS[kind]
    keys = {"gamma": 0.0} if kind in ("ordinal", "cumulative") else NONE
    same = {"pos_weight": 1.0} if kind in ("binary", "multilabel") else {"class_weights": {"a": 1.0}}
    plain = make()
    assert "loss" not in plain.describe()
    for task in (make(**keys), make(**same)):
        assert "loss" not in task.describe()
        assert torch.equal(task.loss(outputs, targets), plain.loss(outputs, targets))


def test_the_general_form_without_its_keys_is_cross_entropy():
    """The same code that weighs, smooths and focuses, at values that all but do nothing."""
    close = {"rtol": 1e-5, "atol": 1e-6}
    found = multilabel(shift=1e-9).loss(LOGITS, ONES)
    expected = functional.binary_cross_entropy_with_logits(LOGITS, ONES, reduction="none").mean(dim=1)
    torch.testing.assert_close(found, expected, **close)
    found = multiclass(gamma=1e-9).soft_loss(LOGITS, SHARES)
    torch.testing.assert_close(found, functional.cross_entropy(LOGITS, SHARES, reduction="none"), **close)


def test_smoothing_and_class_weights_are_those_of_pytorch():
    weights = {"a": 2.0, "c": 0.5}
    smooth = multiclass(label_smoothing=0.2, class_weights=weights)
    expected = functional.cross_entropy(
        LOGITS,
        CLASSES[:, 0].long(),
        weight=torch.tensor([2.0, 1.0, 0.5]),
        label_smoothing=0.2,
        reduction="none",
    )
    torch.testing.assert_close(smooth.loss(LOGITS, CLASSES), expected)


def test_positive_weights_are_those_of_pytorch():
    weights = torch.tensor([3.0, 1.0, 0.5])
    task = multilabel(pos_weight={"a": 3.0, "c": 0.5})
    expected = functional.binary_cross_entropy_with_logits(
        LOGITS, ONES, pos_weight=weights, reduction="none"
    ).mean(dim=1)
    torch.testing.assert_close(task.loss(LOGITS, ONES), expected)


def test_binary_smoothing_spreads_over_both_labels():
    found = binary(label_smoothing=0.1).loss(LOGITS[:, :1], ONES[:, :1])
    expected = functional.binary_cross_entropy_with_logits(
        LOGITS[:, 0], ONES[:, 0] * 0.9 + 0.05, reduction="none"
    )
    torch.testing.assert_close(found, expected)


@given(logit=st.floats(-8, 8), yes=st.booleans(), gamma=gammas, negative=gammas, shift=st.floats(0, 0.5))
def test_asymmetric_loss_is_its_formula(logit, yes, gamma, negative, shift):
    task = binary(gamma=gamma, gamma_negative=negative, shift=shift, pos_weight=2.5)
    p = 1 / (1 + math.exp(-logit))
    shifted = max(p - shift, 0.0)
    expected = (
        -2.5 * (1 - p) ** gamma * math.log(p)
        if yes
        else -(shifted**negative if shifted or negative else 1.0) * math.log(1 - shifted)
    )
    found = task.loss(torch.tensor([[logit]], dtype=torch.float64), torch.tensor([[float(yes)]]).double())
    assert found.item() == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(gamma=gammas)
def test_both_gammas_equal_and_no_shift_is_the_focal_loss(gamma):
    outputs = LOGITS[:, :1]
    focal = binary(gamma=gamma).loss(outputs, ONES[:, :1])
    both = binary(gamma=gamma, gamma_negative=gamma, shift=0.0).loss(outputs, ONES[:, :1])
    p = torch.where(ONES[:, 0] == 1, torch.sigmoid(outputs[:, 0]), 1 - torch.sigmoid(outputs[:, 0]))
    assert torch.equal(focal, both)
    torch.testing.assert_close(focal, -((1 - p) ** gamma) * torch.log(p), rtol=1e-4, atol=1e-6)


@given(gamma=gammas)
def test_the_focal_loss_of_classes_and_levels_is_its_formula(gamma):
    labels = CLASSES.long()
    p = torch.softmax(LOGITS, dim=1).gather(1, labels)[:, 0]
    found = multiclass(gamma=gamma).loss(LOGITS, CLASSES)
    torch.testing.assert_close(found, -((1 - p) ** gamma) * torch.log(p), rtol=1e-4, atol=1e-6)
    task = ordinal(gamma=gamma, class_weights={"c": 3.0})
    reached = functional.pad(task.activate(LOGITS[:, :2]), (1, 1))
    reached[:, 0] = 1.0
    p = (reached[:, :-1] - reached[:, 1:]).gather(1, labels)[:, 0]
    weight = torch.tensor([1.0, 3.0, 1.0])
    found = task.loss(LOGITS[:, :2], CLASSES)
    torch.testing.assert_close(found, -weight * (1 - p) ** gamma * torch.log(p), rtol=1e-4, atol=1e-6)


def test_soft_targets_are_the_mean_of_the_loss_over_the_votes():
    keys = {"gamma": 2.0, "class_weights": "balanced", "label_smoothing": 0.1}
    task = multiclass(**keys)
    each = torch.stack([task.loss(LOGITS, torch.full((3, 1), float(label))) for label in range(3)], dim=1)
    torch.testing.assert_close(task.soft_loss(LOGITS, SHARES), (each * SHARES).sum(dim=1))
    task = binary(gamma=1.0, gamma_negative=3.0, shift=0.05, pos_weight="auto", label_smoothing=0.1)
    outputs, share = LOGITS[:, :1], torch.tensor([0.2, 0.5, 1.0])
    yes, no = (task.loss(outputs, torch.full((3, 1), float(on))) for on in (1, 0))
    shares = torch.stack([1 - share, share], dim=1)
    torch.testing.assert_close(task.soft_loss(outputs, shares), share * yes + (1 - share) * no)


HARD_KEYS = {
    "binary": {
        "gamma": 0.5,
        "gamma_negative": 3.0,
        "shift": 0.05,
        "pos_weight": "auto",
        "label_smoothing": 0.1,
    },
    "multiclass": {"gamma": 0.5, "class_weights": "balanced", "label_smoothing": 0.1},
    "multilabel": {"gamma": 0.5, "gamma_negative": 0.25, "shift": 0.2, "pos_weight": "auto"},
    "ordinal": {"gamma": 0.5, "class_weights": "balanced"},
    "cumulative": {"gamma": 0.5, "class_weights": "balanced"},
}


@pytest.mark.parametrize("kind", KINDS)
@given(values=wild)
def test_loss_and_gradient_are_finite_at_any_logit(kind, values):
    make, outputs, targets = KINDS[kind]
    for keys in (HARD_KEYS[kind], {"gamma": 2.0}, {"gamma": 0.1}):
        logits = torch.tensor(values).view(3, 3)[:, : outputs.shape[1]].clone().requires_grad_()
        loss = make(**keys).loss(logits, targets)
        assert torch.isfinite(loss).all()
        assert (loss >= 0).all()
        loss.sum().backward()
        assert torch.isfinite(logits.grad).all()


def test_weights_come_from_training_rows():
    assert multiclass(class_weights="balanced").describe()["loss"]["weights"] == pytest.approx(
        [100 / 180, 100 / 90, 100 / 30]
    )
    assert binary(pos_weight="auto").describe()["loss"]["weights"] == [4.0]
    assert multilabel(pos_weight="auto").describe()["loss"]["weights"] == pytest.approx([2 / 3, 7 / 3, 9.0])


def test_a_label_without_training_rows_weighs_one():
    task = MulticlassOptions(data="d", label="y", labels=LABELS, class_weights="balanced")
    task = task.build("t", pl.Series(["a", "b"]))
    task.fit(np.array([3.0, 1.0, 0.0]), 4.0)
    assert task.describe()["loss"]["weights"] == pytest.approx([4 / 9, 4 / 3, 1.0])
    never = multilabel(pos_weight="auto")
    never.fit(np.array([0.0, 4.0, 1.0]), 4.0)
    assert never.describe()["loss"]["weights"] == [1.0, 1.0, 3.0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_saved_with_the_task(kind):
    make, outputs, targets = KINDS[kind]
    task = make(**HARD_KEYS[kind])
    again = restore_task("t", task.options.model_dump(mode="json", exclude_none=True), task.describe())
    assert again.describe() == task.describe()
    assert torch.equal(again.loss(outputs, targets), task.loss(outputs, targets))


@pytest.mark.parametrize(
    ("make", "keys", "message"),
    [
        (multiclass, {"class_weights": {"d": 2}}, "tasks.t.class_weights: 'd' is no label of this task"),
        (multilabel, {"pos_weight": {"bb": 2}}, "tasks.t.pos_weight: 'bb' is no label of this task"),
    ],
)
def test_a_weight_of_no_label_is_refused(make, keys, message):
    with pytest.raises(UserError) as error:
        make(**keys)
    assert str(error.value).startswith(message)
    assert "a weight for some of a, b, c" in str(error.value)


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        (BinaryOptions, {"class_weights": "balanced"}),
        (BinaryOptions, {"pos_weight": 0}),
        (BinaryOptions, {"shift": 1.0}),
        (MulticlassOptions, {"label_smoothing": 1.0}),
        (MulticlassOptions, {"class_weights": {"a": -1}}),
        (MulticlassOptions, {"gamma_negative": 2.0}),
        (OrdinalOptions, {"label_smoothing": 0.1}),
        (OrdinalOptions, {"gamma": -1.0}),
    ],
)
def test_keys_that_make_no_sense_are_refused(options, keys):
    with pytest.raises(ValidationError):
        options(data="d", label="y", **keys)


def test_labels_of_weights_may_be_numbers():
    task = MulticlassOptions(data="d", label="y", labels=(1, 2), class_weights={1: 2.0, 2: 3})
    built = task.build("t", pl.Series([1, 2]))
    built.fit(np.array([1.0, 1.0]), 2.0)
    assert built.describe()["loss"] == {"weights": [2.0, 3.0]}
