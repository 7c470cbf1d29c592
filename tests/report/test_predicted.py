"""The prediction beside the verdicts."""

from __future__ import annotations

import pytest

from report.fixtures import dialogue_results
from sharewise.compare.prediction import Prediction, TaskPrediction, read_prediction
from sharewise.report.predicted import expected, predicted


def prediction(tasks, losses, arms=("grouped",)):
    return Prediction(
        measure="lookahead",
        groups={"all": tuple(tasks)},
        arms=arms,
        held_out=0.1,
        seeds=[1],
        tasks={
            task: TaskPrediction(
                group="all",
                affinity_group=0.02,
                affinity_all=None,
                loss_alone=losses[0],
                loss_group=losses[1],
                loss_all=losses[2],
            )
            for task in tasks
        },
    )


@pytest.fixture(scope="module")
def results():
    return dialogue_results(arms=("single", "hard", "grouped"), seeds=(1, 2, 3), epochs=1)


def shown(results, **changes):
    verdicts = [v.model_copy(update=changes) for v in results.verdicts]
    told = results.model_copy(
        update={"verdicts": verdicts, "prediction": prediction(results.tasks, (0.5, 0.4, 0.8))}
    )
    return predicted(told).blocks


def test_nothing_is_shown_where_nothing_was_predicted(results):
    assert predicted(results) is None


def test_each_task_has_its_prediction_and_its_verdict_in_one_row(results):
    paragraph, table = shown(results)
    assert len(table.rows) == len(results.tasks)
    for row, (name, verdict) in zip(
        table.rows, {v.task: v for v in results.verdicts if v.arm == "grouped"}.items(), strict=True
    ):
        texts = [cell.text for cell in row]
        assert texts[:5] == [name, "all", "0.0200", "–", "+20.0 %"]
        assert texts[6] == verdict.verdict
    assert paragraph.text.startswith("grouped against single: ")


def test_against_one_model_of_all_the_saving_is_over_that(results):
    (_, table) = shown(results, baseline="hard")
    assert {row[4].text for row in table.rows} == {"+50.0 %"}
    assert "one model of all" in table.note
    (task,) = prediction(["t"], (0.5, 0.6, 0.3)).tasks.values()
    assert expected(task, "single") == pytest.approx(-0.2)
    assert expected(task, "hard") == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"difference": 0.02, "verdict": "helps"},
            "of 9 of 9 measured differences, and of 9 of the 9 that are",
        ),
        (
            {"difference": -0.02, "verdict": "hurts"},
            "of 0 of 9 measured differences, and of 0 of the 9 that are",
        ),
        ({"difference": 0.02, "verdict": "inconclusive"}, "neither bear the prediction out nor refute it"),
        ({"difference": None, "interval": None}, "nothing was predicted that a measured difference"),
    ],
)
def test_how_far_they_agree_is_said_of_what_is_known(results, changes, words):
    assert words in shown(results, **changes)[0].text


def test_a_task_alone_in_its_group_counts_for_nothing(results):
    same = results.model_copy(update={"prediction": prediction(results.tasks, (0.5, 0.5, 0.8))})
    assert "nothing was predicted" in predicted(same).blocks[0].text


def test_only_arms_of_these_very_groups_are_judged_by_it(tmp_path):
    found = prediction(["a", "b"], (1.0, 1.0, 1.0), arms=())
    (tmp_path / "affinity.json").write_text(f'{{"prediction": {found.model_dump_json()}}}', encoding="utf-8")
    same, other = {"x": ("b", "a")}, {"x": ("a",), "y": ("b",)}
    assert read_prediction(tmp_path, {"one": same, "two": other, "hard": {}}).arms == ("one",)
    assert read_prediction(tmp_path, {"two": other}) is None
    (tmp_path / "affinity.json").write_text('{"prediction": 3}', encoding="utf-8")
    assert read_prediction(tmp_path, {"one": same}) is None
    assert read_prediction(tmp_path / "nowhere", {"one": same}) is None
