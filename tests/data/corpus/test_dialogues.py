import hashlib

import numpy as np
import polars as pl
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import matthews_corrcoef

from sharewise.data.corpus import CRITERIA, generate_dialogues
from sharewise.data.corpus.criteria import CORRELATIONS, RATES
from sharewise.errors import UserError
from sharewise.models.tokenizers import train_tokenizer

DIGESTS = {
    ("ko", "short"): "a2cdab9e4e7bb027",
    ("ko", "published"): "e183342c297cd50a",
    ("en", "short"): "ab1f398e051c6c0a",
    ("en", "published"): "5a27cab058c1ffcd",
    ("ja", "short"): "671cdd58e000d0d9",
    ("ja", "published"): "34700cb12e59925b",
}


def corpus(language="ko", rows=5000, seed=1, length="short"):
    return generate_dialogues(language=language, rows=rows, seed=seed, length=length)


def labels(frame):
    return frame.select(f"{criterion}_majority" for criterion in CRITERIA).to_numpy()


def digest(frame):
    return hashlib.sha256(frame.write_csv().encode()).hexdigest()[:16]


def test_columns_are_the_published_ones_and_their_dialogue(language):
    frame = corpus(language, rows=20)
    assert frame.height == 20
    assert frame.columns == [
        "dialogue_id", "turn", "context_1", "context_2", "context_3", "human_question", "bot_response",
        *(f"{c}_{kind}" for c in CRITERIA for kind in ("majority", "yes_count", "no_count")),
    ]  # fmt: skip
    assert sum(frame.null_count().row(0)) == 0


@pytest.mark.parametrize("length", ["short", "published"])
def test_same_arguments_give_the_same_table_on_every_machine(language, length):
    assert digest(corpus(language, rows=200, length=length)) == DIGESTS[language, length]


def test_seeds_differ():
    assert (
        corpus(rows=50, seed=1)["bot_response"].to_list() != corpus(rows=50, seed=2)["bot_response"].to_list()
    )


def test_fewer_rows_are_the_beginning(language):
    assert corpus(language, rows=300).head(100).equals(corpus(language, rows=100))


def test_lengths_share_labels():
    np.testing.assert_array_equal(labels(corpus(rows=100)), labels(corpus(rows=100, length="published")))


def test_rates_are_met_at_five_thousand_rows(language):
    rates = labels(corpus(language)).mean(axis=0)
    np.testing.assert_allclose(rates, [RATES[criterion] for criterion in CRITERIA], atol=0.02)


def test_correlations_are_met_at_five_thousand_rows(language):
    phi = np.corrcoef(labels(corpus(language)).T)
    for (one, other), target in CORRELATIONS.items():
        assert phi[CRITERIA.index(one), CRITERIA.index(other)] == pytest.approx(target, abs=0.05)


def test_votes_agree_with_the_majority():
    frame = corpus()
    for criterion in CRITERIA:
        yes, no = frame[f"{criterion}_yes_count"], frame[f"{criterion}_no_count"]
        assert (yes + no == 3).all()
        assert ((yes > no) == (frame[f"{criterion}_majority"] == 1)).all()


def test_contexts_are_the_earlier_turns():
    frame = corpus(rows=500)
    said = (frame["human_question"] + " / " + frame["bot_response"]).to_list()
    for row, turn in enumerate(frame["turn"]):
        for back in (1, 2, 3):
            expected = said[row - back] if turn > back else ""
            assert frame[f"context_{back}"][row] == expected


def test_texts_hardly_repeat(language):
    frame = corpus(language)
    assert frame.select("human_question", "bot_response").n_unique() > 0.99 * frame.height


def test_lengths_in_word_pieces(language):
    short, published = (
        corpus(language, rows=600, length=length).select(text="human_question", pair="bot_response")
        for length in ("short", "published")
    )
    tokenizer = train_tokenizer(pl.concat([short, published]), 8000)

    def pieces(texts):
        special = tokenizer.num_special_tokens_to_add(is_pair=True)
        return np.array([len(encoding.ids) - special for encoding in tokenizer.encode_batch(texts.rows())])

    # Pieces of Japanese hold one script each: as many characters are more of them.
    mean, *of_published = (40, 124, 115, 225) if language == "ja" else (25, 62, 58, 112)
    assert pieces(short).mean() == pytest.approx(mean, abs=3.5)
    assert pieces(published).mean() == pytest.approx(of_published[0], abs=4)
    assert np.median(pieces(published)) == pytest.approx(of_published[1], abs=4)
    assert np.quantile(pieces(published), 0.95) == pytest.approx(of_published[2], abs=8)


@pytest.mark.parametrize("criterion", ["consistency", "no_hallucination"])
def test_a_bag_of_words_cannot_tell(criterion):
    frame = corpus("en", rows=10_000)
    words = CountVectorizer().fit_transform((frame["human_question"] + " " + frame["bot_response"]).to_list())
    truth = frame[f"{criterion}_majority"].to_numpy()
    model = LogisticRegression(max_iter=200, class_weight="balanced").fit(words[:8000], truth[:8000])
    assert matthews_corrcoef(truth[8000:], model.predict(words[8000:])) < 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"language": "fr"}, "language 'fr'"),
        ({"rows": 0}, "0 rows"),
        ({"seed": -1}, "seed -1"),
        ({"length": "long"}, "length 'long'"),
    ],
)
def test_wrong_arguments_are_told(arguments, message):
    with pytest.raises(UserError, match=message):
        generate_dialogues(**({"language": "ko", "rows": 5, "seed": 0} | arguments))


def test_dialogue_ids_name_language_and_seed():
    frame = corpus("ja", rows=10, seed=4)
    assert frame["dialogue_id"][0] == "ja-4-0000000"
    assert frame.group_by("dialogue_id").agg(pl.col("turn").max() == pl.len())["turn"].all()
