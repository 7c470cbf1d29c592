"""A tokenizer trained on the training texts serves every script, and comes out the same each time."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models.families import TEXTS
from sharewise.data.tokens import tokenize, tokenizer_digest
from sharewise.models.options import EncoderOptions, ScratchOptions
from sharewise.models.tokenizers import load_tokenizer

OPTIONS = EncoderOptions(scratch=ScratchOptions(vocabulary=400))


@pytest.mark.parametrize("text", [*TEXTS, "emoji 👩‍🚀 and naïve ＦＵＬＬ　ｗｉｄｔｈ", "없는글자뷁"])
def test_every_script_comes_back_whole(text, singles):
    tokenizer = load_tokenizer(OPTIONS, singles)
    ids = tokenizer(text)["input_ids"]
    assert tokenizer.unk_token_id not in ids
    normal = tokenizer.backend_tokenizer.normalizer.normalize_str(text)
    assert tokenizer.decode(ids, skip_special_tokens=True).strip() == normal.strip()


def test_texts_and_pairs_have_their_special_tokens(singles):
    tokenizer = load_tokenizer(OPTIONS, singles)
    assert [tokenizer.pad_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id] == [0, 1, 2]
    assert len({tokenizer.unk_token_id, tokenizer.mask_token_id} | {0, 1, 2}) == 5
    a, b = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("a", "b"))
    assert tokenizer("a")["input_ids"] == [1, *a, 2]
    # The scratch encoder knows no segments; what it isn't given it can't choke on.
    assert dict(tokenizer("a", "b")) == {
        "input_ids": [1, *a, 2, *b, 2],
        "attention_mask": [1] * (3 + len(a + b)),
    }


def test_composed_and_decomposed_hangul_are_one(singles):
    tokenizer = load_tokenizer(OPTIONS, singles)
    assert (
        tokenizer("가각힣")["input_ids"]
        == tokenizer("\u1100\u1161\u1100\u1161\u11a8\u1112\u1175\u11c2")["input_ids"]
    )


def test_vocabulary_has_the_asked_size(singles):
    assert len(load_tokenizer(EncoderOptions(scratch=ScratchOptions(vocabulary=350)), singles)) == 350
    small = EncoderOptions(scratch=ScratchOptions(vocabulary=100_000))
    assert 350 < len(load_tokenizer(small, singles)) < 1000


def test_training_is_deterministic():
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdeあいうえお가나다라"), size=5)) for _ in range(300)]
    texts = pl.DataFrame(
        {"text": [" ".join(rng.choice(words, size=8)) for _ in range(500)], "pair": [None] * 500}
    )
    options = EncoderOptions(scratch=ScratchOptions(vocabulary=1500))
    digests = {tokenizer_digest(load_tokenizer(options, texts)) for _ in range(3)}
    shuffled = texts.sample(fraction=1.0, shuffle=True, seed=3)
    assert digests == {tokenizer_digest(load_tokenizer(options, shuffled))}


def test_no_piece_of_japanese_holds_two_scripts():
    sentences = ["女性が歩いています。", "女性がバナナを持っています。", "白い犬が女性と歩いています。"]
    texts = pl.DataFrame({"text": sentences * 20, "pair": [None] * 60}, schema_overrides={"pair": pl.String})
    tokenizer = load_tokenizer(EncoderOptions(scratch=ScratchOptions(vocabulary=600)), texts)
    pieces = [tokenizer.decode([i]) for i in tokenizer(sentences[0], add_special_tokens=False)["input_ids"]]
    assert pieces == [" ", "女性", "が", "歩", "いています", "。"]
    for text in sentences:
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.decode(ids, skip_special_tokens=True).strip() == text


@pytest.mark.parametrize("extra", ["", " 犬"])
def test_texts_with_spaces_are_cut_at_these_alone(extra):
    """A few kanji change no tokenizer: studies of other languages are what they were."""
    text = "the same words 같은 단어들을 다시 읽는다 once and again, over and over" + extra
    texts = pl.DataFrame({"text": [text] * 5, "pair": [None] * 5}, schema_overrides={"pair": pl.String})
    backend = load_tokenizer(OPTIONS, texts).backend_tokenizer
    assert type(backend.pre_tokenizer).__name__ == "ByteLevel"
    assert backend.pre_tokenizer.add_prefix_space


def test_a_word_of_millions_of_characters_takes_no_longer_than_a_text():
    drawn = np.random.default_rng(1).choice(list("가나다라마바사아자차카타파하"), 100_000)
    for word in ("가" * 2_000_000, "".join(drawn)):
        texts = pl.DataFrame(
            {"text": [word, "a text"], "pair": [None] * 2}, schema_overrides={"pair": pl.String}
        )
        tokenizer = load_tokenizer(OPTIONS, texts)
        assert len(tokenizer) > 261
        assert (
            tokenizer.decode(tokenizer("a text")["input_ids"], skip_special_tokens=True).strip() == "a text"
        )


def test_pairs_are_trained_on_too():
    texts = pl.DataFrame({"text": ["aa"] * 9, "pair": ["zyzyzyzy"] * 9})
    tokenizer = load_tokenizer(OPTIONS, texts)
    assert len(tokenizer("zyzyzyzy", add_special_tokens=False)["input_ids"]) == 1


def test_cache_gives_the_same_tokenizer_and_survives_damage(singles, tmp_path):
    trained = load_tokenizer(OPTIONS, singles, tmp_path)
    (file,) = (tmp_path / "tokenizers").iterdir()
    written = file.stat().st_mtime_ns
    kept = load_tokenizer(OPTIONS, singles, tmp_path)
    assert file.stat().st_mtime_ns == written
    assert tokenizer_digest(kept) == tokenizer_digest(trained)
    assert (
        tokenize(singles, kept, max_length=32).ids.tolist()
        == tokenize(singles, trained, max_length=32).ids.tolist()
    )
    file.write_bytes(file.read_bytes()[:-50])
    assert tokenizer_digest(load_tokenizer(OPTIONS, singles, tmp_path)) == tokenizer_digest(trained)
    assert file.stat().st_mtime_ns != written
    load_tokenizer(OPTIONS, singles.head(2), tmp_path)
    load_tokenizer(EncoderOptions(scratch=ScratchOptions(vocabulary=300)), singles, tmp_path)
    assert len(list((tmp_path / "tokenizers").iterdir())) == 3


def test_scratch_needs_texts():
    with pytest.raises(ValueError, match="training texts"):
        load_tokenizer(OPTIONS)
