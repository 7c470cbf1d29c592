from __future__ import annotations

from sharewise.audit.alike import alike
from sharewise.audit.leakage import halves, overlaps, split_groups
from sharewise.audit.repeats import contradictions, repeats
from sharewise.tasks import BinaryOptions, RegressionOptions

LONG = "a sentence that is long enough to have shingles, and a good number of them"


def split(*texts: str, labels: list[int] | None = None, **columns):
    return {"text": texts, "y": labels or [i % 2 for i in range(len(texts))], **columns}


def test_each_row_counts_once_under_its_strongest_likeness(rows_of):
    rows = rows_of(
        {
            "d": {
                "train": split("one", "two words", LONG, "four", "one"),
                "validation": split("other", "things"),
                "test": split("one", "Two, words!", LONG + "!?", LONG + " x", "new"),
            }
        }
    )
    (table,), findings = overlaps(rows, alike(rows))
    assert (table.split, table.within) == ("test", "train")
    assert (table.rows, table.exact, table.exact_texts, table.normalised, table.near) == (5, 1, 1, 2, 1)
    assert [f.key for f in findings] == ["leak.exact", "leak.normalised", "leak.near"]
    assert [f.severity for f in findings] == ["problem", "problem", "warning"]
    (place,) = findings[0].finding(rows).rows
    assert (place.split, place.file, place.line, place.text) == ("test", "d-test.csv", 2, "one")
    assert place.note == "d-train.csv, line 2"
    assert "similarity" in findings[2].finding(rows).rows[0].note


def test_leaks_across_tasks_are_found(rows_of):
    rows = rows_of(
        {
            "a": {s: split(f"a {s} 1", f"a {s} 2") for s in ("train", "validation", "test")},
            "b": {
                "train": split("b train 1", "a test 1", "b train 2"),
                "validation": split("b validation 1", "b validation 2"),
                "test": split("b test 1", "b test 2"),
            },
        }
    )
    (table,), (finding,) = overlaps(rows, alike(rows))
    assert (table.data, table.within_data, table.exact) == ("a", "b", 1)
    assert finding.tasks == ("a", "b")
    assert "the tasks b see the texts that a will be scored on" in finding.says
    assert "training file of b" in finding.to_do


def test_validation_rows_in_test_are_found(rows_of):
    rows = rows_of(
        {"d": {"train": split("p", "q"), "validation": split("r", "s"), "test": split("s", "t", "s")}}
    )
    (table,), (finding,) = overlaps(rows, alike(rows))
    assert (table.split, table.within, table.exact) == ("validation", "test", 1)
    assert "out of validation" in finding.to_do


def test_clean_splits_have_no_leaks(rows_of):
    rows = rows_of({"d": {s: split(f"{s} 1", f"{s} 2") for s in ("train", "validation", "test")}})
    found = alike(rows)
    assert overlaps(rows, found) == ([], [])
    assert repeats(rows, found)[1] == []
    assert contradictions(rows, found) == []


def test_groups_in_two_splits(rows_of):
    rows = rows_of(
        {
            "d": {
                "train": split("a", "b", "c", id=["g", "h", ""]),
                "validation": split("d", "e", id=["k", ""]),
                "test": split("f", "i", "j", id=["g", "g", "l"]),
            }
        },
        group="id",
    )
    counts, (finding,) = split_groups(rows)
    assert counts == {"validation in train": 0, "test in train": 1, "validation in test": 0}
    assert finding.says == "1 group of test (2 rows) also has rows in train"
    assert [p.line for p in finding.finding(rows).rows] == [2, 3]


def test_rows_without_groups_are_no_groups(rows_of):
    rows = rows_of({"d": {s: split(f"{s} 1", f"{s} 2") for s in ("train", "validation", "test")}})
    assert split_groups(rows) == ({}, [])


def test_repeats_count_later_rows(rows_of):
    rows = rows_of(
        {"d": {"train": split("x", "y", "x", "X.", LONG, LONG + " x"), "validation": split("u", "v")}}
    )
    tables, (finding,) = repeats(rows, alike(rows))
    assert [(t.split, t.exact, t.normalised, t.near) for t in tables] == [
        ("train", 1, 1, 1),
        ("validation", 0, 0, 0),
    ]
    assert [(p.line, p.note) for p in finding.finding(rows).rows] == [
        (4, "like d-train.csv, line 2"),
        (5, "like d-train.csv, line 2"),
    ]


def test_contradictions_over_splits_and_spellings(rows_of):
    rows = rows_of(
        {
            "d": {
                "train": split("same", "other", "twice", "twice", labels=[1, 0, 1, 1]),
                "validation": split("Same!", "more", labels=[0, 1]),
            }
        }
    )
    (finding,) = contradictions(rows, alike(rows))
    assert finding.says == "d: 1 text (2 rows) has different labels in different places"
    assert [(p.split, p.note[-1]) for p in finding.finding(rows).rows] == [
        ("train", "1"),
        ("validation", "0"),
    ]


def test_holes_contradict_nothing_and_numbers_by_a_deviation(rows_of):
    columns = {"text": ["s", "s", "n", "n", "p", "q"], "y": [1, "", 0, 0, 1, 0], "z": [1.0, 1.1, 1, 9, 4, 5]}
    tasks = {
        "y": BinaryOptions(data="d", label="y"),
        "z": RegressionOptions(data="d", label="z"),
    }
    rows = rows_of(
        {"d": {"train": columns, "validation": {"text": ["v", "w"], "y": [0, 1], "z": [1, 2]}}}, tasks
    )
    (finding,) = contradictions(rows, alike(rows))
    assert finding.tasks == ("z",)
    assert [p.line for p in finding.finding(rows).rows] == [4, 5]


def test_one_file_cut_differently_for_two_tasks_leaks(rows_of):
    texts = [f"text number {i} of many" for i in range(30)]
    rows = rows_of(
        {
            "a": {"train": split(*texts), "validation": split("v", "w"), "test": split("x", "z")},
            "b": {"train": split("k", "l"), "validation": split("m", "n"), "test": split(*texts[:5])},
        }
    )
    (table, *_), _ = overlaps(rows, alike(rows))
    assert (table.data, table.within_data, table.exact) == ("b", "a", 5)


def test_a_text_in_another_pair(rows_of):
    pairs = {
        "train": {"text": ["p", "q", "r"], "other": ["a", "b", "c"], "y": [0, 1, 0]},
        "validation": {"text": ["v", "w"], "other": ["x", "z"], "y": [0, 1]},
        "test": {"text": ["P.", "q", "B", "new"], "other": ["k", "b", "a", "news"], "y": [0, 1, 0, 1]},
    }
    rows = rows_of({"d": pairs}, text=("text", "other"))
    (finding,) = halves(rows, alike(rows))
    assert finding.says == "Of 2 pairs in test one text (in 1 both) is also in some other pair of train"
    assert [p.line for p in finding.finding(rows).rows] == [2, 4]
    single = rows_of({"e": {s: split(f"{s} 1", f"{s} 2") for s in ("train", "validation")}})
    assert halves(single, alike(single)) == []
