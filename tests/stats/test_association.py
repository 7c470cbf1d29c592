"""Association of tasks with holes agrees with the textbook measures, and groups follow from it alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from scipy.stats.contingency import association as contingency
from scipy.stats.contingency import crosstab
from sklearn.metrics import matthews_corrcoef

from sharewise.stats.association import Association, association, groups_by_association

ROWS = 400


@pytest.fixture
def columns():
    rng = np.random.default_rng(5)
    base = rng.normal(size=ROWS)
    noisy = {
        "a": base > 0,
        "b": base + rng.normal(size=ROWS) > 0.4,
        "c": -base + rng.normal(size=ROWS),
        "topic": np.digitize(base + rng.normal(size=ROWS), [-0.5, 0.7]),
        "place": rng.integers(0, 4, ROWS),
    }
    return {name: np.asarray(v, dtype=np.float32)[:, None] for name, v in noisy.items()}


def test_the_textbook_measures(columns):
    found = association(columns, {"topic", "place"})

    def cell(one, other):
        return found.matrix[found.tasks.index(one), found.tasks.index(other)]

    flat = {name: v[:, 0] for name, v in columns.items()}
    assert cell("a", "b") == pytest.approx(matthews_corrcoef(flat["a"], flat["b"]))
    assert cell("a", "c") == pytest.approx(spearmanr(flat["a"], flat["c"]).statistic)
    assert cell("a", "c") < 0
    table = crosstab(flat["topic"], flat["place"]).count
    assert cell("topic", "place") == pytest.approx(contingency(table, method="cramer"))
    table = crosstab(flat["a"], flat["topic"]).count
    assert cell("a", "topic") == pytest.approx(contingency(table, method="cramer"))
    assert np.array_equal(found.matrix, found.matrix.T)
    assert np.array_equal(np.diag(found.matrix), np.ones(5))


def test_of_ranks_and_classes_it_is_the_correlation_ratio(columns):
    found = association({"c": columns["c"], "topic": columns["topic"]}, {"topic"})
    ranks, classes = np.argsort(np.argsort(columns["c"][:, 0])) + 1.0, columns["topic"][:, 0]
    between = sum(
        (classes == k).sum() * (ranks[classes == k].mean() - ranks.mean()) ** 2 for k in np.unique(classes)
    )
    assert found.matrix[0, 1] == pytest.approx(np.sqrt(between / ((ranks - ranks.mean()) ** 2).sum()))


def test_holes_count_for_nothing(columns):
    whole = association(columns, {"topic", "place"})
    longer = {n: np.concatenate([v, np.full((50, 1), np.nan, dtype=np.float32)]) for n, v in columns.items()}
    longer["a"][-50:] = 1.0
    found = association(longer, {"topic", "place"})
    np.testing.assert_allclose(found.matrix, whole.matrix)
    assert found.rows[0, 0] == ROWS + 50
    assert found.rows[0, 1] == ROWS


def test_what_can_not_be_known_is_not_said(columns):
    apart = {n: np.full((2 * ROWS, 1), np.nan, dtype=np.float32) for n in ("a", "b", "c")}
    apart["a"][:ROWS], apart["b"][ROWS:], apart["c"][:ROWS] = columns["a"], columns["b"], 1.0
    found = association(apart)
    assert np.isnan(found.matrix[np.triu_indices(3, 1)]).all()
    assert found.rows.tolist() == [[ROWS, 0, ROWS], [0, ROWS, 0], [ROWS, 0, ROWS]]
    assert groups_by_association(found) == (("a",), ("b",), ("c",))


def test_tasks_of_several_columns():
    rng = np.random.default_rng(0)
    tags = rng.integers(0, 2, (ROWS, 3)).astype(np.float32)
    found = association({"tags": tags, "first": tags[:, :1], "other": rng.normal(size=(ROWS, 1))})
    assert found.matrix[0, 1] == pytest.approx(1.0)
    assert 0 <= found.matrix[0, 2] < 0.3


def test_nine_criteria_fall_into_the_published_pairs():
    names = ("acceptable", "consistent", "interesting", "unbiased", "harmless", "true", "specific")
    matrix = np.eye(len(names))
    for one, other, value in (
        ("interesting", "specific", 0.909),
        ("unbiased", "harmless", 0.817),
        ("consistent", "true", 0.619),
        ("acceptable", "consistent", 0.014),
    ):
        i, j = names.index(one), names.index(other)
        matrix[i, j] = matrix[j, i] = value
    measured = Association(names, matrix, np.full(matrix.shape, 100))
    assert groups_by_association(measured) == (
        ("acceptable",),
        ("consistent", "true"),
        ("interesting", "specific"),
        ("unbiased", "harmless"),
    )
    assert groups_by_association(measured, threshold=0.7)[1] == ("consistent",)


def test_the_order_of_tasks_and_the_sign_change_no_group():
    rng = np.random.default_rng(1)
    names = tuple("dbacfe")
    # Values with many ties.
    half = np.triu(rng.choice([-0.6, -0.4, 0.0, 0.4, 0.6], (6, 6)), 1)
    matrix = half + half.T + np.eye(6)
    groups = groups_by_association(Association(names, matrix, np.full((6, 6), 100)))
    for _ in range(20):
        order = rng.permutation(6)
        shuffled = Association(
            tuple(names[i] for i in order), matrix[np.ix_(order, order)], np.full((6, 6), 100)
        )
        assert set(map(frozenset, groups_by_association(shuffled))) == set(map(frozenset, groups))
    turned = Association(names, np.where(np.eye(6) > 0, 1.0, -matrix), np.full((6, 6), 100))
    assert groups_by_association(turned) == groups


def test_an_association_of_the_threshold_counts():
    matrix = np.array([[1.0, 0.3], [0.3, 1.0]])
    measured = Association(("a", "b"), matrix, np.full((2, 2), 100))
    assert groups_by_association(measured, threshold=0.3) == (("a", "b"),)
    assert groups_by_association(measured, threshold=0.31) == (("a",), ("b",))
    assert groups_by_association(Association(("a",), np.eye(1), np.eye(1, dtype=np.int64))) == (("a",),)
