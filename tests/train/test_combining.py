"""A step's gradient under every weighting: in parts, on parameters or representation, stopped and started again."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torchjd.aggregation import Sum

from sharewise.models.sharing import SHARINGS
from sharewise.train import Trainer
from sharewise.weighting import WEIGHTINGS, GradientOptions, Method
from support import TASKS, make_data, make_job, make_stores
from train.comparing import assert_same, train
from train.observers import At, Stopped, stop

DATA = make_data()
STORES = make_stores(DATA)
QUICK = {"batch_tokens": 1024, "epochs": 1, "learning_rate": 0.02, "data": DATA, "stores": STORES}
# Weights that are trained, an optimizer of the method's own, random numbers, a solver.
RESUMED = ("uncertainty", "famo", "gradvac", "nash_mtl")


def gradients(folder, *, parts=1, **keys):
    """The gradient that the first update leaves, by parameter, and the losses."""
    trainer = Trainer(make_job(**QUICK | keys), folder)
    trainer.state.parts = parts
    rows = trainer.plan.epoch(0)[0]
    trainer._seed_dropout(0)
    losses = trainer.combiner.backward(0, trainer._parts(rows, trainer.targets.counts(rows)))
    named = trainer.model.named_parameters()
    return {n: p.grad.clone() for n, p in named if p.grad is not None}, losses


def close(one, other, factor=1.0):
    assert one.keys() == other.keys()
    for name, gradient in one.items():
        torch.testing.assert_close(gradient, factor * other[name], rtol=2e-3, atol=1e-5)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return gradients(tmp_path_factory.mktemp("plain"))


@pytest.fixture
def adding(monkeypatch):
    """A method whose combined gradient is the sum, as with the sum of the losses."""
    method = Method(
        name="adding", source="-", make=lambda tasks, options: Sum(), options=GradientOptions, gradients=True
    )
    monkeypatch.setitem(WEIGHTINGS, "adding", method)


@pytest.mark.parametrize("on", ["parameters", "representation"])
@pytest.mark.parametrize("parts", [1, 3])
def test_the_sum_of_gradients_is_the_gradient_of_the_sum(plain, adding, tmp_path, on, parts):
    found, losses = gradients(tmp_path, weighting="adding", weighting_keys={"on": on}, parts=parts)
    close(found, plain[0])
    torch.testing.assert_close(losses, plain[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sharing", ["interaction", "soft", "ple"])
def test_so_it_is_with_other_ways_to_share(adding, tmp_path, sharing):
    keys = {"sharing": sharing}
    if sharing != "soft":
        keys["sharing_keys"] = {"hidden": 8}
    expected, _ = gradients(tmp_path / "plain", **keys)
    found, _ = gradients(tmp_path / "adding", weighting="adding", **keys)
    close(found, expected)


def test_tasks_weights_count_on_gradients_too(adding, tmp_path):
    weights = {"spam": 3.0, "topic": 0.5}
    expected, _ = gradients(tmp_path / "plain", weights=weights)
    for on in ("parameters", "representation"):
        keys = {"weighting": "adding", "weighting_keys": {"on": on}, "weights": weights}
        close(gradients(tmp_path / on, **keys)[0], expected)


@pytest.mark.parametrize("name", ["uncertainty", "geometric_mean", "upgrad"])
def test_cutting_a_step_into_parts_changes_nothing_but_rounding(tmp_path, name):
    whole, losses = gradients(tmp_path / "whole", weighting=name)
    cut, again = gradients(tmp_path / "cut", weighting=name, parts=3)
    close(cut, whole)
    torch.testing.assert_close(again, losses, rtol=1e-5, atol=1e-6)


def test_the_parts_of_a_step_keep_their_dropout_on_the_way_back(adding, tmp_path):
    keys = {"dropout": 0.3, "parts": 2}
    expected, _ = gradients(tmp_path / "plain", **keys)
    found, _ = gradients(
        tmp_path / "cut", weighting="adding", weighting_keys={"on": "representation"}, **keys
    )
    close(found, expected)


def test_heads_keep_their_own_tasks_gradient(plain, tmp_path):
    for on in ("parameters", "representation"):
        found, _ = gradients(tmp_path / on, weighting="mgda", weighting_keys={"on": on})
        heads = {n: g for n, g in found.items() if n.startswith("heads.")}
        close(heads, {n: plain[0][n] for n in heads})
        assert any(not torch.equal(g, plain[0][n]) for n, g in found.items() if n.startswith("encoder."))


@pytest.mark.parametrize("name", RESUMED)
def test_stopped_and_started_again_it_ends_bit_for_bit(tmp_path, name):
    keys = QUICK | {"weighting": name, "dropout": 0.1}
    expected = train(make_job(**keys), tmp_path / "undisturbed")
    total = expected.history[-1]["step"]
    with pytest.raises(Stopped):
        train(make_job(**keys), tmp_path / "again", observer=At(total // 2 + 1, stop), checkpoint_seconds=0.0)
    assert_same(train(make_job(**keys), tmp_path / "again"), expected)


@pytest.mark.parametrize("name", ["equal", "uncertainty", "upgrad"])
def test_weights_are_trained_and_logged_at_every_evaluation(tmp_path, name):
    history = train(make_job(**QUICK | {"weighting": name, "epochs": 2}), tmp_path).history
    lines = [line.get("weights") for line in history]
    if name == "equal":
        assert lines == [None] * 2
        return
    assert all(set(line) == set(TASKS) for line in lines)
    assert lines[0] != lines[-1]


def test_one_task_is_trained_as_ever_whatever_the_weighting(tmp_path):
    expected = train(make_job("spam", **QUICK), tmp_path / "static")
    for name in ("uncertainty", "upgrad"):
        job = replace(make_job("spam", **QUICK | {"weighting": name}), every_task=False)
        found = train(job, tmp_path / name)
        assert all(torch.allclose(v, expected.weights[n], atol=1e-6) for n, v in found.weights.items()), name


def test_every_batch_holds_every_task_where_the_weighting_needs_it(tmp_path):
    keys = QUICK | {"batch_tokens": 64}
    plain = Trainer(make_job(**keys), tmp_path / "plain")
    mixed = Trainer(make_job(weighting="uncertainty", **keys), tmp_path / "mixed")
    own = plain.targets.present
    lacking = [b for b in plain.plan.epoch(0) if not own[b].any(axis=0).all()]
    assert lacking
    assert all(own[b].any(axis=0).all() for b in mixed.plan.epoch(0))
    # What was drawn is there as before; rows are added at the end.
    for before, after in zip(plain.plan.epoch(0), mixed.plan.epoch(0), strict=True):
        assert after[: len(before)].tolist() == before.tolist()
    alone = Trainer(make_job("spam", weighting="uncertainty", **keys), tmp_path / "alone")
    shared = [b[own[b][:, 0]].tolist() for b in mixed.plan.epoch(0)]
    assert [b.tolist() for b in alone.plan.epoch(0)] == shared


@pytest.mark.parametrize("sharing", sorted(SHARINGS))
def test_every_sharing_method_trains_and_where_it_has_several_passes_goes_on_bit_for_bit(tmp_path, sharing):
    small = {"hidden": 8, "bottleneck": 4, "experts": 2, "rank": 2}
    fields = SHARINGS[sharing].options.model_fields
    sizes = {key: value for key, value in small.items() if key in fields}
    if "groups" in fields:
        sizes["groups"] = {"one": TASKS[:3], "two": TASKS[3:]}
    keys = QUICK | {"sharing": sharing, "sharing_keys": sizes, "dropout": 0.1}
    expected = train(make_job(**keys), tmp_path / "undisturbed")
    if sharing in ("soft", "adapters", "lora"):
        with pytest.raises(Stopped):
            train(make_job(**keys), tmp_path / "again", observer=At(2, stop), checkpoint_seconds=0.0)
        assert_same(train(make_job(**keys), tmp_path / "again"), expected)
    assert expected.outcome.flops > 0
    assert 0 < expected.outcome.trained <= expected.outcome.parameters
    assert (expected.outcome.trained < expected.outcome.parameters) == (sharing == "lora")
