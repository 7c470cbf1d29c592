"""Tokenizers with and without a `tokenizers` backend give what transformers gives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import BertTokenizer, ByT5Tokenizer, PreTrainedTokenizerFast
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

from sharewise.data.encoding import encode, tokenizer_digest
from sharewise.data.table import text_digest

TEXTS = ["a b", ("좋다", "it is"), "", ("long " * 30, "short"), "x" * 40]


@pytest.fixture
def legacy(tmp_path):
    (tmp_path / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "long"])
    )
    return BertTokenizerLegacy(str(tmp_path / "vocab.txt"))


def test_python_tokenizers(legacy):
    for tokenizer in (ByT5Tokenizer(), legacy):
        assert not tokenizer.is_fast
        encoded = encode(tokenizer, TEXTS, 20)
        arguments = [(t,) if isinstance(t, str) else t for t in TEXTS]
        whole = [tokenizer(*a)["input_ids"] for a in arguments]
        cut = [tokenizer(*a, truncation="longest_first", max_length=20)["input_ids"] for a in arguments]
        assert encoded.ids.tolist() == [i for row in cut for i in row]
        assert encoded.lengths.tolist() == [len(row) for row in cut]
        assert encoded.cut == sum(len(row) > 20 for row in whole) > 0
        assert len(tokenizer_digest(tokenizer)) == 64


def test_python_tokenizers_mark_the_second_text(legacy):
    assert encode(legacy, [("a b", "long a b")], 20).types.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_text_without_any_token_is_one_unknown_token():
    backend = Tokenizer(WordLevel({"[UNK]": 0, "a": 1, "[PAD]": 2}, unk_token="[UNK]"))
    backend.pre_tokenizer = Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")
    encoded = encode(tokenizer, ["a", "", " ", "a a"], 8)
    assert encoded.lengths.tolist() == [1, 1, 1, 2]
    assert encoded.ids.tolist() == [1, 0, 0, 1, 1]
    assert (encoded.ids.dtype, encoded.types.dtype) == (np.int32, np.uint8)


def test_tokenizer_digest_ignores_padding_and_truncation_alone():
    def make(**options):
        return BertTokenizer(
            vocab={"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "a": 5}, **options
        )

    first = make()
    first(["a"], padding="max_length", truncation=True, max_length=7)
    assert tokenizer_digest(first) == tokenizer_digest(make())
    others = [make(do_lower_case=False), make(model_input_names=["input_ids"]), make(strip_accents=False)]
    assert len({tokenizer_digest(t) for t in [first, *others]}) == 4


def test_threads_may_share_a_tokenizer():
    tokenizer = BertTokenizer(vocab={"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "a": 5})
    digest = tokenizer_digest(tokenizer)
    with ThreadPoolExecutor(8) as pool:
        lengths = pool.map(
            lambda n: set(encode(tokenizer, ["a " * 60] * 20, n).lengths.tolist()), [*range(8, 48)] * 5
        )
        digests = pool.map(lambda _: tokenizer_digest(tokenizer), range(100))
        assert list(lengths) == [{n} for n in range(8, 48)] * 5
        assert set(digests) == {digest}


def test_text_digest_tells_rows_apart():
    def digest(texts, pairs):
        return text_digest(
            pl.DataFrame({"text": texts, "pair": pairs}, schema={"text": pl.String, "pair": pl.String})
        )

    frames = [
        (["ab", "c"], [None, None]),
        (["a", "bc"], [None, None]),
        (["c", "ab"], [None, None]),
        (["ab", "c"], ["", None]),
        (["ab", "c"], [None, ""]),
        (["ab"], ["c"]),
        (["abc"], [None]),
    ]
    assert len({digest(*f) for f in frames}) == len(frames)
    assert digest(*frames[0]) == digest(*frames[0])
