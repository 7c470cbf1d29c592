"""Batches on a grid of few shapes: what was in them stays, and the answers do too."""

from __future__ import annotations

import numpy as np
import torch

from models.families import TEXTS
from sharewise.data.tokenfiles import TokenFiles
from sharewise.data.tokens import TokenStore, tokenize_now
from sharewise.serve.grid import grid_lengths, on_grid, shaped_batches


def test_a_batch_keeps_its_rows_and_gets_pads_and_copies(scorer):
    texts = [text for text in TEXTS if text] * 3
    store = tokenize_now(texts, scorer.readers[0].tokenizer, max_length=32)
    shapes = set()
    for rows in range(1, len(texts) + 1):
        tokens = store.batch(np.arange(rows))
        padded = on_grid(tokens, 32)
        length = tokens.input_ids.shape[1]
        assert torch.equal(padded.input_ids[:rows, :length], tokens.input_ids)
        assert torch.equal(padded.attention_mask[:rows, :length], tokens.attention_mask)
        assert not padded.attention_mask[:, length:].any()
        assert torch.equal(
            padded.input_ids[rows:], padded.input_ids[:1].expand(len(padded.input_ids) - rows, -1)
        )
        shapes.add(tuple(padded.input_ids.shape))
    assert {length for _, length in shapes} <= {16, 32}
    assert {rows for rows, _ in shapes} <= {1, 2, *range(4, 200, 4)}


def test_no_batch_is_longer_than_the_model_bears(scorer):
    tokens = tokenize_now(["word " * 50], scorer.readers[0].tokenizer, max_length=27).batch(np.arange(1))
    assert on_grid(tokens, 27).input_ids.shape == (1, 27)
    assert grid_lengths(np.array([1, 16, 17, 27])).tolist() == [16, 16, 32, 32]


def test_packed_batches_hold_every_text_once_and_about_as_many_tokens():
    lengths = np.random.default_rng(1).integers(1, 300, 200)
    store = TokenStore(
        TokenFiles(
            np.zeros(lengths.sum(), dtype=np.int32),
            None,
            np.concatenate([[0], np.cumsum(lengths)]),
            {"pad_id": 0, "pad_type": 0, "cut": 0},
        )
    )
    seen = []
    for rows, tokens in shaped_batches(store, 1000, 512, packs=True):
        assert len(tokens.input_ids) == len(rows)
        held = lengths[rows]
        # Longer ones are padded in attention, so that pads count.
        assert held.max() * len(rows) <= 1000 if held.max() > 256 else held.sum() < 1000 + held.max()
        seen += rows.tolist()
    assert sorted(seen) == list(range(200))


def test_answers_do_not_depend_on_the_company(scorer):
    together = scorer.scores(TEXTS[:7])
    for row, text in enumerate(TEXTS[:7]):
        for task, found in scorer.scores([text]).items():
            np.testing.assert_allclose(found[0], together[task][row], atol=0.02)
