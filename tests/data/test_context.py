"""What is before a text: nothing of a later turn, nothing of another file, and nothing left out in silence."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sharewise.data.context import column_context, read_context, turns_in
from sharewise.data.context_options import ContextOptions
from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.data.reading import Records
from sharewise.errors import UserError
from sharewise.tasks import MulticlassOptions

HEADER = "text,label,id,turn,before,older"
TURNS = {"dialogue": "id", "turn": "turn"}


def contexts(data, split="train"):
    return data.tables[split].texts["context"].to_list()


@pytest.fixture
def load_rows(tmp_path):
    def loaded(*rows, valid=("v,a,v,1,,", "w,b,v,2,,"), task=None, **options):
        for name, lines in (("t", rows), ("v", valid)):
            (tmp_path / f"{name}.csv").write_text("\n".join([HEADER, *lines]) + "\n")
        keys = {"train": "t.csv", "validation": "v.csv", "text": "text"} | options
        task = task or MulticlassOptions(data="d", label="label", labels=("a", "b"))
        return load({"d": DataOptions(**keys)}, {"y": task}, folder=tmp_path)

    return loaded


def test_the_last_turns_of_a_dialogue_are_before_a_text_in_their_order(load_rows):
    rows = ["c,a,1,3,,", "x,b,2,1,,", "a,a,1,1,,", "d,b,1,4,,", "b,a,1,2,,"]
    data = load_rows(*rows, context={**TURNS, "last": 2})
    assert contexts(data) == [["a", "b"], [], [], ["b", "c"], ["a"]]
    assert data.train.earlier.tolist() == [2, 0, 0, 3, 1]
    assert data.notes == ()


def test_a_dialogue_is_a_group_unless_another_is_named(load_rows):
    groups = load_rows("a,a,1,1,,", "b,b,1,2,,", "c,a,2,1,,", context=TURNS).train
    assert groups.grouped
    assert groups.groups[0] == groups.groups[1] != groups.groups[2]
    with pytest.raises(UserError, match="the rows of dialogue '1' are of different groups"):
        load_rows("a,a,1,1,p,", "b,b,1,2,q,", context=TURNS, group="before")
    assert load_rows("a,a,1,1,p,", "b,b,1,2,p,", context=TURNS, group="before").train.grouped


def test_both_texts_of_a_pair_are_before_the_next_turn(load_rows):
    rows = ["q1,a,1,1,r1,", "q2,b,1,2,r2,", "q3,b,1,3,r3,"]
    valid = ["q1,a,v,1,r,", "q2,b,v,2,r,"]
    data = load_rows(*rows, valid=valid, text=("text", "before"), context={**TURNS, "last": 1})
    assert contexts(data) == [[], ["q1", "r1"], ["q2", "r2"]]


def test_rows_without_labels_are_turns_like_others(load_rows):
    data = load_rows("a,,1,1,,", "b,a,1,2,,", ",,1,3,,", "d,b,1,4,,", context=TURNS)
    assert contexts(data) == [["a"], ["a", "b"]]
    assert data.train.earlier.tolist() == [1, 3]


def test_only_the_rows_of_the_same_file_are_before_a_text(load_rows):
    data = load_rows("a,a,1,1,,", "b,b,1,2,,", valid=("c,a,1,3,,", "d,b,1,4,,"), context=TURNS)
    assert contexts(data, "validation") == [[], ["c"]]


def test_a_cut_split_has_its_dialogues_whole(load_rows):
    rows = [f"d{d}t{t},{'ab'[(d + t) % 2]},{d},{t},," for d in range(40) for t in range(1, 5)]
    data = load_rows(*rows, validation="20%", context={**TURNS, "last": 9})
    for table in data.tables.values():
        for text, context in zip(table.texts["text"], table.texts["context"], strict=True):
            dialogue, turn = text[1:].split("t")
            assert context.to_list() == [f"d{dialogue}t{t}" for t in range(1, int(turn))]


def test_what_is_missing_is_counted(load_rows):
    rows = ["a,a,1,1,,", "c,b,1,3,,", "x,a,,,,", "y,b,2,2,,"]
    assert load_rows(*rows, context=TURNS).notes == (
        "data.d.context: 1 rows of t.csv name no dialogue, and have no earlier turns",
        "data.d.context: before 1 turns of t.csv a turn is missing; what is there takes its place",
        "data.d.context: 1 dialogues of t.csv begin with a later turn than the others; nothing is before it",
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["a,a,1,1,,", "b,b,1,two,,"], "t.csv, line 3, column 'turn': 'two' is no number"),
        (["a,a,1,,,", "b,b,1,,,"], "t.csv, line 2, column 'turn': the cell is empty (2 such rows in all)"),
        (["a,a,1,inf,,", "b,b,1,2,,"], "t.csv, line 2, column 'turn': 'inf' is no number"),
        (
            ["a,a,1,1,,", "b,b,1,2,,", "c,b,1,2.0,,"],
            "t.csv, line 4, column 'turn': turn 2 of dialogue '1' has another text than in line 3",
        ),
    ],
)
def test_turns_that_leave_no_order_are_mistakes(load_rows, rows, message):
    with pytest.raises(UserError) as error:
        load_rows(*rows, context=TURNS)
    assert str(error.value).partition("\n")[0] == message


def test_a_turn_that_stands_twice_alike_is_one(load_rows):
    data = load_rows("a,a,1,1,,", "a,b,1,1,,", "b,b,1,2,,", context=TURNS)
    assert contexts(data) == [[], [], ["a"]]


def test_columns_are_put_in_the_order_in_which_they_are_named(load_rows):
    rows = ["c,a,1,3,b,a", "b,b,1,2,a,", "a,b,1,1,, "]
    data = load_rows(*rows, context=["older", "before"])
    assert contexts(data) == [["a", "b"], ["a"], []]
    assert data.train.earlier.tolist() == [2, 1, 0]
    assert data.notes == ()
    assert not data.train.grouped
    last = load_rows(*rows, context={"columns": ["older", "before"], "last": 1})
    assert contexts(last) == [["b"], ["a"], []]
    assert last.train.earlier.tolist() == [2, 1, 0]


def test_columns_that_look_like_the_wrong_order_are_noted(load_rows):
    (note,) = load_rows("c,a,1,3,b,a", "b,b,1,2,a,", context=["before", "older"]).notes
    assert note == (
        "data.d.context: in 1 rows of t.csv 'older' is empty and an older turn is there; the columns are named the "
        "oldest first: is before, older the right order?"
    )


def test_a_cell_may_be_a_list(tmp_path):
    rows = [
        {"text": "c", "label": "a", "history": ["a", "b", None, " "]},
        {"text": "a", "label": "b", "history": []},
        {"text": "b", "label": "b"},
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    for name in ("t.jsonl", "v.jsonl"):
        (tmp_path / name).write_text(lines)
    options = DataOptions(train="t.jsonl", validation="v.jsonl", text="text", context="history")
    task = MulticlassOptions(data="d", label="label")
    assert contexts(load({"d": options}, {"y": task}, folder=tmp_path)) == [["a", "b"], [], []]
    assert turns_in('["a", 1]') == ['["a", 1]']
    assert turns_in("[sic]") == ["[sic]"]


def test_context_columns_hold_texts(tmp_path):
    frame = pl.DataFrame({"text": ["a", "b"], "label": ["a", "b"], "n": [1, 2]})
    for name in ("t.parquet", "v.parquet"):
        frame.write_parquet(tmp_path / name)
    options = DataOptions(train="t.parquet", validation="v.parquet", text="text", context="n")
    with pytest.raises(UserError, match=r"t\.parquet, column 'n': values of type Int64"):
        load({"d": options}, {"y": MulticlassOptions(data="d", label="label")}, folder=tmp_path)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "name the earlier turns one way"),
        ({"columns": ["a"], "dialogue": "b", "turn": "c"}, "name the earlier turns one way"),
        ({"dialogue": "b"}, "`turn` is missing"),
        ({"columns": ["a"], "turn": "c"}, "`dialogue` is missing"),
        (["a", "a"], "column 'a' is named twice"),
        ({"dialogue": "b", "turn": "b"}, "column 'b' is named twice"),
    ],
)
def test_keys_that_do_not_go_together(keys, message):
    with pytest.raises(ValidationError, match=message):
        ContextOptions.model_validate(keys)


def test_the_text_is_not_before_itself():
    with pytest.raises(ValidationError, match="column 'text' is under `text` too"):
        DataOptions(train="t.csv", text="text", context=["older", "text"])


def test_the_digest_knows_what_was_before(load_rows):
    rows = ["a,a,1,1,,", "b,b,1,2,a,"]
    digests = {
        load_rows(*rows, **keys).train.text_digest()
        for keys in ({}, {"context": "before"}, {"context": "older"}, {"context": TURNS, "group": "id"})
    }
    assert len(digests) == 3, "no turn at all is as without context; groups differ"


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 4), st.booleans())
def test_exactly_the_turns_before_are_before_a_text(data, last, pairs):
    cells = st.tuples(st.sampled_from(["p", "q", "r", ""]), st.integers(-2, 6))
    rows = data.draw(st.lists(cells, min_size=1, max_size=25, unique=True))
    frame = pl.DataFrame(
        {
            "d": [dialogue for dialogue, _ in rows],
            "n": [str(turn) for _, turn in rows],
            "t": [f"{dialogue}{turn}" for dialogue, turn in rows],
            "s": ["" if turn == 0 else f"{turn}!" for _, turn in rows],
        }
    )
    columns = ("t", "s") if pairs else ("t",)
    records = Records(name="f", frame=frame, lines=None, encoding=None)
    found, _ = read_context("x", ContextOptions(dialogue="d", turn="n", last=last), columns, records)
    for row, (dialogue, turn) in enumerate(rows):
        before = sorted(t for d, t in rows if d == dialogue and t < turn) if dialogue else []
        said = [[f"{dialogue}{t}", *([f"{t}!"] if pairs and t else [])] for t in before[-last:]]
        assert found.texts[row].to_list() == [text for turn in said for text in turn]
        assert found.turns[row] == len(before)


@given(
    st.lists(st.lists(st.sampled_from(["", " ", "a", "b"]), min_size=3, max_size=3), min_size=1),
    st.integers(1, 3),
)
def test_columns_give_what_they_hold(rows, last):
    series = [pl.Series([row[i] for row in rows], dtype=pl.String) for i in range(3)]
    found = column_context(series, last)
    assert found.texts.to_list() == [[c for c in row if c.strip()][-last:] for row in rows]
