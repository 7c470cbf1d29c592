"""From a study to its arms and runs."""

from __future__ import annotations

from typing import Any

import pytest

from sharewise.compare import plan_arms, plan_runs
from sharewise.study import Study
from tiny_study import keys_with


def study(**changes: Any) -> Study:
    return Study(**keys_with(changes))


def baselines(**arms: Any) -> dict[str, str | None]:
    return {arm.name: arm.baseline for arm in plan_arms(study(arms=arms))}


def test_single_is_always_there_and_first() -> None:
    assert baselines() == {"single": None}
    assert baselines(hard={}) == {"single": None, "hard": "single"}


@pytest.mark.parametrize(
    "overrides",
    [
        {"training": {"learning_rate": 1e-4}},
        {"training": {"epochs": 2}},
        {"training": {"select": "loss"}},
        {"training": {"stop": "never"}},
        {"training": {"stop": "per_task", "patience": 1}},
        {"encoder": {"pooling": "cls"}},
        {"encoder": {"scratch": {"layers": 2, "width": 16, "vocabulary": 300}}},
    ],
)
def test_overrides_that_change_single_runs_bring_a_baseline_of_their_own(overrides: dict[str, Any]) -> None:
    assert baselines(big=overrides) == {"single": None, "single[big]": None, "big": "single[big]"}


@pytest.mark.parametrize(
    "overrides",
    [
        {"sharing": "hard"},
        {"tasks": {"polite": {"weight": 3.0}}},
        {"training": {"learning_rate": 0.01}},  # The study's own.
        {"training": {"select": "per_task"}},
        {"training": {"select": "worst", "stop": "per_task", "patience": 3}},
    ],
)
def test_overrides_that_change_no_single_run_share_the_baseline(overrides: dict[str, Any]) -> None:
    assert baselines(other=overrides) == {"single": None, "other": "single"}


def test_arms_with_the_same_overrides_share_one_baseline() -> None:
    slow = {"training": {"learning_rate": 1e-4}}
    weighted = slow | {"tasks": {"polite": {"weight": 3.0}}}
    assert baselines(a=slow, b=weighted) == {
        "single": None,
        "single[a]": None,
        "a": "single[a]",
        "b": "single[a]",
    }


def test_a_named_baseline_needs_no_single_runs_of_its_own() -> None:
    arms = {"a": {}, "b": {"baseline": "a", "training": {"epochs": 2}}}
    assert baselines(**arms) == {"single": None, "a": "single", "b": "a"}


def test_a_named_baseline_may_be_single_itself() -> None:
    assert baselines(b={"baseline": "single", "training": {"epochs": 2}}) == {"single": None, "b": "single"}


def test_a_baseline_carries_its_arms_keys() -> None:
    arms = {arm.name: arm for arm in plan_arms(study(arms={"big": {"training": {"epochs": 2}}}))}
    assert arms["single[big]"].resolved.training.epochs == 2
    assert arms["single"].resolved.training.epochs == 1
    assert [arm.one_model for arm in arms.values()] == [False, False, True]


def test_seeds_are_outermost_and_every_run_has_its_label() -> None:
    planned = plan_runs(study(seeds=[7, 4], arms={"hard": {}, "big": {"training": {"epochs": 2}}}))
    single = [f"single {task}" for task in ("polite", "loud", "topic", "good")]
    baseline = [f"single[big] {task}" for task in ("polite", "loud", "topic", "good")]
    names = [*single, "hard", *baseline, "big"]
    assert [run.label for run in planned] == [f"{name}, seed {seed}" for seed in (7, 4) for name in names]


def test_runs_name_their_tasks_and_weights() -> None:
    weighted = {"tasks": {"loud": {"weight": 0.5}}}
    planned = {run.label: run for run in plan_runs(study(seeds=[1], arms={"weighted": weighted}))}
    shared = planned["weighted, seed 1"]
    assert (shared.task, shared.tasks) == ("all", ("polite", "loud", "topic", "good"))
    assert shared.weights == {"polite": 1.0, "loud": 0.5, "topic": 1.0, "good": 1.0}
    alone = planned["single loud, seed 1"]
    assert (alone.task, alone.tasks, alone.weights) == ("loud", ("loud",), {"loud": 1.0})


def test_a_lone_tasks_weight_is_one_whatever_the_study_says() -> None:
    keys = keys_with()
    keys["tasks"]["loud"]["weight"] = 4.0
    planned = {run.label: run for run in plan_runs(Study(**keys))}
    assert planned["single loud, seed 1"].weights == {"loud": 1.0}
    assert planned["hard, seed 1"].weights["loud"] == 4.0
