from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given

from sharewise.tasks import LabelError, holes, spell, spelled, truth_labels
from sharewise.tasks.labels import encode_classes, mapped


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        (1, "1"),
        (1.0, "1"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (1e20, "100000000000000000000"),
        (True, "true"),
        (False, "false"),
        ("True", "true"),
        (" FALSE ", "false"),
        ("1.0", "1"),
        ("-1.00", "-1"),
        ("-0.0", "0"),
        ("1.50", "1.50"),
        ("1.", "1."),
        (".0", ".0"),
        ("v1.0", "v1.0"),
        ("Yes", "Yes"),
        ("\u3000혐오\u3000", "혐오"),
    ],
)
def test_spell(value, spelling):
    assert spell(value) == spelling


labels = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())


@given(labels)
def test_spelling_is_final(value):
    assert spell(spell(value)) == spell(value)


@given(st.integers(-(2**53), 2**53))
def test_numbers_are_spelled_alike_in_every_type(number):
    assert spell(number) == spell(float(number)) == spell(str(number)) == spell(f" {number}.0 ")


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([1.0, None, float("nan"), 2.5]),
        pl.Series(["1.0", "", "NaN", "2.5"]),
        pl.Series([" 1", " ", None, "2.5"]),
    ],
)
def test_spelled(column):
    spellings, codes = spelled(column)
    assert spellings == ["1", "2.5"]
    assert codes.tolist() == [0, -1, -1, 1]
    assert codes.dtype == np.int64
    assert holes(column).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("column", "spellings", "codes"),
    [
        (pl.Series([True, None, False]), ["false", "true"], [1, -1, 0]),
        (pl.Series([2, 1], dtype=pl.Int8), ["1", "2"], [1, 0]),
        (pl.Series([None, None]), [], [-1, -1]),
        (pl.Series([], dtype=pl.String), [], []),
        (pl.Series(["a", " a", "a "]), ["a"], [0, 0, 0]),
    ],
)
def test_spelled_of_every_type(column, spellings, codes):
    found = spelled(column)
    assert (found[0], found[1].tolist()) == (spellings, codes)


def test_encode_classes():
    targets = encode_classes(pl.Series(["b", "a", None, " b "]), ("b", "a", "unused"))
    assert targets.dtype == np.float32
    np.testing.assert_array_equal(targets, [[0], [1], [np.nan], [0]])


def test_first_unknown_label_is_reported():
    with pytest.raises(LabelError) as error:
        encode_classes(pl.Series(["a", "", "x", "y"]), ("a", "b"))
    assert (error.value.row, error.value.value, error.value.expected) == (2, "x", "one of a, b")


@pytest.mark.parametrize(
    ("spellings", "truths"),
    [
        (["0", "1"], ("0", "1")),
        (["1"], ("0", "1")),
        (["false", "true"], ("false", "true")),
        (["No", "YES"], ("No", "YES")),
        (["0", "true"], None),
        (["0", "1", "2"], None),
        ([], None),
    ],
)
def test_truth_labels(spellings, truths):
    assert truth_labels(spellings) == truths


def test_a_map_replaces_labels_and_null_makes_holes():
    column = pl.Series("stars", [1.0, 2.0, 3.0, 5.0, None])
    found = mapped(column, {"1": "negative", "2": "negative", "3": None, "5": "positive"})
    assert found.to_list() == ["negative", "negative", None, "positive", None]
    assert mapped(column, None) is column


def test_a_label_that_the_map_lacks_is_refused_with_its_row():
    with pytest.raises(LabelError) as error:
        mapped(pl.Series([1, 4]), {"1": "negative"})
    assert (error.value.row, error.value.value) == (1, 4)
    assert error.value.expected == "one of the keys of `map`: 1"
