"""Curriculum: what makes a row difficult, when it may come, and that arms stay paired."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from sharewise.train import Trainer, TrainingOptions
from sharewise.train.steps import batch_plan
from sharewise.train.techniques import Curriculum, CurriculumOptions, difficulty
from support import TASKS, make_data, make_job, make_stores


def voted():
    """The tiny data with three raters of spam and tone, who disagree on a third of the rows."""
    data = make_data()
    rng = np.random.default_rng(0)
    votes = {}
    for task in ("spam", "tone"):
        targets = data.train.targets[task][:, 0]
        yes = np.where(np.nan_to_num(targets) > 0, 3, 0)
        divided = rng.random(len(yes)) < 0.34
        yes = np.where(divided, np.where(yes == 3, 2, 1), yes)
        counts = np.stack([3 - yes, yes], axis=1).astype(np.int32)
        counts[np.isnan(targets)] = 0
        votes[task] = counts
    return replace(data, train=replace(data.train, votes=votes))


DATA = voted()
STORES = make_stores(DATA)


def test_difficulty_is_the_mean_disagreement_of_a_rows_tasks():
    table = DATA.train
    votes = {"spam": np.zeros((len(table), 2), int), "urgent": np.zeros((len(table), 2), int)}
    both = np.flatnonzero(table.present("spam") & table.present("urgent"))
    spam = np.flatnonzero(table.present("spam") & ~table.present("urgent"))
    votes["spam"][both[0]], votes["urgent"][both[0]] = (3, 0), (1, 2)
    votes["spam"][both[1]] = (2, 2)
    # Votes without a label count for nothing.
    votes["urgent"][spam[0]] = (1, 1)
    data = replace(DATA, train=replace(table, votes=votes))
    found = difficulty(data)
    assert found[both[0]] == pytest.approx((0 + 1 / 3) / 2)
    assert found[both[1]] == pytest.approx(0.5)
    assert found[spam[0]] == 0
    assert np.count_nonzero(found) == 2


@pytest.mark.parametrize(
    ("pace", "expected"),
    [
        ("linear", [0.4, 0.7, 1.0, 1.0, 1.0]),
        ("root", [0.4, np.sqrt(0.16 + 0.84 / 2), 1.0, 1.0, 1.0]),
        ("step", [0.4, 0.4, 1.0, 1.0, 1.0]),
    ],
)
def test_the_pace_worked_out_by_hand(pace, expected):
    curriculum = Curriculum(DATA, CurriculumOptions(start=0.4, until=0.5, pace=pace), 5)
    assert [curriculum.competence(epoch) for epoch in range(5)] == pytest.approx(expected)


@pytest.mark.parametrize("until", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("epochs", [2, 3, 10])
def test_the_last_epoch_draws_from_all_rows_and_the_first_from_few(epochs, until):
    curriculum = Curriculum(DATA, CurriculumOptions(start=0.1, until=until), epochs)
    assert curriculum.competence(0) == pytest.approx(0.1)
    assert curriculum.competence(epochs - 1) == 1.0
    assert curriculum.admitted(epochs - 1).all()


def test_all_unanimous_rows_come_together_and_first():
    curriculum = Curriculum(DATA, CurriculumOptions(start=0.2, until=1.0), 4)
    admitted = [curriculum.admitted(epoch) for epoch in range(4)]
    assert (admitted[0] == (curriculum.difficulty == 0)).all()
    assert 0.4 < admitted[0].mean() < 1.0
    for before, after in itertools.pairwise(admitted):
        assert (after >= before).all()


def _plans(*tasks, **keys):
    keys = {"epochs": 4, "batch_tokens": 128, "data": DATA, "stores": STORES} | keys
    return batch_plan(make_job(*tasks, **keys))[1]


def test_an_epoch_draws_from_admitted_rows_alone_and_as_many_as_ever():
    options = CurriculumOptions(start=0.2, until=1.0)
    plan, plain = _plans(curriculum=options), _plans()
    rows = [np.concatenate(plan.epoch(epoch)) for epoch in range(4)]
    hard = difficulty(DATA) > 0
    assert not hard[rows[0]].any()
    assert hard[rows[-1]].any()
    sources = DATA.train.sources
    for epoch, drawn in enumerate(rows):
        assert np.bincount(sources[drawn]).tolist() == np.bincount(sources).tolist(), epoch
    # Where all rows are drawn from, the batches are those of training without a curriculum.
    assert [b.tolist() for b in plan.epoch(3)] == [b.tolist() for b in plain.epoch(3)]
    assert [b.tolist() for b in plan.epoch(0)] != [b.tolist() for b in plain.epoch(0)]


@pytest.mark.parametrize("sampling", ["proportional", "equal"])
def test_a_single_task_walks_through_the_same_batches(sampling):
    """`topic` has no votes of its own: rows are as difficult as the study's other tasks say."""
    keys = {"curriculum": {"start": 0.3}, "sampling": sampling}
    shared = _plans(*TASKS, **keys)
    for task in ("spam", "topic"):
        single = _plans(task, **keys)
        own = single.own
        for epoch in range(4):
            expected = [b[own[b]].tolist() for b in shared.epoch(epoch) if own[b].any()]
            assert [b.tolist() for b in single.epoch(epoch)] == expected


def test_the_plan_follows_from_seed_and_epoch_alone():
    keys = {"curriculum": {}, "seed": 3}
    one, other = _plans(**keys), _plans(**keys)
    other.epoch(2)
    assert [b.tolist() for b in one.epoch(1)] == [b.tolist() for b in other.epoch(1)]
    assert [b.tolist() for b in _plans(curriculum={}, seed=4).epoch(1)] != [b.tolist() for b in one.epoch(1)]


def test_without_votes_nothing_is_difficult(tmp_path):
    data = make_data()
    plain = Trainer(make_job(data=data), tmp_path / "plain").plan
    trainer = Trainer(make_job(data=data, curriculum={}), tmp_path / "curriculum")
    assert [b.tolist() for b in trainer.plan.epoch(0)] == [b.tolist() for b in plain.epoch(0)]


def test_one_epoch_is_too_few():
    with pytest.raises(ValueError, match="two epochs or more"):
        TrainingOptions(epochs=1, curriculum={})
