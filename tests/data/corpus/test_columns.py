import numpy as np

from sharewise.data.corpus.columns import NONE, compose, join, select


def test_compose_writes_every_row_but_calls_once_a_combination():
    calls = []

    def make(a: int, b: int) -> str:
        calls.append((a, b))
        return f"{a}:{b}"

    column = compose(make, np.array([2, 0, 2, 1]), np.array([1, 5, 1, 0]))
    assert column.to_list() == ["2:1", "0:5", "2:1", "1:0"]
    assert len(calls) == 3


def test_select_takes_from_the_chosen_pool():
    which = np.array([0, 1, NONE, 1])
    column = select([["a", "b"], ["c", "d", "e"]], which, np.array([0.5, 0.0, 0.9, 0.99]))
    assert column.to_list() == ["b", "c", None, "e"]


def test_join_skips_nulls():
    left = select([["a"]], np.array([0, NONE]), np.zeros(2))
    right = select([["b"]], np.array([0, 0]), np.zeros(2))
    assert join([left, right], " ").to_list() == ["a b", "b"]
