from itertools import pairwise

import numpy as np

from sharewise.data.corpus.criteria import FIRST_TURNS
from sharewise.data.corpus.draws import Draws
from sharewise.data.corpus.turns import MAX_TURNS, sample_turns


def test_turns_count_up_within_a_dialogue():
    turns = sample_turns([500], Draws(1, "en"))
    assert len(turns.turn) == len(turns.dialogue) == 500
    assert turns.dialogues == len(np.unique(turns.dialogue))
    for dialogue in range(turns.dialogues):
        own = turns.turn[turns.dialogue == dialogue]
        np.testing.assert_array_equal(own, np.arange(1, len(own) + 1))
        assert len(own) <= MAX_TURNS


def test_half_of_all_rows_are_first_turns():
    turns = sample_turns([50_000], Draws(1, "en"))
    assert abs((turns.turn == 1).mean() - FIRST_TURNS) < 0.01


def test_splits_have_their_exact_sizes_and_share_no_dialogue():
    for sizes in ([7, 1, 3], [1, 1, 1], [100, 13, 40]):
        turns = sample_turns(sizes, Draws(2, "ja"))
        edges = np.cumsum([0, *sizes])
        parts = [set(turns.dialogue[a:b].tolist()) for a, b in pairwise(edges)]
        assert len(turns.turn) == sum(sizes)
        assert all(not one & other for i, one in enumerate(parts) for other in parts[:i])
        assert (turns.turn[edges[:-1]] == 1).all()


def test_fewer_rows_are_the_beginning():
    few, many = sample_turns([50], Draws(0, "ko")), sample_turns([500], Draws(0, "ko"))
    np.testing.assert_array_equal(few.turn, many.turn[:50])
