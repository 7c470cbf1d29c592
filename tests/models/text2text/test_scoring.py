"""Scoring labels over their prefix tree equals forcing each of them through the decoder alone."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.text2text.seq2seq import END, VOCABULARY, forced, tiny
from models.text2text.test_tree import LABELS
from sharewise.models.text2text import scoring
from sharewise.models.text2text.scoring import label_scores
from sharewise.models.text2text.tree import prefix_tree

KINDS = ("t5", "umt5", "bart")


def encoded(model, seed: int, rows: int = 3):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, VOCABULARY, (rows, 6), generator=generator)
    mask = torch.ones_like(ids)
    mask[-1, 2:] = 0
    with torch.no_grad():
        return model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state, mask


@settings(deadline=None, max_examples=25)
@given(kind=st.sampled_from(KINDS), labels=LABELS, seed=st.integers(0, 99), mean=st.booleans())
def test_scores_equal_brute_force(kind, labels, seed, mean):
    model = tiny(kind)
    states, mask = encoded(model, seed)
    with torch.no_grad():
        found = label_scores(model, states, mask, prefix_tree(labels, 2), mean=mean)
    expected = forced(model, states, mask, labels)
    if mean:
        expected = expected / torch.tensor([len(label) for label in labels])
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-5)


def test_labels_that_begin_alike_and_end_within_each_other():
    labels = [(END,), (4, END), (4, 5, END), (4, 5, 6, END), (5, END)]
    for kind in KINDS:
        states, mask = encoded(tiny(kind), 1)
        found = label_scores(tiny(kind), states, mask, prefix_tree(labels, 2))
        torch.testing.assert_close(found, forced(tiny(kind), states, mask, labels), atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_attention_that_cannot_be_exchanged_scores_the_same(kind):
    labels = [(4, 5, 6, END), (4, 5, 7, END), (5, END), (6, 3, END)]
    model = tiny(kind)
    states, mask = encoded(model, 3)
    shared = label_scores(model, states, mask, prefix_tree(labels, 2))
    model.set_attn_implementation("eager")
    apart = label_scores(model, states, mask, prefix_tree(labels, 2))
    torch.testing.assert_close(apart, shared, atol=2e-5, rtol=1e-5)
    assert model.config._attn_implementation == "eager"


def test_few_rows_at_a_time_give_the_same(monkeypatch):
    model, labels = tiny("t5"), [(4, 5, END), (6, END)]
    states, mask = encoded(model, 2, rows=5)
    whole = label_scores(model, states, mask, prefix_tree(labels, 2))
    monkeypatch.setattr(scoring, "_LOGITS", 1)
    torch.testing.assert_close(label_scores(model, states, mask, prefix_tree(labels, 2)), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_flow_through_shared_prefixes(kind):
    model, labels = tiny(kind), [(4, 5, END), (4, 6, END), (7, END)]
    states, mask = encoded(model, 4)
    states = states.requires_grad_()
    weights = torch.tensor([0.5, -1.0, 2.0])
    (label_scores(model, states, mask, prefix_tree(labels, 2)) @ weights).sum().backward()
    found, states.grad = states.grad, None
    with torch.enable_grad():
        forced_scores = forced.__wrapped__(model, states, mask, labels)
    (forced_scores @ weights).sum().backward()
    torch.testing.assert_close(found, states.grad, atol=1e-4, rtol=1e-3)
    model.zero_grad()
