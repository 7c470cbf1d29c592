"""The scorer in Python: lists, iterators, frames; what it says is what the model says."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

import sharewise
from models.families import TEXTS
from models.saving import save_tiny
from serve.conftest import FRAME
from sharewise.data.tokens import tokenize_now
from sharewise.errors import UserError
from sharewise.serve import Answer, Scorer
from sharewise.serve.explain import explain
from sharewise.serve.http.messages import model_facts
from sharewise.tasks import MultilabelOptions, OrdinalOptions


def test_answers_are_the_models_outputs_calibrated_and_decided(scorer):
    model = scorer.models[0]
    found = scorer.score(TEXTS)
    for text, answer in zip(TEXTS, found, strict=True):
        tokens = tokenize_now([text], model.tokenizer, max_length=32).batch(np.arange(1))
        with torch.no_grad():
            raw = model.sharing(tokens)
        polite = torch.sigmoid(raw["polite"])[0, 0].item()
        assert answer["polite"].probabilities["yes"] == pytest.approx(polite, abs=2e-6)
        assert answer["polite"].decision == ("yes" if polite > 0.7 else "no")
        topic = torch.softmax(raw["topic"] / 2.0, dim=-1)[0]
        assert list(answer["topic"].probabilities.values()) == pytest.approx(topic.tolist(), abs=2e-6)
        assert answer["topic"].decision == ("art", "food", "sport")[int(topic.argmax())]
        assert answer["stars"].probabilities == {}
        assert math.isfinite(answer["stars"].decision)


def test_the_order_is_the_texts_and_tasks_can_be_chosen(scorer):
    texts = [TEXTS[i % 4] * (1 + i % 7) for i in range(50)]
    alone = [scorer.score([text], ["stars"])[0]["stars"].decision for text in texts]
    together = scorer.score(texts, ["stars"])
    assert [list(answer) for answer in together] == [["stars"]] * 50
    assert [answer["stars"].decision for answer in together] == pytest.approx(alone, abs=1e-4)
    assert scorer.score([]) == []


def test_models_of_single_tasks_answer_as_one(pair_scorer):
    (answer,) = pair_scorer.score([("question", "answer")])
    assert list(answer) == ["polite", "topic", "stars"]
    for model in pair_scorer.models:
        alone = Scorer([model], engine=pair_scorer.engine).score([("question", "answer")])[0]
        (task,) = alone
        assert alone[task] == answer[task]
    assert pair_scorer.score([("a", "b")]) != pair_scorer.score([("b", "a")])


def test_an_iterator_is_answered_lazily(scorer):
    asked = []

    def endless():
        for number in itertools.count():
            asked.append(number)
            yield f"text {number}"

    stream = scorer.score_stream(endless(), ["polite"], window=8)
    first = list(itertools.islice(stream, 10))
    assert len(asked) == 16
    assert all(isinstance(answer["polite"], Answer) for answer in first)


def test_frames_of_both_kinds_get_columns(scorer):
    frame = pl.DataFrame({"id": [1, 2, 3, 4], "text": TEXTS})
    scored = scorer.score_frame(frame)
    assert scored.columns == [
        "id", "text", "polite.predicted", "polite.p.yes",
        "topic.predicted", "topic.p.art", "topic.p.food", "topic.p.sport", "stars.predicted",
    ]  # fmt: skip
    again = scorer.score_frame(pd.DataFrame({"id": [1, 2, 3, 4], "other": TEXTS}), text="other")
    assert isinstance(again, pd.DataFrame)
    assert again["topic.predicted"].tolist() == scored["topic.predicted"].to_list()
    with pytest.raises(UserError, match=r"'polite\.predicted' is there already"):
        scorer.score_frame(scored)
    with pytest.raises(UserError, match=r"no column 'txt'; did you mean 'text'"):
        scorer.score_frame(frame, text="txt")
    with pytest.raises(UserError, match="trained on text"):
        scorer.score_frame(frame.rename({"text": "x"}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [(None, "no text"), (float("nan"), "no text"), (3, "a int"), (" ", "an empty text"), ("\ud800", "surrogate"),
     (("a", ""), "an empty text"), (("a", "b", "c"), "3 parts")],
)  # fmt: skip
def test_what_is_no_text_is_refused_with_its_number(scorer, text, reason):
    with pytest.raises(UserError, match=f"text 2: .*{reason}"):
        scorer.score(["fine", text])


def test_unknown_tasks_are_refused(scorer):
    with pytest.raises(UserError, match="no task 'topics'; did you mean `topic`"):
        scorer.score(["a"], ["topics"])


def test_several_labels_and_ordered_ones(tmp_path):
    tags = MultilabelOptions(data="d", label="t", separator=",").build("tags", pl.Series(["a,b", "c"]))
    stars = OrdinalOptions(data="d", label="s").build("stars", pl.Series(["1", "2", "3"]))
    save_tiny(tmp_path / "m", FRAME, {"tags": tags, "stars": stars}, thresholds={"tags": (0.2, 0.99, 0.2)})
    scorer = Scorer.load(tmp_path / "m")
    scores = scorer.scores(TEXTS)
    for row, answer in enumerate(scorer.score(TEXTS)):
        p = scores["tags"][row]
        assert answer["tags"].decision == [
            n for n, v, t in zip("abc", p, (0.2, 0.99, 0.2), strict=True) if v > t
        ]
        assert list(answer["stars"].probabilities) == ["2+", "3+"]
        assert answer["stars"].decision == str(1 + int((scores["stars"][row] > 0.5).sum()))
        output, score, _ = explain(scorer, TEXTS[row], "stars")
        assert output == {"1": "2+"}.get(answer["stars"].decision, f"{answer['stars'].decision}+")
        assert score == pytest.approx(answer["stars"].probabilities[output], abs=1e-4)
    frame = scorer.score_frame(pl.DataFrame({"text": TEXTS}), "text")
    assert frame["tags.predicted"].to_list() == [";".join(a["tags"].decision) for a in scorer.score(TEXTS)]
    facts = model_facts(scorer, "0", {})
    assert (facts.tasks["tags"].thresholds, facts.tasks["stars"].thresholds) == ([0.2, 0.99, 0.2], [0.5, 0.5])


def test_it_is_a_public_name():
    assert sharewise.Scorer is Scorer
