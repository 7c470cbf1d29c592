"""Labels scored by kernels in C, all prefixes at once, equal labels forced one by one, to bfloat16's rounding."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
import transformers as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from models.text2text.seq2seq import END, VOCABULARY, forced, tiny
from models.text2text.test_tree import LABELS
from sharewise.models.kernels import install_parts
from sharewise.models.kernels.native import kernels, why_not
from sharewise.models.text2text import quick
from sharewise.models.text2text.quick import can_be_quick, quick_label_scores
from sharewise.models.text2text.tree import prefix_tree

KINDS = ("relu", "gated-gelu", "gated-silu", "mt5")
# Labels that part at every depth, and end within each other.
FIXED = [(END,), (4, END), (4, 5, END), (4, 5, 6, END), (5, 3, END), (5, 6, END)]


@pytest.fixture(autouse=True)
def _kernels() -> None:
    if kernels() is None:
        pytest.skip(f"no compiled kernels: {why_not()}")


@cache
def made(kind: str) -> Any:
    """A model whose attention tells tokens and places apart: random ones of this size hardly do."""
    ids = {"pad_token_id": 0, "eos_token_id": END, "decoder_start_token_id": 2}
    sizes = {"d_model": 48, "d_kv": 24, "d_ff": 40, "num_layers": 2, "num_heads": 3, "dropout_rate": 0.1}
    config_class, model_class = (
        (tf.MT5Config, tf.MT5ForConditionalGeneration)
        if kind == "mt5"
        else (tf.T5Config, tf.T5ForConditionalGeneration)
    )
    act = {"feed_forward_proj": "gated-gelu" if kind == "mt5" else kind}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        model = model_class(
            config_class(vocab_size=VOCABULARY, tie_word_embeddings=kind == "relu", **act, **sizes, **ids)
        )
        for name, weight in model.named_parameters():
            if "relative_attention_bias" in name:
                torch.nn.init.normal_(weight, std=2.0)
            elif name.endswith((".q.weight", ".o.weight")):
                weight.data *= 3.0
    return model.eval()


def texts(seed: int, rows: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, VOCABULARY, (rows, 40), generator=generator)
    lengths = torch.tensor([40, 1, 17, 33, 8][:rows])
    mask = (torch.arange(40) < lengths[:, None]).long()
    return ids * mask, mask


def brute(model: Any, ids: torch.Tensor, mask: torch.Tensor, labels: Any) -> torch.Tensor:
    with torch.no_grad():
        states = model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
    return forced(model, states, mask, labels)


def error(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Of scores' differences within a row, and of their level, against how far labels are apart."""
    return float((found - expected).square().mean().sqrt() / expected.std())


@settings(deadline=None, max_examples=20)
@given(kind=st.sampled_from(KINDS), labels=LABELS, seed=st.integers(0, 99))
def test_scores_equal_brute_force(kind, labels, seed):
    model, (ids, mask) = made(kind), texts(seed)
    expected = brute(model, ids, mask, labels)
    found = quick_label_scores(model, ids, mask, prefix_tree(labels, 2))
    off, size = (float(x.square().mean().sqrt()) for x in (found - expected, expected))
    assert off < 0.02 * (1.0 + size)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_as_near_as_transformers_is_in_bfloat16(kind):
    model, (ids, mask) = made(kind), texts(7)
    expected = brute(model, ids, mask, FIXED)
    found = quick_label_scores(model, ids, mask, prefix_tree(FIXED, 2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = brute(model, ids, mask, FIXED)
    assert error(found, expected) < max(0.02, 2 * error(cast, expected))


@pytest.mark.parametrize("kind", KINDS)
def test_copies_of_weights_means_and_few_logits_at_a_time_change_nothing(kind, monkeypatch):
    model, (ids, mask) = made(kind), texts(8)
    tree = prefix_tree(FIXED, 2)
    found = quick_label_scores(model, ids, mask, tree)
    mean = quick_label_scores(model, ids, mask, tree, mean=True)
    torch.testing.assert_close(mean, found / torch.tensor([len(label) for label in FIXED]))
    for limit in ("_LOGITS", "_NODES"):
        with monkeypatch.context() as patch:
            patch.setattr(quick, limit, 1)
            apart = quick_label_scores(model, ids, mask, tree)
        torch.testing.assert_close(apart, found, atol=0.05, rtol=0.01)
    import copy

    installed = copy.deepcopy(model)
    install_parts(installed, native=True)
    assert quick_label_scores(installed, ids, mask, tree).equal(quick_label_scores(model, ids, mask, tree))


def test_a_text_scores_the_same_whatever_stands_beside_it():
    model, (ids, mask) = made("gated-gelu"), texts(9)
    tree = prefix_tree(FIXED, 2)
    together = quick_label_scores(model, ids, mask, tree)
    for row, length in enumerate(mask.sum(dim=1).tolist()):
        alone = quick_label_scores(model, ids[row : row + 1, :length], mask[row : row + 1, :length], tree)
        torch.testing.assert_close(alone[0], together[row], atol=0.05, rtol=0.01)


def test_other_families_are_not_its_business():
    assert can_be_quick(made("relu"))
    assert can_be_quick(made("mt5"))
    assert not can_be_quick(tiny("umt5"))
    assert not can_be_quick(tiny("bart"))
