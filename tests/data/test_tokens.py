"""Texts become the tokenizer's own ids, once; batches are padded, and a damaged cache is built anew."""

from __future__ import annotations

import threading
import time

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertTokenizer

from sharewise.data.tokens import tokenize

WORDS = ["the", "lamp", "is", "bright", "dim", "##mer", "?", "좋", "##다", "光"]


PIECES = {piece: i for i, piece in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])}


@pytest.fixture(scope="module")
def tokenizer():
    return BertTokenizer(vocab=PIECES, strip_accents=False)


@pytest.fixture
def texts():
    return frame(
        ["the lamp is bright", "dimmer?", "", "좋다 光", "the " * 50, "lamp", "the the the"],
        [None, None, None, "is the lamp dim", "is " * 40, "is " * 40, ""],
    )


def frame(texts, pairs):
    return pl.DataFrame({"text": texts, "pair": pairs}, schema={"text": pl.String, "pair": pl.String})


def test_ids_are_the_tokenizers_own(tokenizer, texts):
    store = tokenize(texts, tokenizer, max_length=24)
    assert len(store) == texts.height
    for row, (text, pair) in enumerate(texts.iter_rows()):
        pairs = None if pair is None else [pair]
        expected = tokenizer([text], pairs, truncation="longest_first", max_length=24)
        found = slice(store.offsets[row], store.offsets[row + 1])
        assert store.ids[found].tolist() == expected["input_ids"][0]
        assert store.types[found].tolist() == expected["token_type_ids"][0]
    assert store.lengths.tolist() == [6, 5, 2, 10, 24, 24, 6]
    assert store.cut == 2
    assert (store.ids.dtype, store.offsets.dtype, store.lengths.dtype) == (np.int32, np.int64, np.int32)


@settings(max_examples=40, deadline=None)
@given(first=st.integers(1, 60), second=st.integers(1, 60), max_length=st.integers(8, 40))
def test_no_side_of_a_pair_vanishes(tokenizer, first, second, max_length):
    store = tokenize(frame(["the " * first], ["is " * second]), tokenizer, max_length=max_length)
    the, lamp = tokenizer.convert_tokens_to_ids(["the", "is"])
    left, right = (store.ids == the).sum(), (store.ids == lamp).sum()
    assert left + right == min(first + second, max_length - 3)
    assert left >= min(first, (max_length - 3) // 2)
    assert right >= min(second, (max_length - 3) // 2)
    assert store.cut == (first + second + 3 > max_length)


def test_text_of_just_the_allowed_length_is_not_cut(tokenizer):
    assert tokenize(frame(["the " * 10], [None]), tokenizer, max_length=12).cut == 0
    assert tokenize(frame(["the " * 11], [None]), tokenizer, max_length=12).cut == 1


def test_batch_is_padded_to_its_longest_row(tokenizer, texts):
    store = tokenize(texts, tokenizer, max_length=24)
    batch = store.batch(np.array([2, 3, 0]))
    assert batch.input_ids.shape == batch.attention_mask.shape == batch.token_type_ids.shape == (3, 10)
    assert (batch.input_ids.dtype, batch.attention_mask.dtype) == (torch.int64, torch.bool)
    assert batch.attention_mask.sum(dim=1).tolist() == [2, 10, 6]
    for i, row in enumerate([2, 3, 0]):
        ids = store.ids[store.offsets[row] : store.offsets[row + 1]].tolist()
        assert batch.input_ids[i].tolist() == ids + [tokenizer.pad_token_id] * (10 - len(ids))
    assert (batch.input_ids == tokenizer.pad_token_id).equal(~batch.attention_mask)
    moved = batch.to("cpu")
    assert moved.input_ids.equal(batch.input_ids)


def test_batch_takes_under_a_millisecond(tokenizer):
    store = tokenize(frame(["the lamp " * n for n in range(1, 400)], [None] * 399), tokenizer, max_length=64)
    rows = np.arange(300, 364)
    assert store.batch(rows).input_ids.shape == (64, 64)
    times = []
    for _ in range(50):
        started = time.perf_counter()
        store.batch(rows)
        times.append(time.perf_counter() - started)
    assert min(times) < 1e-3


def test_texts_without_pairs_have_no_segments(tokenizer, texts):
    store = tokenize(texts.head(3), tokenizer, max_length=24)
    assert store.types is None
    assert store.batch(np.array([0, 1])).token_type_ids is None


def test_tokenizer_that_knows_no_segments(texts):
    plain = BertTokenizer(vocab=PIECES, model_input_names=["input_ids", "attention_mask"])
    assert tokenize(texts, plain, max_length=24).types is None


def test_vocabulary_used(tokenizer, texts):
    store = tokenize(texts.head(2), tokenizer, max_length=24)
    assert store.vocabulary_used().tolist() == sorted(set(store.ids.tolist()))
    assert tokenizer.pad_token_id not in store.vocabulary_used()


def test_no_rows(tokenizer, tmp_path):
    for cache in (None, tmp_path):
        store = tokenize(frame([], []), tokenizer, max_length=24, cache=cache)
        assert len(store) == len(store.ids) == len(store.vocabulary_used()) == 0


def test_tokenizer_is_left_as_it_was(texts):
    tokenizer = BertTokenizer(vocab=PIECES, strip_accents=False)
    tokenize(texts, tokenizer, max_length=8)
    assert tokenizer.backend_tokenizer.truncation is None
    assert len(tokenizer("the " * 100)["input_ids"]) == 102
    padded = tokenizer(["the", "the lamp"], padding="max_length", truncation=True, max_length=9)
    before = (tokenizer.backend_tokenizer.truncation, tokenizer.backend_tokenizer.padding)
    assert None not in before
    assert tokenize(texts, tokenizer, max_length=24).lengths.tolist() == [6, 5, 2, 10, 24, 24, 6]
    assert (tokenizer.backend_tokenizer.truncation, tokenizer.backend_tokenizer.padding) == before
    assert len(padded["input_ids"][0]) == 9


class TestCache:
    def test_is_read_and_not_written_again(self, tokenizer, texts, tmp_path):
        first = tokenize(texts, tokenizer, max_length=24, cache=tmp_path)
        (folder,) = (tmp_path / "tokens").iterdir()
        written = (folder / "ids").stat().st_mtime_ns
        again = tokenize(texts, tokenizer, max_length=24, cache=tmp_path)
        assert (folder / "ids").stat().st_mtime_ns == written
        assert isinstance(again.ids, np.memmap)
        memory = tokenize(texts, tokenizer, max_length=24)
        for store in (first, again):
            assert store.ids.tolist() == memory.ids.tolist()
            assert store.types.tolist() == memory.types.tolist()
            assert store.offsets.tolist() == memory.offsets.tolist()
            assert (store.cut, store.notes) == (memory.cut, ()) == (2, ())

    def test_key_is_tokenizer_length_and_texts(self, tokenizer, texts, tmp_path):
        def entries():
            return len(list((tmp_path / "tokens").iterdir()))

        tokenize(texts, tokenizer, max_length=24, cache=tmp_path)
        tokenize(texts, tokenizer, max_length=25, cache=tmp_path)
        assert entries() == 2
        moved = texts.with_columns(text="pair", pair="text").with_columns(pl.col("text").fill_null(""))
        tokenize(moved, tokenizer, max_length=24, cache=tmp_path)
        tokenize(texts.with_columns(pl.col("pair").fill_null("")), tokenizer, max_length=24, cache=tmp_path)
        assert entries() == 4
        cased = BertTokenizer(vocab=tokenizer.get_vocab(), do_lower_case=False)
        tokenize(texts, cased, max_length=24, cache=tmp_path)
        assert entries() == 5
        tokenizer(["the"], truncation=True, max_length=5)
        tokenize(texts, tokenizer, max_length=24, cache=tmp_path)
        assert entries() == 5

    @pytest.mark.parametrize("file", ["ids", "types", "offsets", "facts.json"])
    @pytest.mark.parametrize("damage", ["changed", "cut short", "removed"])
    def test_damaged_entry_is_built_anew_with_a_note(self, tokenizer, texts, tmp_path, file, damage):
        whole = tokenize(texts, tokenizer, max_length=24, cache=tmp_path)
        expected = whole.ids.tolist()
        (folder,) = (tmp_path / "tokens").iterdir()
        content = bytearray((folder / file).read_bytes())
        (folder / file).unlink()
        if damage == "changed":
            content[1] ^= 1
        if damage != "removed":
            (folder / file).write_bytes(content[:-3] if damage == "cut short" else content)
        again = tokenize(texts, tokenizer, max_length=24, cache=tmp_path)
        assert again.ids.tolist() == expected
        assert len(again.notes) == 1
        assert str(folder) in again.notes[0]
        assert tokenize(texts, tokenizer, max_length=24, cache=tmp_path).notes == ()
        assert list((tmp_path / "tokens").iterdir()) == [folder]

    def test_many_writers_at_once(self, tokenizer, tmp_path):
        texts = frame(["the lamp is bright"] * 3000, [None] * 3000)
        stores, errors = [], []

        def work():
            try:
                stores.append(tokenize(texts, tokenizer, max_length=24, cache=tmp_path))
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        assert [len(store) for store in stores] == [3000] * 6
        assert len({store.ids.tobytes() for store in stores}) == 1
        assert len(list((tmp_path / "tokens").iterdir())) == 1

    def test_nothing_half_is_left_behind(self, tokenizer, tmp_path):
        broken = pl.DataFrame(
            {"text": ["the"] * 9000 + [None], "pair": [None] * 9001}, schema_overrides={"pair": pl.String}
        )
        with pytest.raises(TypeError):
            tokenize(broken, tokenizer, max_length=24, cache=tmp_path)
        assert list((tmp_path / "tokens").iterdir()) == []
