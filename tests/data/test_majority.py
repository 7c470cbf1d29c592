from __future__ import annotations

import numpy as np
import pytest

from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.errors import UserError
from sharewise.tasks import BinaryOptions, MulticlassOptions

HEADER = "text,label,a,b,c,r1,r2,r3"
ROWS = ("t1,,3,0,0,a,a,b", "t2,,0,2,1,b,b,b", "t3,,1,1,0,a,b,", "t4,,,,,,,", "t5,,0,0,4,c,c,c")
COUNTS = {"a": "a", "b": "b", "c": "c"}


def read(tmp_path, task, rows=ROWS, **options):
    (tmp_path / "t.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    (tmp_path / "v.csv").write_text(f"{HEADER}\nv,,3,0,0,a,a,a\nw,,1,2,0,b,b,a\nx,,0,0,1,c,c,c\n")
    declared = DataOptions(**{"train": "t.csv", "validation": "v.csv", "text": "text"} | options)
    return load({"d": declared}, {"y": task}, folder=tmp_path)


def voted(votes=COUNTS, **keys):
    return MulticlassOptions(data="d", votes=votes, **keys)


@pytest.mark.parametrize(
    ("ties", "targets"), [("hole", [0, 1, 2]), ("first", [0, 1, 0, 2]), ("last", [0, 1, 1, 2])]
)
@pytest.mark.parametrize("votes", [COUNTS, ("r1", "r2", "r3")])
def test_most_votes_are_the_label_and_ties_go_where_declared(tmp_path, ties, targets, votes):
    data = read(tmp_path, voted(votes, ties=ties))
    assert data.tasks["y"].labels == ("a", "b", "c")
    assert data.train.targets["y"][:, 0].tolist() == targets
    assert data.validation.targets["y"][:, 0].tolist() == [0, 1, 2]
    said = {"hole": "have no label", "first": "go to the first label", "last": "go to the last label"}[ties]
    assert any(f"1 of 5 rows of t.csv hold a tie and {said}" in note for note in data.notes)
    assert any("1 of 5 rows of t.csv hold no votes and have no label" in note for note in data.notes)
    assert any("of 5 rows hold no label and were left out" in note for note in data.notes)


def test_yes_and_no_need_no_more_words(tmp_path):
    task = BinaryOptions(data="d", votes={"yes": "a", "no": "b"})
    data = read(tmp_path, task, rows=("t1,,3,0,,,,", "t2,,1,2,,,,"))
    assert data.tasks["y"].labels == ("no", "yes")
    assert data.train.targets["y"][:, 0].tolist() == [1, 0]


def test_other_names_must_say_which_is_positive(tmp_path):
    with pytest.raises(UserError, match="which is positive is not known"):
        read(tmp_path, BinaryOptions(data="d", votes={"good": "a", "bad": "b"}))
    task = BinaryOptions(data="d", votes={"good": "a", "bad": "b"}, positive="good")
    assert read(tmp_path, task, rows=("t1,,3,0,,,,", "t2,,1,2,,,,")).tasks["y"].labels == ("bad", "good")


def test_fractions_are_cut_by_the_majority(tmp_path):
    rows = [f"t{i},,{3 * (i % 2)},{3 - 3 * (i % 2)},0,,," for i in range(40)]
    data = read(tmp_path, voted(), rows=rows, validation="25%", test="25%")
    for table in data.tables.values():
        assert 0.4 < table.targets["y"].mean() < 0.6


def test_soft_targets_are_the_shares_and_leave_label_and_holes_alone(tmp_path):
    hard, soft = read(tmp_path, voted(ties="first")), read(tmp_path, voted(ties="first", targets="soft"))
    assert np.array_equal(hard.train.targets["y"], soft.train.targets["y"])
    assert hard.train.soft == {}
    assert hard.train.soft_digest("y") == []
    assert soft.train.soft["y"] == pytest.approx(
        np.array([[1, 0, 0], [0, 2 / 3, 1 / 3], [0.5, 0.5, 0], [0, 0, 1]], dtype=np.float32)
    )
    assert len(soft.train.soft_digest("y")) == 1


def test_a_label_without_votes_stands_for_all_of_them(tmp_path):
    rows = ("t1,a,3,1,0,,,", "t2,b,,,,,,", "t3,,0,3,0,,,", "t4,c,0,0,0,,,")
    task = voted(label="label", targets="soft", labels=("a", "b", "c"))
    (tmp_path / "t.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    (tmp_path / "v.csv").write_text(f"{HEADER}\nv,a,1,0,0,,,\n")
    declared = DataOptions(train="t.csv", validation="v.csv", text="text")
    data = load({"d": declared}, {"y": task}, folder=tmp_path)
    assert data.train.soft["y"].tolist() == [[0.75, 0.25, 0], [0, 1, 0], [0, 0, 1]]
    assert any("2 of 3 cells of the train split have no votes" in note for note in data.notes)


def test_agreement_weighs_rows_around_one(tmp_path):
    weights = read(tmp_path, voted(ties="first", vote_weights="agreement")).train.loss_weights["y"]
    assert weights.mean() == pytest.approx(1)
    assert weights / weights[0] == pytest.approx(np.array([1, 2 / 3, 1 / 2, 1]))


def test_a_slip_of_a_rater_is_located(tmp_path):
    rows = [f"t{i},,,,,{'good' if i % 2 else 'bad'},bad,bad" for i in range(30)] + ["u,,,,,goood,bad,bad"]
    with pytest.raises(UserError, match=r"t\.csv, line 32, column 'r1': 'goood' is no label of task 'y'"):
        read(tmp_path, voted(("r1", "r2", "r3")), rows=rows)


def test_no_votes_at_all_in_a_split(tmp_path):
    with pytest.raises(UserError, match="'majority vote of y' holds no label in the train split"):
        read(tmp_path, voted(), rows=("t1,,,,,,,", "t2,,,,,,,"))


@pytest.mark.parametrize("key", [{"targets": "soft"}, {"ties": "first"}, {"vote_weights": "agreement"}])
def test_keys_of_votes_need_votes(key):
    with pytest.raises(ValueError, match="needs `votes`"):
        BinaryOptions(data="d", label="label", **key)


def test_a_label_or_votes():
    with pytest.raises(ValueError, match="`label` is missing"):
        BinaryOptions(data="d")


def test_balanced_weights_are_counted_on_training_labels_or_on_the_shares_that_are_trained_on(tmp_path):
    def weights(**keys):
        task = read(tmp_path, voted(ties="first", class_weights="balanced", **keys)).tasks["y"]
        return task.describe()["loss"]["weights"]

    # Training labels are a, b, a, c; the shares of their votes sum to 1.5, 7/6 and 4/3.
    assert weights() == pytest.approx([4 / 6, 4 / 3, 4 / 3])
    assert weights(targets="soft") == pytest.approx([4 / 3 / s for s in (1.5, 7 / 6, 4 / 3)])


def test_a_weight_of_no_label_is_refused(tmp_path):
    with pytest.raises(UserError, match="'aa' is no label of this task"):
        read(tmp_path, voted(class_weights={"aa": 2.0}))
