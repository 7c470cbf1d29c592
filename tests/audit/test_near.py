from __future__ import annotations

import random

import numpy as np
import polars as pl

from sharewise.audit.fingerprints import fingerprints
from sharewise.audit.near import near_pairs

WORDS = [f"{a}{b}" for a in "abcdefghijklmnopqrst" for b in ("river", "mount", "plain")]


def prints_of(texts):
    return fingerprints(
        pl.DataFrame({"text": texts, "pair": None}, schema={"text": pl.String, "pair": pl.String})
    )


def some(rows: int, seed: int = 1) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=20)) for _ in range(rows)]


def test_changed_copies_are_found_and_strangers_are_not():
    texts = some(400)
    copies = [t.replace(t.split()[3], "qqqqq", 1) for t in texts[:100]]
    prints = prints_of([*texts, *copies])
    first = np.arange(500)
    members = {"train": first < 400, "test": first >= 400}
    found = near_pairs(prints, first, members, [("test", "train"), ("train", "train")])
    pairs = found["test", "train"]
    assert dict(zip(pairs.one.tolist(), pairs.other.tolist(), strict=True)).items() <= {
        (400 + i, i) for i in range(100)
    }
    assert len(pairs.one) >= 85
    assert (pairs.similarity >= 0.8).all()
    assert len(found["train", "train"].one) == 0


def test_of_one_set_the_later_repeats_the_earlier():
    text = some(1)[0]
    prints = prints_of([text, text + " end", *some(20, seed=2)])
    everything = np.ones(22, dtype=bool)
    pairs = near_pairs(prints, np.arange(22), {"train": everything}, [("train", "train")])["train", "train"]
    assert pairs.one.tolist() == [1]
    assert pairs.other.tolist() == [0]


def test_short_texts_are_left_out():
    prints = prints_of(["good", "goods", "very good", "very goodd"])
    everything = np.ones(4, dtype=bool)
    assert len(near_pairs(prints, np.arange(4), {"a": everything}, [("a", "a")])["a", "a"].one) == 0


def test_a_crowd_from_one_template_is_found_without_comparing_all():
    texts = [
        f"the capital of the country number {i} is a city that nobody here has ever been to"
        for i in range(3000)
    ]
    prints = prints_of(texts)
    first = np.arange(3000)
    members = {"train": first < 2500, "test": first >= 2500}
    pairs = near_pairs(prints, first, members, [("test", "train")])["test", "train"]
    assert len(pairs.one) == 500
