"""Earlier turns stand before a text as the tokenizer itself would join them, and make room for it."""

from __future__ import annotations

import polars as pl
import pytest
import transformers as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

from models.families import FAMILIES
from sharewise.data.encoding import encode
from sharewise.data.separating import Separators
from sharewise.data.table import text_digest
from sharewise.data.tokens import tokenize
from sharewise.data.turn import Turn
from sharewise.models.tokenizers import for_text, train_tokenizer, wrap

WORDS = ["the", "lamp", "is", "bright", "dim"]
PIECES = {piece: i for i, piece in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])}


@pytest.fixture(scope="module")
def bert():
    return tf.BertTokenizer(vocab=PIECES)


def ids(tokenizer, *texts, max_length=64):
    return encode(tokenizer, texts, max_length).ids.tolist()


def test_the_layout(bert):
    found = encode(bert, [Turn("lamp dim", "bright", ("the", "is is"))], 64)
    spelled = "[CLS] the [SEP] is is [SEP] lamp dim [SEP] bright [SEP]"
    assert bert.convert_ids_to_tokens(found.ids.tolist()) == spelled.split()
    assert found.types.tolist() == [0] * 9 + [1, 1]
    assert (found.before.tolist(), found.shortened, found.cut) == ([5], 0, 0)


def test_a_turn_with_nothing_before_it_is_the_text(bert):
    assert ids(bert, Turn("lamp dim"), Turn("the", "is")) == ids(bert, "lamp dim", ("the", "is"))


def test_the_oldest_make_room_first_and_the_text_last(bert):
    turn = Turn("lamp dim", None, ("the the the", "is bright"))

    def kept(length):
        found = encode(bert, [turn], length)
        words = " ".join(bert.convert_ids_to_tokens(found.ids.tolist()))
        return words.replace("[SEP]", "/").replace("[CLS] ", ""), found.shortened, found.cut

    assert kept(11) == ("the the the / is bright / lamp dim /", 0, 0)
    assert kept(10) == ("the the / is bright / lamp dim /", 1, 0)
    assert kept(8) == ("is bright / lamp dim /", 1, 0)
    assert kept(6) == ("bright / lamp dim /", 1, 0)
    assert kept(5) == ("lamp dim /", 1, 0)
    assert kept(3) == ("lamp /", 1, 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 6), max_size=4), st.integers(1, 8), st.integers(0, 8), st.integers(4, 30))
def test_what_is_kept_is_the_end_of_all_that_was_said(bert, turns, text, pair, max_length):
    context = tuple(" ".join(["the"] * n) for n in turns)
    turn = Turn("lamp " * text, "dim " * pair if pair else None, context)
    whole, own = ids(bert, turn, max_length=999), ids(bert, turn.alone, max_length=max_length)
    found = encode(bert, [turn], max_length)
    assert len(found.ids) == min(max_length, len(whole)) or len(found.ids) >= max_length - 1
    assert found.ids[0] == own[0]
    assert found.ids[found.before[0] + 1 :].tolist() == own[1:], "the text is as it is alone"
    before = whole[1 : len(whole) - len(ids(bert, turn.alone, max_length=999)) + 1]
    kept = found.ids[1 : found.before[0] + 1].tolist()
    assert kept == before[len(before) - len(kept) :]
    assert found.shortened == (len(kept) < len(before))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_familys_own_separator_stands_between(family):
    _, tokenizer = FAMILIES[family]()
    pair = ids(tokenizer, ("lamp", "better"))
    separators = Separators.of(tokenizer)
    lead, between = separators.lead, list(separators.between)
    bare = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("lamp", "better")]
    own = ids(tokenizer, "better")
    assert own[lead : lead + len(bare[1])] == bare[1]
    found = ids(tokenizer, Turn("better", None, ("lamp",)))
    assert found == [*own[:lead], *bare[0], *between, *own[lead:]]
    assert pair[lead + len(bare[0]) :][: len(between)] == between


def test_a_text_to_text_tokenizer_ends_each_turn(bert):
    frame = pl.DataFrame({"text": ["the lamp is dim"], "pair": [None]}, schema_overrides={"pair": pl.String})
    tokenizer = for_text(wrap(train_tokenizer(frame, 300)))
    end = tokenizer.eos_token_id
    found = ids(tokenizer, Turn("lamp", None, ("the", "dim")))
    assert found.count(end) == 3
    assert found[-1] == end


def test_the_cache_and_the_trained_tokenizer_know_what_was_before(tmp_path, bert):
    def frame(context):
        return pl.DataFrame(
            {"text": ["lamp", "dim"], "pair": [None, "is"], "context": [context, None]},
            schema={"text": pl.String, "pair": pl.String, "context": pl.List(pl.String)},
        )

    frames = [frame(["the"]), frame(["the", "is"]), frame(["theis"]), frame([]), frame([]).drop("context")]
    digests = [text_digest(f) for f in frames]
    assert len(set(digests)) == 4
    assert digests[3] == digests[4], "no turns at all are as no context"
    stores = [tokenize(f, bert, max_length=9, cache=tmp_path) for f in frames]
    again = [tokenize(f, bert, max_length=9, cache=tmp_path) for f in frames]
    assert [s.lengths.tolist() for s in stores] == [s.lengths.tolist() for s in again]
    assert [int(s.lengths[0]) for s in stores] == [5, 7, 5, 3, 3]
    short = tokenize(frames[1], bert, max_length=5, cache=tmp_path)
    assert (short.shortened, short.cut) == (1, 0)
    assert tokenize(frames[1], bert, max_length=5, cache=tmp_path).shortened == 1
    words = "extraordinary " * 40
    learnt = train_tokenizer(frame([words]), 300).get_vocab(), train_tokenizer(frame([]), 300).get_vocab()
    assert len(learnt[0]) > len(learnt[1])


def test_a_tokenizer_written_in_python_does_the_same(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES))
    legacy = BertTokenizerLegacy(str(tmp_path / "vocab.txt"))
    assert not legacy.is_fast
    found = encode(legacy, [Turn("lamp", "dim", ("the", "is bright")), "lamp"], 16)
    words = " ".join(legacy.convert_ids_to_tokens(found.ids.tolist()))
    assert words == "[CLS] the [SEP] is bright [SEP] lamp [SEP] dim [SEP] [CLS] lamp [SEP]"
