"""Shared prefixes stand in the tree once, and every label's tokens are read in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.text2text.seq2seq import END
from sharewise.models.text2text.tree import prefix_tree

START = 2
BODIES = st.lists(st.integers(3, 6), max_size=5).map(tuple)
# No label's tokens begin with all of another's, for each has its end; without the ends they may.
LABELS = st.lists(BODIES, min_size=1, max_size=8, unique=True).map(
    lambda bodies: [(*body, END) for body in bodies]
)


@given(LABELS)
def test_following_the_tree_gives_every_label_back(labels):
    tree = prefix_tree(labels, START)
    found: list[list[int]] = [[] for _ in labels]
    for number, step in enumerate(tree.passes):
        assert number == 0 or step.parents.max() < len(tree.passes[number - 1].tokens)
        for label, token in zip(step.labels.tolist(), step.following.tolist(), strict=True):
            found[label].append(token)
    assert [tuple(tokens) for tokens in found] == labels
    assert tree.lengths.tolist() == [len(label) for label in labels]


@given(LABELS)
def test_every_prefix_is_fed_once(labels):
    tree = prefix_tree(labels, START)
    prefixes = {label[:size] for label in labels for size in range(len(label))}
    read = {
        (number, branch, at)
        for number, step in enumerate(tree.passes)
        for branch, at in zip(step.branches.tolist(), step.steps.tolist(), strict=True)
    }
    assert len(read) == len(prefixes)


def test_labels_that_part_at_once_take_two_passes():
    tree = prefix_tree([(4, 5, 6, END), (7, END), (8, 9, END)], START)
    first, second = tree.passes
    assert first.tokens.tolist() == [[START]]
    assert second.tokens.tolist() == [[4, 5, 6], [7, 7, 7], [8, 9, 9]]
    assert tree.branches == 3


def test_a_token_is_fed_twice_where_that_spares_a_pass():
    (only,) = prefix_tree([(4, END), (5, END)], START).passes
    assert only.tokens.tolist() == [[START, 4], [START, 5]]
    assert only.branches.tolist() == [0, 0, 0, 1]
    assert only.steps.tolist() == [0, 1, 0, 1]


def test_a_common_beginning_is_fed_in_one_pass():
    tree = prefix_tree([(4, 5, 6, END), (4, 5, 7, 8, END), (4, 5, END)], START)
    assert [step.tokens.tolist() for step in tree.passes] == [[[START, 4, 5]], [[6, 6], [7, 8]]]


def test_one_label_takes_one_pass():
    assert [s.tokens.tolist() for s in prefix_tree([(4, 5, END)], START).passes] == [[[START, 4, 5]]]
