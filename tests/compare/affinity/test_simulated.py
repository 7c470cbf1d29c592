"""Tasks of known structure: their groups are found and beat sharing among all; on a control they don't."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from compare.affinity.simulated import GROUPS, TASKS, make_data, make_job
from sharewise.stats.association import association, groups_by_association
from sharewise.stats.partition import best_partition
from sharewise.train import Trainer
from sharewise.train.lookahead import Lookahead, lookahead_affinity, mean_cosine

SEEDS = (1, 2, 3)
NUMBERS = {frozenset(TASKS.index(task) for task in group) for group in GROUPS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("simulated")


@cache
def trained(folder: Path, control: bool, seed: int, sharing: str):
    """The mean test macro-F1 of a run, and what it was looked at with."""
    own = folder / f"{control}-{seed}-{sharing}"
    looks = Lookahead(own / "lookahead.jsonl", every=10)
    keys = {} if sharing == "hard" else {"groups": dict(zip("ab", GROUPS, strict=True))}
    job = make_job(control=control, seed=seed, sharing=sharing, **keys)
    trainer = Trainer(job, own, before_update=looks if sharing == "hard" else None)
    scores = trainer.run().scores["test"]
    f1 = [job.tasks[t].metrics(s.targets, s.scores)["macro_f1"] for t, s in scores.items()]
    return float(np.mean(f1)), [looks.looked[step] for step in sorted(looks.looked)]


def groups_of(matrix):
    return {frozenset(group) for group in best_partition(matrix, 2).groups}


def gains(folder, control, sharing="group_encoders"):
    """What sharing in groups has over sharing among all, a seed each."""
    return np.array(
        [trained(folder, control, s, sharing)[0] - trained(folder, control, s, "hard")[0] for s in SEEDS]
    )


def test_labels_tell_the_groups():
    for control, expected in ((False, GROUPS), (True, (TASKS,))):
        targets = {task: make_data(control=control).train.targets[task] for task in TASKS}
        assert groups_by_association(association(targets, TASKS)) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_affinity_finds_the_groups_in_every_run(folder, seed):
    _, looked = trained(folder, False, seed, "hard")
    affinity, cosine = lookahead_affinity(looked), mean_cosine(looked)
    assert groups_of(affinity) == groups_of(cosine) == NUMBERS
    inside = np.array([[any({i, j} <= group for group in NUMBERS) for j in range(6)] for i in range(6)])
    apart = ~np.eye(6, dtype=bool)
    assert affinity[inside & apart].min() > 0 > affinity[~inside].max(), "they help inside and hurt across"


def test_sharing_in_the_groups_beats_sharing_among_all(folder):
    assert gains(folder, False).min() > 0.05


def test_on_the_control_all_help_each_other_and_groups_do_not_help(folder):
    for seed in SEEDS:
        affinity = lookahead_affinity(trained(folder, True, seed, "hard")[1])
        across = [affinity[i, j] for i in range(6) for j in range(6) if i % 2 != j % 2]
        assert np.mean(across) > 0, "between the groups of the other data"
    assert gains(folder, True).max() < 0.0
