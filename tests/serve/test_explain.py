"""Occlusion: words of every script, and weights that are what leaving a word out changes."""

from __future__ import annotations

import pytest

from sharewise.serve.explain import explain, occlusions, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's not bad!", ["It's", "not", "bad"]),
        ("배우의 연기가 좋았다.", ["배우의", "연기가", "좋았다"]),
        ("この掃除機は思ったより軽い。", ["この", "掃除機は", "思ったより", "軽い"]),
        ("カメラとAI 2台", ["カメラ", "と", "AI", "2", "台"]),
        ("…!?", []),
    ],
)
def test_words(text, expected):
    assert [text[a:b] for a, b in words(text)] == expected


def test_long_texts_are_cut_into_so_many_stretches():
    text = " ".join(f"w{i}" for i in range(1000))
    found = words(text)
    assert len(found) <= 64
    assert (found[0][0], found[-1][1]) == (0, len(text))


def test_a_pair_is_weighed_in_both_parts():
    places, without = occlusions(("a b", "c"))
    assert places == [(0, 0, 1), (0, 2, 3), (1, 0, 1)]
    assert without == [("b", "c"), ("a", "c"), ("a b", "…")]


@pytest.mark.parametrize("task", ["polite", "topic", "stars"])
def test_weights_are_differences_of_the_score(scorer, task):
    text = "a lovely film"
    output, score, spans = explain(scorer, text, task)
    whole = scorer.score([text])[0][task]
    column = 0
    if task == "topic":
        assert output == whole.decision
        column = scorer.tasks[task].labels.index(output)
    else:
        assert output == {"polite": "yes", "stars": "stars"}[task]
    assert score == pytest.approx(scorer.scores([text])[task][0, column], abs=1e-5)
    without = scorer.scores([" lovely film".strip(), "a  film", "a lovely"])[task][:, column]
    assert [s.weight for s in spans] == pytest.approx((score - without).tolist(), abs=1e-5)
