import pytest

from sharewise.report.tables import NONE, Cell, Column, Table, best, number


def test_best_marks_ties_as_shown_and_no_lone_value():
    assert best([0.12341, 0.12344, 0.1], higher=True, decimals=4) == [True, True, False]
    assert best([0.2, 0.1], higher=False, decimals=4) == [False, True]
    assert best([0.2, None, float("nan")], higher=True, decimals=4) == [False, False, False]


def test_number_shows_a_dash_for_what_is_missing():
    assert number(float("nan"), str).text == NONE
    assert number(None, str).sort is None
    assert number(2.5, str) == Cell("2.5", sort=2.5)


def test_rows_must_fit_the_headings():
    with pytest.raises(ValueError, match="a row of 1 cells under 2 headings"):
        Table((Column("a"), Column("b")), ((Cell("1"),),))


def test_split_repeats_the_stub_and_loses_no_column():
    table = Table(tuple(Column(c) for c in "abcde"), (tuple(Cell(c) for c in "ABCDE"),), stub=2)
    parts = list(table.split([3, 3, 4, 4, 4], room=14))
    assert [[column.title for column in part.columns] for part in parts] == [
        ["a", "b", "c", "d"],
        ["a", "b", "e"],
    ]
    assert parts[1].rows[0] == (Cell("A"), Cell("B"), Cell("E"))


def test_split_gives_a_column_wider_than_the_room_a_table_of_its_own():
    table = Table(tuple(Column(c) for c in "abc"), ())
    assert [len(part.columns) for part in table.split([2, 50, 2], room=10)] == [2, 2]
