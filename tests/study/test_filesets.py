from pathlib import Path

import pytest

from sharewise.errors import UserError
from sharewise.study.filesets import group_files


def _grouped(*names):
    groups = group_files([Path(name) for name in names])
    return {name: {split: str(file) for split, file in splits.items()} for name, splits in groups.items()}


@pytest.mark.parametrize(
    ("files", "groups"),
    [
        (["a/EN_train.tsv", "a/EN_test.tsv"], {"EN": {"train": "a/EN_train.tsv", "test": "a/EN_test.tsv"}}),
        (
            ["x/hate/train.csv", "x/hate/dev.csv"],
            {"hate": {"train": "x/hate/train.csv", "validation": "x/hate/dev.csv"}},
        ),
        (["train-talk.jsonl.gz"], {"talk": {"train": "train-talk.jsonl.gz"}}),
        (
            ["talk.Valid.csv", "talk.Train.csv"],
            {"talk": {"train": "talk.Train.csv", "validation": "talk.Valid.csv"}},
        ),
        (
            ["training_set.csv", "test_set.csv"],
            {"set": {"train": "training_set.csv", "test": "test_set.csv"}},
        ),
        (["a.csv", "b.parquet"], {"a": {"train": "a.csv"}, "b": {"train": "b.parquet"}}),
        (["contest.csv"], {"contest": {"train": "contest.csv"}}),
        (["my talk (1).csv"], {"my_talk_1": {"train": "my talk (1).csv"}}),
        (["a.csv", "a.csv"], {"a": {"train": "a.csv"}}),
        (["대화_train.csv"], {"대화": {"train": "대화_train.csv"}}),
    ],
)
def test_names_tell_data_sets_and_splits(files, groups):
    assert _grouped(*files) == groups


def test_order_is_train_validation_test():
    assert list(_grouped("t/test.csv", "t/dev.csv", "t/train.csv")["t"]) == ["train", "validation", "test"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "there is no file"),
        (["a_dev.csv", "a_test.csv"], "data set a has no training split"),
        (["a_train.csv", "a.csv"], "would both be the train split of data set a"),
    ],
)
def test_what_makes_no_data_set(files, words):
    with pytest.raises(UserError, match=words):
        _grouped(*files)
