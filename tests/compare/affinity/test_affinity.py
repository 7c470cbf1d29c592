"""Affinity of a whole study: measured once, divided into groups, written as an arm, verified by training."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from sharewise.compare import compare
from sharewise.compare.affinity import Affinity, MeasureOptions, affinity_arm, measure_affinity
from sharewise.compare.affinity.analysing import SHARED_IN_GROUPS
from sharewise.compare.affinity.dividing import group_name, most_groups
from sharewise.errors import RunError, UserError
from sharewise.report import write_reports
from sharewise.report.affinity import write_affinity
from sharewise.study import load_study
from sharewise.study.writing import write_arm
from sharewise.train import loop
from tiny_study import Spy, read_rows, write_rows, write_study

FINE = MeasureOptions(every=1, cells=8)
TASKS = ["polite", "loud", "topic", "good"]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("affinity")
    file = write_study(folder)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        return file, measure_affinity(load_study(file), runs=folder / "runs", seeds=[1, 2], options=FINE)


def test_everything_is_measured_of_every_two_tasks(found):
    _, affinity = found
    assert affinity.tasks == TASKS
    for matrix in (affinity.lookahead, affinity.cosine, affinity.estimate):
        assert np.array(matrix, dtype=float).shape == (4, 4)
        assert not any(value is None for row in matrix for value in row)
    # The labels of different data sets share no row.
    assert affinity.association[0][3] is None
    assert len(affinity.subsets) == 15
    assert {d.measure for d in affinity.divisions} == {"lookahead", "estimate", "cosine", "association"}
    for division in affinity.divisions:
        assert sorted(task for group in division.groups.values() for task in group) == sorted(TASKS)
    assert affinity.divisions[0].exact
    assert affinity.divisions[0].held_out is not None
    assert len(affinity.groups) <= affinity.most == 2


def test_what_is_promised_is_what_was_estimated(found):
    _, affinity = found
    losses = {subset.tasks: subset.losses for subset in affinity.subsets}
    for task, promised in affinity.prediction.tasks.items():
        group = tuple(t for t in TASKS if t in affinity.groups[promised.group])
        assert promised.loss_alone == losses[task,][task]
        assert promised.loss_group == losses[group][task]
        assert promised.loss_all == losses[tuple(TASKS)][task]


def test_the_file_holds_all_of_it(found):
    file, affinity = found
    written = (file.parent / "runs" / "tiny" / "affinity.json").read_text(encoding="utf-8")
    assert Affinity.model_validate_json(written) == affinity
    assert json.loads(written)["schema"] == 1


def test_nothing_is_measured_twice(found, one_thread, tmp_path):
    file, affinity = found
    shutil.copytree(file.parent, tmp_path / "copy")
    study, spy = load_study(tmp_path / "copy" / file.name), Spy()
    again = measure_affinity(study, runs=tmp_path / "copy" / "runs", seeds=[1, 2], options=FINE, observer=spy)
    assert (spy.made, spy.cached) == ([], ["affinity, seed 1", "affinity, seed 2"])
    assert again == affinity
    other = measure_affinity(study, runs=tmp_path / "copy" / "runs", by="cosine", groups=4, options=FINE)
    assert other.divisions[0].measure == other.prediction.measure == "cosine"
    assert other.seeds == [1]


def test_a_run_that_was_stopped_goes_on_to_the_same_numbers(found, one_thread, tmp_path):
    file, affinity = found

    class Stop(Spy):
        def on_run(self, spec, **keys):
            told = super().on_run(spec, **keys)
            told.on_evaluation = _stop
            return told

    def _stop(record):
        raise KeyboardInterrupt

    study = load_study(file)
    with pytest.raises(KeyboardInterrupt):
        measure_affinity(study, runs=tmp_path, seeds=[1, 2], options=FINE, observer=Stop())
    assert not (tmp_path / "tiny" / "affinity.json").exists()
    again = measure_affinity(study, runs=tmp_path, seeds=[1, 2], options=FINE)
    assert again == affinity


@pytest.mark.parametrize("sharing", SHARED_IN_GROUPS)
def test_the_groups_become_an_arm(found, sharing, tmp_path):
    _, affinity = found
    file = write_study(tmp_path)
    write_arm(file, "by_affinity", affinity_arm(affinity, sharing))
    arm = load_study(file).arms["by_affinity"]
    assert arm.sharing == sharing
    assert {n: tuple(g) for n, g in arm.groups.items()} == affinity.groups


def test_training_verifies_the_prediction_beside_the_verdict(found, one_thread, tmp_path):
    file, affinity = found
    shutil.copytree(file.parent, tmp_path / "copy")
    file, runs = tmp_path / "copy" / file.name, tmp_path / "copy" / "runs"
    plain = compare(load_study(file), runs=runs, workers=1)
    assert plain.prediction is None, "no arm has these groups"
    write_arm(file, "by_affinity", affinity_arm(affinity))
    write_arm(file, "against_hard", affinity_arm(affinity, "grouped") | {"baseline": "hard"})
    results = compare(load_study(file), runs=runs, workers=1)
    assert results.prediction.arms == ("by_affinity", "against_hard")
    assert results.prediction.tasks == affinity.prediction.tasks
    written = write_reports(results, runs / "tiny")
    text = written["markdown"].read_text(encoding="utf-8")
    assert "## Predicted and measured" in text
    assert "by_affinity: predicted by lookahead, and measured" in text
    assert "of the estimated validation loss against one model of all" in text
    assert "Predicted and measured" in written["html"].read_text(encoding="utf-8")


def test_the_page_shows_heat_maps(found, tmp_path):
    _, affinity = found
    html = write_affinity(affinity, tmp_path).read_text(encoding="utf-8")
    assert html.count("<svg") == 8
    assert "from affinity.json" in html
    assert "http://" not in html.replace("http://www.w3.org", "")


def test_all_in_one_group_is_no_arm(found):
    _, affinity = found
    one = affinity.divisions[0].model_copy(update={"groups": {"all": tuple(TASKS)}})
    with pytest.raises(UserError, match="all tasks together is the best division"):
        affinity_arm(affinity.model_copy(update={"divisions": [one]}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tasks.loud": None, "tasks.topic": None, "tasks.good": None, "data.reviews": None}, "has one"),
        ({"backend": "text2text", "arms": {"hard": {}}}, "this study's backend writes text"),
        ({"training.optimizer": "adafactor"}, "looks ahead by AdamW's steps"),
    ],
)
def test_what_it_cannot_look_at_is_refused(tmp_path, changes, message):
    study = load_study(write_study(tmp_path, changes))
    with pytest.raises(UserError, match=message):
        measure_affinity(study, runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_task_without_labels_in_a_split_is_refused(tmp_path):
    file = write_study(tmp_path)
    rows = read_rows(tmp_path / "valid.csv")
    write_rows(tmp_path / "valid.csv", [row | {"loud": ""} for row in rows])
    with pytest.raises(UserError, match=r"tasks\.loud.*validation|loud"):
        measure_affinity(load_study(file), runs=tmp_path / "runs")


def test_the_test_split_is_not_scored(tmp_path, one_thread, monkeypatch):
    scored = []
    plain = loop.score_split

    def noting(*arguments, table, **keys):
        scored.append(table.split)
        return plain(*arguments, table=table, **keys)

    monkeypatch.setattr(loop, "score_split", noting)
    measure_affinity(load_study(write_study(tmp_path)), runs=tmp_path / "runs", options=FINE)
    assert set(scored) == {"validation"}


def test_a_run_that_is_too_short_says_so(tmp_path, one_thread):
    study = load_study(write_study(tmp_path))
    with pytest.raises(RunError, match="too short to look at every 500"):
        measure_affinity(study, runs=tmp_path / "runs", options=MeasureOptions(every=500, cells=8))


def test_one_group_at_most_is_refused(tmp_path):
    with pytest.raises(UserError, match="one group is all tasks"):
        measure_affinity(load_study(write_study(tmp_path)), runs=tmp_path / "runs", groups=1)


def test_how_many_groups_and_how_they_are_called():
    assert [most_groups(tasks) for tasks in (2, 3, 6, 9, 15)] == [2, 2, 2, 3, 5]
    assert group_name(["a", "b"]) == "a+b"
    assert group_name([f"quite_a_long_name_{i}" for i in range(5)]) == "quite_a_long_name_0+4"
