"""What was said before a row: from the file's columns or its earlier rows, window by window as all at once."""

from __future__ import annotations

import json
import random

import numpy as np
import pandas as pd
import polars as pl
import pytest

from models.saving import save_tiny
from serve.conftest import FRAME, make_tasks
from sharewise.data.turn import Turn, said_in, shortened
from sharewise.errors import UserError
from sharewise.models.manifest import SavedContext
from sharewise.serve import Scorer, before, predict_file
from sharewise.serve.batcher import Batcher
from sharewise.serve.explain import explain, occlusions

DIALOGUES = SavedContext(dialogue="id", turn="n", turns=2, texts=1)
COLUMNS = SavedContext(columns=("older", "before"), turns=None, texts=1)


def saved(folder, context, texts=("text",)):
    save_tiny(folder, FRAME, make_tasks(), texts={"d": texts}, context={"d": context})
    return Scorer.load(folder)


@pytest.fixture(scope="module")
def dialogues(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("dialogues") / "model", DIALOGUES)


@pytest.fixture(scope="module")
def columns(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("columns") / "model", COLUMNS)


@pytest.fixture(scope="module")
def talk():
    """Forty dialogues of up to five turns, one after another."""
    draw = random.Random(1)
    rows = []
    for dialogue in range(40):
        for turn in range(1, draw.randint(1, 5) + 1):
            text = " ".join(draw.choices(["lamp", "screen", "film", "배우", "never"], k=draw.randint(1, 5)))
            rows.append({"id": f"d{dialogue}", "n": str(turn), "text": f"{text} {turn}"})
    return rows


def turns(rows, last=2):
    """The rows with what was before them, found the slow way."""
    return [
        Turn(
            row["text"],
            None,
            tuple(r["text"] for r in rows if r["id"] == row["id"] and int(r["n"]) < int(row["n"]))[-last:],
        )
        for row in rows
    ]


def test_what_was_before_changes_the_answer(dialogues):
    found = dialogues.scores([Turn("the lamp"), Turn("the lamp", None, ("it never broke",)), "the lamp"])[
        "stars"
    ]
    assert found[0] == found[2]
    assert abs(found[0] - found[1]) > 1e-4


def test_the_card_tells_how_to_give_them(tmp_path, dialogues):
    saved(tmp_path / "model", DIALOGUES)
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "up to 2 earlier texts of a dialogue stood before a text" in card
    assert dialogues.context == {"d": DIALOGUES}


def test_only_as_many_turns_count_as_in_training(dialogues, columns):
    said = ("one", "two", "three")
    two, three = (Turn("lamp", None, said[-n:]) for n in (2, 3))
    assert dialogues.most_context == 2
    assert np.array_equal(dialogues.scores([two])["stars"], dialogues.scores([three])["stars"])
    assert columns.most_context is None
    assert not np.array_equal(columns.scores([two])["stars"], columns.scores([three])["stars"])


def test_a_model_without_earlier_turns_takes_none(scorer):
    assert scorer.most_context == 0
    with pytest.raises(UserError, match="trained without earlier turns"):
        scorer.score([Turn("lamp", None, ("one",))])
    with pytest.raises(UserError, match="trained without earlier turns"):
        scorer.score_frame(pl.DataFrame({"text": ["lamp"], "before": ["one"]}), context=["before"])
    assert scorer.score([Turn("lamp")]) == scorer.score(["lamp"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (Turn("lamp", None, ("one", " ")), "before it, an empty text"),
        (Turn("lamp", None, ("one", 3)), "before it, a int, not a text"),
        (Turn(" ", None, ("one",)), "an empty text"),
        (Turn("lamp", "", ("one",)), "an empty text"),
    ],
)
def test_what_is_no_text_is_told(dialogues, text, reason):
    with pytest.raises(UserError, match=f"text 2: {reason}"):
        dialogues.scores(["lamp", text])


@pytest.mark.parametrize("window", [3, 7, 1000])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_file_of_dialogues_is_scored_as_its_turns(tmp_path, dialogues, talk, window, kind):
    file, out = tmp_path / f"talk.{kind}", tmp_path / "out.jsonl"
    frame = pl.DataFrame(talk)
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}[kind](file)
    done = predict_file(dialogues, file, out, window=window)
    assert done.rows == len(talk)
    found = [json.loads(line)["stars.predicted"] for line in out.read_text().splitlines()]
    expected = dialogues.scores(turns(talk))["stars"][:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    alone = dialogues.scores([row["text"] for row in talk])["stars"][:, 0]
    assert np.abs(alone - expected).max() > 1e-3


def test_dialogues_may_be_mixed_and_a_frame_in_any_order(tmp_path, dialogues, talk):
    mixed = sorted(talk, key=lambda row: (int(row["n"]), row["id"]))
    expected = dialogues.scores(turns(mixed))["stars"][:, 0]
    pl.DataFrame(mixed).write_csv(tmp_path / "talk.csv")
    predict_file(dialogues, tmp_path / "talk.csv", tmp_path / "out.parquet", window=11)
    found = pl.read_parquet(tmp_path / "out.parquet")["stars.predicted"].to_numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    shuffled = random.Random(2).sample(mixed, len(mixed))
    for frame in (pl.DataFrame(shuffled), pd.DataFrame(shuffled)):
        scored = dialogues.score_frame(frame)
        by_row = dict(
            zip(zip(scored["id"], scored["n"], strict=True), scored["stars.predicted"], strict=True)
        )
        ordered = [by_row[row["id"], row["n"]] for row in mixed]
        np.testing.assert_allclose(ordered, expected, rtol=1e-4)


def test_turns_out_of_order_over_windows_are_bad_rows(tmp_path, dialogues, talk):
    rows = [
        *talk[:4],
        {"id": "d0", "n": "0", "text": "too late"},
        {"id": "d0", "n": "x", "text": "no number"},
    ]
    pl.DataFrame(rows).write_csv(tmp_path / "talk.csv")
    with pytest.raises(UserError, match=r"line 6: turn 0 of dialogue 'd0' comes after its turn \d"):
        predict_file(dialogues, tmp_path / "talk.csv", tmp_path / "out.csv", window=4)
    done = predict_file(
        dialogues, tmp_path / "talk.csv", tmp_path / "out.csv", window=4, on_error="apart", restart=True
    )
    assert (done.rows, done.rejected) == (4, 2)
    reasons = [json.loads(line)["reason"] for line in done.rejected_file.read_text().splitlines()]
    assert reasons[1] == "no number of the turn in column 'n'"


def test_a_turn_that_comes_again(dialogues):
    rows = [
        ("a", "1", "one"),
        ("a", "1", "one"),
        ("a", "2", "two"),
        ("a", "2", "other"),
        (None, None, "alone"),
    ]
    frame = pl.DataFrame(rows, schema=["id", "n", "text"], orient="row")
    found = before.before_rows(DIALOGUES).of(frame.to_dict(as_series=False), frame["text"].to_list())
    assert found == [(), (), ("one",), "turn 2 of dialogue 'a' came before with another text", ()]


def test_dialogues_that_are_forgotten_are_told(monkeypatch):
    monkeypatch.setattr(before, "_OPEN", 2)
    rows = before.before_rows(DIALOGUES)
    for name in ("a", "b", "c"):
        assert rows.of({"id": [name], "n": ["1"]}, ["one"]) == [()]
    assert rows.of({"id": ["c", "a"], "n": ["2", "2"]}, ["two", "two"]) == [
        ("one",),
        "dialogue 'a' began more than 2 dialogues before; its rows belong together",
    ]


def test_a_run_that_goes_on_knows_what_was_before(tmp_path, dialogues, talk, monkeypatch):
    pl.DataFrame(talk).write_csv(tmp_path / "talk.csv")
    predict_file(dialogues, tmp_path / "talk.csv", tmp_path / "whole.csv", window=5)
    calls = 0

    def compute(texts, tasks):
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt
        return dialogues.scores(texts, tasks)

    with pytest.raises(KeyboardInterrupt):
        predict_file(dialogues, tmp_path / "talk.csv", tmp_path / "out.csv", window=5, compute=compute)
    done = predict_file(dialogues, tmp_path / "talk.csv", tmp_path / "out.csv", window=5)
    assert done.resumed == 25
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_columns_of_a_file(tmp_path, columns):
    frame = pl.DataFrame(
        {"text": ["lamp", "film", "screen"], "older": ["a", "", None], "before": ["b", "c", None]}
    )
    said = [Turn("lamp", None, ("a", "b")), Turn("film", None, ("c",)), Turn("screen")]
    expected = columns.scores(said)["stars"][:, 0]
    np.testing.assert_allclose(columns.score_frame(frame)["stars.predicted"], expected, rtol=1e-4)
    lists = pl.DataFrame({"text": frame["text"], "older": [["a", "b"], ["c"], []], "before": [None] * 3})
    lists.write_ndjson(tmp_path / "lists.jsonl")
    predict_file(columns, tmp_path / "lists.jsonl", tmp_path / "out.jsonl")
    found = [
        json.loads(line)["stars.predicted"] for line in (tmp_path / "out.jsonl").read_text().splitlines()
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_columns_that_are_not_there(tmp_path, columns):
    pl.DataFrame({"text": ["lamp"], "befor": ["b"], "older": ["a"]}).write_csv(tmp_path / "in.csv")

    def scored(**options):
        predict_file(columns, tmp_path / "in.csv", tmp_path / "out.parquet", restart=True, **options)
        return pl.read_parquet(tmp_path / "out.parquet")["stars.predicted"][0]

    with pytest.raises(UserError, match="there is no column 'before'; did you mean 'befor'") as error:
        scored()
    assert "--no-context" in str(error.value)
    assert scored(context=False) == pytest.approx(columns.scores(["lamp"])["stars"][0, 0], rel=1e-4)
    given = columns.scores([Turn("lamp", None, ("a", "b"))])["stars"][0, 0]
    assert scored(context=["older", "befor"]) == pytest.approx(given, rel=1e-4)
    with pytest.raises(UserError, match="there is no column 'x'"):
        scored(context=["x"])


def test_a_pair_has_both_texts_of_its_earlier_turns(tmp_path):
    context = SavedContext(dialogue="id", turn="n", turns=1, texts=2)
    model = saved(tmp_path / "model", context, ("q", "a"))
    assert model.most_context == 2
    frame = pl.DataFrame({"id": [1, 1], "n": [1, 2], "q": ["who", "why"], "a": ["me", "so"]})
    found = model.score_frame(frame)["stars.predicted"]
    expected = model.scores([("who", "me"), Turn("why", "so", ("who", "me"))])["stars"][:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_queue_and_an_explanation_keep_what_was_before(dialogues):
    turn = Turn("the lamp broke", None, ("it never broke",))
    batcher = Batcher(dialogues)
    try:
        found = batcher.submit([turn], ["stars"]).result()["stars"]
    finally:
        batcher.close()
    np.testing.assert_allclose(found, dialogues.scores([turn])["stars"], rtol=1e-4)
    places, without = occlusions(turn)
    assert len(places) == 3
    assert all(isinstance(t, Turn) and t.context == turn.context for t in without)
    assert explain(dialogues, turn, "stars")[1] == pytest.approx(float(found[0, 0]), rel=1e-3)


def test_the_texts_of_a_turn():
    assert said_in(Turn("b", "c", ("a",))) == ("a", "b", "c")
    assert (said_in("a"), said_in(("a", "b"))) == (("a",), ("a", "b"))
    assert shortened(Turn("bb", "cc", ("aa",)), 1) == Turn("b", "c", ("a",))
    assert shortened(("aa", "bb"), 1) == ("a", "b")
