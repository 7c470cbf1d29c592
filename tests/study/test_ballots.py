"""Criteria with votes, found by their columns."""

from __future__ import annotations

import polars as pl
import pytest

from sharewise.data.corpus import CRITERIA, generate_dialogues
from sharewise.study.ballots import find_ballots, in_order


def test_the_published_layout():
    ballots = find_ballots(generate_dialogues(language="ja", rows=400, seed=2, length="short"))
    assert [b.name for b in ballots] == list(CRITERIA)
    assert {(b.raters, b.voted, b.ties, b.contradicted) for b in ballots} == {((3,), 400, 0, 0)}
    assert all(0.6 < b.yeses < 1 for b in ballots)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"a_yes_count": [1, 2]}, []),
        ({"a_yes_count": [0, 0], "a_no_count": [0, 0]}, []),
        ({"a_yes_count": [1.5, 2], "a_no_count": [1, 1]}, []),
        ({"a_yes_count": [-1, 2], "a_no_count": [1, 1]}, []),
        ({"a_yes_count": ["3", " "], "a_no_count": ["0", ""]}, [("a", None, 1)]),
        ({"a": [1, 0], "a_yes_count": [3, 0], "a_no_count": [None, 3]}, [("a", "a", 2)]),
        (
            {"a_majority": ["no", "yes"], "a_yes_count": [3, 3], "a_no_count": [0, 0]},
            [("a", "a_majority", 2)],
        ),
    ],
)
def test_what_counts_as_votes(columns, found):
    assert [(b.name, b.label, b.voted) for b in find_ballots(pl.DataFrame(columns))] == found


def test_a_majority_against_the_votes_is_counted():
    frame = pl.DataFrame({"a_majority": ["no", "yes"], "a_yes_count": [3, 3], "a_no_count": [0, 0]})
    (ballot,) = find_ballots(frame)
    assert ballot.contradicted == 1
    assert ballot.about.endswith("in 1 rows the label is not the one with most votes")


def test_earlier_turns_stand_the_oldest_first():
    assert in_order(["context_1", "x", "context_10", "context_2", "context"]) == (
        "context_10",
        "context_2",
        "context_1",
    )
