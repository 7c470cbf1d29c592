"""Sweeps in the study file: settings as arms, and every mistake in them at its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sharewise.study import Study, study_schema
from sharewise.study.sweeping import settings_of
from study.studies import refusal
from tiny_study import keys_with

TASKS = ("polite", "loud", "topic", "good")
HALVES = dict.fromkeys(TASKS, 0.5)


def swept(sweep: dict[str, Any], **changes: Any) -> Study:
    return Study(**keys_with({"sweep": sweep, **changes}))


def test_a_study_without_a_sweep_has_its_arms() -> None:
    study = Study(**keys_with({}))
    assert study.compared_arms == study.arms
    assert study.settings == {}


def test_weights_make_an_arm_each_and_equal_ones_are_added() -> None:
    study = swept({"hard": {"weights": [{"polite": 0.2, "loud": 0.8}]}})
    assert list(study.compared_arms) == ["hard[polite=0.2,loud=0.8]", "hard[equal]"]
    assert [s.added for s in study.settings.values()] == [False, True]
    first, equal = (study.resolve(name).tasks for name in study.compared_arms)
    assert {t: first[t].weight for t in TASKS} == {"polite": 0.2, "loud": 0.8, "topic": 1.0, "good": 1.0}
    assert {t: equal[t].weight for t in TASKS} == dict.fromkeys(TASKS, 1.0)


def test_equal_weights_are_not_added_where_they_are_in_whatever_proportion() -> None:
    study = swept({"hard": {"weights": [HALVES, {**HALVES, "loud": 2.0}]}})
    assert not any(s.added for s in study.settings.values())
    # What a setting leaves out is the arm's own weight, so these are equal too.
    arms = {"hard": {"tasks": {"loud": {"weight": 3.0}}}}
    assert len(swept({"hard": {"weights": [{"loud": 1.0}]}}, arms=arms).settings) == 1


def test_several_keys_make_a_grid_in_which_the_last_changes_fastest() -> None:
    study = swept({"hard": {"training.learning_rate": [1e-4, 3e-4], "head": ["linear", "mlp"]}})
    assert list(study.settings) == [
        "hard[learning_rate=0.0001,head=linear]",
        "hard[learning_rate=0.0001,head=mlp]",
        "hard[learning_rate=0.0003,head=linear]",
        "hard[learning_rate=0.0003,head=mlp]",
    ]
    last = study.resolve("hard[learning_rate=0.0003,head=mlp]")
    assert (last.training.learning_rate, last.sharing_options.model_dump()["head"]) == (3e-4, "mlp")


def test_equal_weights_are_tuned_as_the_others_are() -> None:
    study = swept({"hard": {"weights": [{"loud": 2.0}], "training.learning_rate": [1e-4, 3e-4]}})
    assert [name for name, s in study.settings.items() if s.added] == [
        "hard[equal,learning_rate=0.0001]",
        "hard[equal,learning_rate=0.0003]",
    ]


def test_an_arm_keeps_what_is_not_swept() -> None:
    arms = {
        "hard": {"training": {"epochs": 2}, "weighting": "famo", "tasks": {"loud": {"weight": 3.0}}},
        "mlp": {},
    }
    sweep = {
        "hard": {"training.learning_rate": [1e-4], "weighting.rate": [0.1], "encoder.scratch.width": [32]}
    }
    study = swept(sweep, arms=arms)
    name = "hard[learning_rate=0.0001,rate=0.1,width=32]"
    assert list(study.compared_arms) == [name, "mlp"]
    arm = study.resolve(name)
    assert (arm.training.epochs, arm.weighting, arm.tasks["loud"].weight) == (2, "famo", 3.0)
    assert arm.encoder.scratch is not None
    assert (arm.encoder.scratch.width, arm.encoder.scratch.layers) == (32, 1)
    assert arm.weighting_options.model_dump() == {"rate": 0.1}


@pytest.mark.parametrize(
    ("axes", "names"),
    [
        ({"encoder": ["klue/base", "klue/large"]}, ["encoder=klue_base", "encoder=klue_large"]),
        ({"encoder": ["a/b", "a_b"]}, ["encoder=1", "encoder=2"]),
        ({"groups": ["auto", {"a": ["x"]}]}, ["groups=1", "groups=2"]),
        ({"per_task": [True, False]}, ["per_task=true", "per_task=false"]),
        (
            {"training.learning_rate": [0.12345678, 0.12345679]},
            ["learning_rate=0.12345678", "learning_rate=0.12345679"],
        ),
        (
            {"encoder.dropout": [0], "encoder.scratch.dropout": [0.1]},
            ["encoder.dropout=0,encoder.scratch.dropout=0.1"],
        ),
        ({"weights": [{"질문" * 20: 1.0}]}, ["setting=1"]),
    ],
)
def test_names_are_readable_different_and_fit_for_folders(axes: dict[str, Any], names: list[str]) -> None:
    found = [s.name for s in settings_of("arm", {}, axes, {"x": 1.0})]
    assert found == [f"arm[{name}]" for name in names]
    assert not [name for name in found if re.search(r'[/\\:*?"<>|\s]', name)]


@pytest.mark.parametrize(
    ("sweep", "place", "problem"),
    [
        ({"hrad": {"head": ["mlp"]}}, "sweep.hrad", "there is no arm `hrad`; did you mean `hard`?"),
        ({"single": {"head": ["mlp"]}}, "sweep.single", "`single` is trained with the settings"),
        ({"hard": {}}, "sweep.hard", "is empty"),
        ({"hard": {"heda": [1]}}, "sweep.hard.heda", "did you mean `head`?"),
        (
            {"hard": {"learning_rate": [1]}},
            "sweep.hard.learning_rate",
            "did you mean `training.learning_rate`?",
        ),
        (
            {"hard": {"tasks.loud.weight": [1]}},
            "sweep.hard.tasks.loud.weight",
            "`weights: [{task: weight}, …]`",
        ),
        ({"hard": {"head": "mlp"}}, "sweep.hard.head", '"mlp" is not a list of values'),
        ({"hard": {"head": []}}, "sweep.hard.head", "an empty list"),
        ({"hard": {"head": ["mlp", "lin"]}}, "sweep.hard.head[1]", '"lin" is not linear or mlp'),
        ({"hard": {"head": ["mlp", "mlp"]}}, "sweep.hard.head[1]", "the same as value 1"),
        ({"hard": {"head": [None]}}, "sweep.hard.head[0]", "has no value"),
        (
            {"hard": {"training.epochs": [1, True]}},
            "sweep.hard.training.epochs[1]",
            "true is not a whole number",
        ),
        (
            {"hard": {"training.select": ["pearson"]}},
            "sweep.hard.training.select[0]",
            "no task of this study has",
        ),
        ({"hard": {"scope": ["all"]}}, "sweep.hard.scope[0]", "this key belongs to `sharing: interaction`"),
        ({"hard": {"weights": [{"luod": 1}]}}, "sweep.hard.weights[0].luod", "did you mean `loud`?"),
        (
            {"hard": {"weights": [{"loud": -1}]}},
            "sweep.hard.weights[0].loud",
            "-1 is not a number of 0 or more",
        ),
        ({"hard": {"weights": [2]}}, "sweep.hard.weights[0]", "2 is not a mapping of tasks to weights"),
        ({"hard": {"weights": [{"loud": 0}]}}, "sweep.hard.weights[0]", "no task has a weight over 0"),
        ({"hard": {"sharing": ["hard", "soft"], "head": ["mlp"]}}, "sweep.hard", "don't go together"),
        ({"hard": {"training.epochs": list(range(1, 202))}}, "sweep.hard", "at most 200 are tried"),
    ],
)
def test_a_mistake_is_answered_with_line_and_key(
    tmp_path: Path, sweep: dict[str, Any], place: str, problem: str
) -> None:
    message = refusal(tmp_path, keys_with({"sweep": sweep}))
    assert re.search(rf"line \d+, {re.escape(place)}: ", message), message
    assert problem in message


def test_with_one_task_weights_are_refused(tmp_path: Path) -> None:
    one = {"tasks": {"loud": keys_with()["tasks"]["loud"]}, "sweep": {"hard": {"weights": [{"loud": 1}]}}}
    assert "with one task a weight changes nothing" in refusal(tmp_path, keys_with(one))


def test_a_swept_arm_is_no_baseline(tmp_path: Path) -> None:
    arms = {"hard": {}, "other": {"baseline": "hard"}}
    message = refusal(tmp_path, keys_with({"arms": arms, "sweep": {"hard": {"head": ["mlp"]}}}))
    assert "arms.other.baseline: `hard` is swept" in message


def test_the_json_schema_knows_sweeps() -> None:
    validator = jsonschema.Draft202012Validator(study_schema())
    right = keys_with({"sweep": {"hard": {"weights": [{"loud": 1}], "training.epochs": [1, 2]}}})
    assert validator.is_valid(right)
    for wrong in ({"heda": [1]}, {"head": "mlp"}, {"head": []}, {"weights": [{"loud": "x"}]}, {}):
        assert not validator.is_valid(keys_with({"sweep": {"hard": wrong}})), wrong
