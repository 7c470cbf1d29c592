"""Label texts checked with the tokenizer: what it can't write or can't tell apart is refused by the label's name."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from transformers import AutoTokenizer

from models.text2text.seq2seq import TEXTS, save_japanese_t5
from sharewise.errors import UserError
from sharewise.models.text2text.words import tasks_in_words, text_sizes
from sharewise.models.tokenizers import for_text, train_tokenizer, wrap
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions


@pytest.fixture(scope="module")
def japanese(tmp_path_factory):
    return AutoTokenizer.from_pretrained(save_japanese_t5(tmp_path_factory.mktemp("t5")))


@pytest.fixture(scope="module")
def scratch():
    frame = pl.DataFrame({"text": TEXTS, "pair": [None] * len(TEXTS)}, schema_overrides={"pair": pl.String})
    return for_text(wrap(train_tokenizer(frame, 300)))


def binary(name="amcd", **keys):
    return BinaryOptions(data="d", label="l", **keys).build(name, pl.Series([0, 1]))


def words(tokenizer, *tasks, max_length=16):
    return tasks_in_words({t.name: t for t in tasks}, tokenizer, max_length=max_length)


def refusal(tokenizer, *tasks, **keys):
    with pytest.raises(UserError) as error:
        words(tokenizer, *tasks, **keys)
    return str(error.value)


def test_a_text_ends_with_its_end_and_reads_as_written(japanese, scratch):
    for tokenizer in (japanese, scratch):
        of_task = words(tokenizer, binary(labels={0: "事実", 1: "反実仮想"}))["amcd"]
        assert [answer[-1] for answer in of_task.answers] == [tokenizer.eos_token_id] * 2
        read = tokenizer.batch_decode(of_task.answers, skip_special_tokens=True)
        assert [t.strip() for t in read] == ["事実", "反実仮想"]
        assert of_task.lead == 0


def test_prefix_and_text_are_the_tokens_of_both_in_one(japanese, scratch):
    for tokenizer in (japanese, scratch):
        prefix = words(tokenizer, binary(labels={0: "事実", 1: "反実仮想"}))["amcd"].prefix
        text = "もっと軽ければよかったのに。"
        assert [*prefix, *tokenizer(text)["input_ids"]] == tokenizer(f"amcd: {text}")["input_ids"]


def test_unknown_tokens_are_refused_by_the_labels_name(japanese):
    said = refusal(japanese, binary(labels={0: "事実", 1: "鑿"}))
    assert said.startswith("tasks.amcd: the text '鑿' of label '1' has unknown tokens")
    assert "`labels: {1: …}`" in said


def test_an_empty_text_is_refused(scratch):
    assert "the text '' of label '0' has no token of its own" in refusal(
        scratch, binary(labels={0: "", 1: "反実仮想"})
    )


def test_a_text_with_a_special_token_is_refused(japanese, scratch):
    for tokenizer in (japanese, scratch):
        said = refusal(tokenizer, binary(labels={0: "事実", 1: f"事実{tokenizer.eos_token}反実仮想"}))
        assert f"of label '1' holds the special token {tokenizer.eos_token}" in said


def test_labels_of_the_same_tokens_are_refused(scratch):
    task = MulticlassOptions(data="d", label="l", labels={"a": "Yes", "b": "no", "c": "yes"})
    said = refusal(scratch, task.build("t", pl.Series(["a"])))
    assert "the texts 'Yes' and 'yes' of labels 'a' and 'c' have the same tokens" in said


def test_a_text_that_is_too_long_is_refused(scratch):
    said = refusal(scratch, binary(labels={0: "no", 1: "反実仮想"}), max_length=5)
    assert "of label '1' has" in said
    assert "backend.max_target_length is 5" in said


def test_prefixes_that_the_tokenizer_can_not_tell_apart_are_refused(japanese):
    tasks = [
        binary(name, labels={0: "事実", 1: "反実仮想"}, prefix=p) for name, p in (("a", "鑿"), ("b", "鏨"))
    ]
    assert "tasks.b.prefix: '鏨' has the same tokens as '鑿' of tasks.a" in refusal(japanese, *tasks)


def test_a_tokenizer_without_an_end_is_refused():
    frame = pl.DataFrame({"text": TEXTS, "pair": TEXTS})
    assert "no end-of-sequence token" in refusal(wrap(train_tokenizer(frame, 300)), binary())


def test_a_row_takes_the_tokens_of_all_its_texts(scratch):
    number = RegressionOptions(data="d", label="l", increment=0.5).build("jsts", pl.Series([0.0, 5.0]))
    of_task = words(scratch, binary(), number)
    present = {"amcd": np.array([True, False, True, False]), "jsts": np.array([False, True, True, False])}
    sizes = text_sizes(of_task, present, np.array([5, 6, 7, 8]))
    own = {name: len(w.prefix) + max(map(len, w.answers)) for name, w in of_task.items()}
    assert sizes.tolist() == [5 + own["amcd"], 6 + own["jsts"], 14 + sum(own.values()), 1]
