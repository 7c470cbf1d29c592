"""Searches in the study file: what can be searched, whole numbers, names of what is found, mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sharewise.study import Study, search_mistakes, study_schema
from sharewise.study.searching import contestants, found_name, whole_keys
from study.studies import refusal
from tiny_study import keys_with

RATE = {"training.learning_rate": {"low": 1e-5, "high": 0.01, "log": True}}


def _study(over: Any, **keys: Any) -> dict[str, Any]:
    return keys_with({"search": {"hard": {"over": over} | keys}})


def test_what_takes_whole_numbers_is_known() -> None:
    whole = whole_keys()
    assert {"training.epochs", "training.patience", "hidden", "rank", "encoder.scratch.width"} <= whole
    assert not whole & {"training.learning_rate", "training.weight_decay", "strength", "training.warmup"}


def test_equal_weights_and_the_baseline_are_searched_too() -> None:
    over = RATE | {"head": ["linear", "mlp"], "weights.loud": {"low": 0.1, "high": 9}}
    study = Study(**_study(over, trials=7))
    found = {c.role: c for c in contestants("hard", {}, study.search["hard"], study.tasks)}
    assert {role: set(c.axes) for role, c in found.items()} == {
        "arm": set(over),
        "equal": {"training.learning_rate", "head"},
        "baseline": {"training.learning_rate"},
    }
    assert {c.trials for c in found.values()} == {7}
    values = {"training.learning_rate": 0.001, "weights.loud": 2.0}
    keys = found["arm"].with_trial(values)
    assert keys == {"training": {"learning_rate": 0.001}, "tasks": {"loud": {"weight": 2.0}}}
    assert found_name(found["arm"], values) == "hard[learning_rate=0.001,loud=2]"
    assert found_name(found["equal"], {"head": "mlp"}) == "hard[equal,head=mlp]"
    assert found_name(found["baseline"], values) is None


def test_an_arm_with_a_baseline_of_its_own_is_searched_alone() -> None:
    arms = {"hard": {}, "mlp": {"head": "mlp", "baseline": "hard"}}
    study = Study(**keys_with({"arms": arms, "search": {"mlp": {"over": RATE}}}))
    assert [c.role for c in study.contestants] == ["arm"]


@pytest.mark.parametrize(
    ("search", "place", "problem"),
    [
        ({"hrad": {"over": RATE}}, "search.hrad", "did you mean `hard`?"),
        ({"single": {"over": RATE}}, "search.single", "is searched together with each arm"),
        (
            {"hard": {"over": {"learning_rate": [1]}}},
            "search.hard.over.learning_rate",
            "training.learning_rate",
        ),
        ({"hard": {"over": {"hidden": [64]}}}, "search.hard.over.hidden[0]", "this key belongs to"),
        ({"hard": {"over": {"head": ["mpl"]}}}, "search.hard.over.head[0]", "did you mean `mlp`?"),
        ({"hard": {"over": {"head": {"low": 1, "high": 2}}}}, "search.hard.over.head.low", "linear or mlp"),
        (
            {"hard": {"over": {"training.epochs": {"low": 1.5, "high": 3}}}},
            "search.hard.over.training.epochs.low",
            "is not a whole number",
        ),
        (
            {"hard": {"over": {"training.learning_rate": {"low": 1e-5, "high": 2}}}},
            "search.hard.over.training.learning_rate.high",
            "2 is not a number over 0 and under 1",
        ),
        (
            {"hard": {"over": {"training.warmup": {"low": 0, "high": 0.5, "log": True}}}},
            "search.hard.over.training.warmup.low",
            "has no logarithm",
        ),
        (
            {"hard": {"over": {"training.warmup": {"low": 0.5, "high": 0.1}}}},
            "search.hard.over.training.warmup.high",
            "is not over `low`",
        ),
        (
            {"hard": {"over": {"weights.lod": {"low": 0, "high": 1}}}},
            "search.hard.over.weights.lod",
            "did you mean `loud`?",
        ),
        (
            {"hard": {"over": {"weights.loud": {"low": -1, "high": 1}}}},
            "search.hard.over.weights.loud.low",
            "-1 is not a number of 0 or more",
        ),
        ({"hard": {"over": RATE, "trials": 1}}, "search.hard.trials", "1 is not a whole number from 2"),
        ({"hard": {"over": RATE, "pruner": "medain"}}, "search.hard.pruner", "did you mean `median`?"),
        ({"hard": {"over": {}}}, "search.hard.over", ""),
        ({"hard": {"trials": 3}}, "search.hard", "`over` is missing"),
    ],
)
def test_mistakes_are_answered_with_line_and_key(
    tmp_path: Path, search: dict[str, Any], place: str, problem: str
) -> None:
    message = refusal(tmp_path, keys_with({"search": search}))
    assert place in message, message
    assert problem in message, message


def test_an_arm_is_swept_or_searched(tmp_path: Path) -> None:
    both = {"search": {"hard": {"over": RATE}}, "sweep": {"hard": {"head": ["mlp"]}}}
    assert "search.hard: this arm is swept too" in refusal(tmp_path, keys_with(both))


def test_a_searched_arm_is_no_baseline(tmp_path: Path) -> None:
    arms = {"hard": {}, "other": {"baseline": "hard"}}
    message = refusal(tmp_path, keys_with({"arms": arms, "search": {"hard": {"over": RATE}}}))
    assert "arms.other.baseline: `hard` is searched" in message


def test_without_optuna_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_mistakes, "PACKAGES", {"no_such_package": "tuning"})
    message = refusal(tmp_path, _study(RATE))
    assert "`search` needs the package no_such_package" in message
    assert "pip install 'sharewise[tuning]'" in message


def test_the_json_schema_knows_searches() -> None:
    validator = jsonschema.Draft202012Validator(study_schema())
    assert validator.is_valid(_study(RATE | {"head": ["linear"]}, trials=4, pruner="none"))
    for wrong in ({}, {"head": 3}, {"training.learning_rate": {"low": 1}}):
        assert not validator.is_valid(_study(wrong)), wrong
