from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest

from sharewise.audit.fingerprints import SHINGLE, fingerprints, numbered, similarity

WORDS = [f"word{i}" for i in range(400)]


def frame(texts, pairs=None):
    return pl.DataFrame(
        {"text": texts, "pair": pairs or [None] * len(texts)}, schema={"text": pl.String, "pair": pl.String}
    )


def jaccard(one: str, other: str) -> float:
    a, b = ({t[i : i + SHINGLE] for i in range(len(t) - SHINGLE + 1)} for t in (one, other))
    return len(a & b) / len(a | b)


def test_equal_texts_have_equal_numbers():
    prints = fingerprints(frame(["b", "a", "b", "B!", ""]))
    assert prints.exact.tolist() == [0, 1, 0, 2, 3]
    assert prints.normal.tolist() == [0, 1, 0, 0, 2]


def test_the_order_of_a_pair_matters_only_exactly():
    prints = fingerprints(frame(["x y", "z", "z", "x"], ["z", "X y.", "q", "y z"]))
    assert len(set(prints.exact.tolist())) == 4
    assert prints.normal.tolist() == [0, 0, 1, 2]


def test_a_single_text_is_no_pair_with_an_empty_one_but_for_its_form():
    prints = fingerprints(frame(["x", "x"], [None, ""]))
    assert prints.exact.tolist() == [0, 1]


def test_similarities_are_estimated():
    draw = random.Random(1)
    texts = []
    for _ in range(300):
        words = draw.choices(WORDS, k=60)
        texts += ["".join(words), "".join(w if draw.random() > 0.15 else draw.choice(WORDS) for w in words)]
    prints = fingerprints(frame(texts))
    one = np.arange(0, len(texts), 2)
    estimated = similarity(prints.signatures, one, one + 1)
    truth = np.array([jaccard(texts[i], texts[i + 1]) for i in one])
    assert np.abs(estimated - truth).max() < 0.2
    assert np.sqrt(np.mean((estimated - truth) ** 2)) < 0.045
    assert abs(np.mean(estimated - truth)) < 0.01
    assert similarity(prints.signatures, one, one).tolist() == [1.0] * len(one)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch):
    texts = frame([f"text {i % 7} with words" for i in range(25)], [None, "pair"] * 12 + [None])
    whole = fingerprints(texts)
    monkeypatch.setattr("sharewise.audit.fingerprints._CHUNK", 4)
    cut = fingerprints(texts)
    for name in ("exact", "normal", "halves", "signatures", "shingles"):
        assert np.array_equal(getattr(whole, name), getattr(cut, name))


def test_numbers_follow_the_first_occurrence():
    assert numbered(np.array([9, 3, 9, 1, 3], dtype=np.uint64)).tolist() == [0, 1, 0, 2, 1]
