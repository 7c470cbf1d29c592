"""Arms of several ways to share and to weigh, from the study file to the report."""

from __future__ import annotations

import pytest

from sharewise.compare import compare, plan_arms, plan_runs
from sharewise.models.saved import load_models
from sharewise.report import write_reports
from sharewise.study import Study, load_study
from tiny_study import Spy, keys_with, write_study

ARMS = {
    "grouped": {"sharing": "grouped", "hidden": 8},
    "pairs": {"sharing": "interaction", "scope": "pairs", "hidden": 8},
    "uncertainty": {"weighting": "uncertainty"},
    "upgrad": {"weighting": {"method": "upgrad", "on": "representation"}},
}


@pytest.fixture(scope="module")
def ways(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ways")
    file = write_study(folder, {"arms": ARMS, "seeds": [1], "keep": "all"})
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        return file, folder / "runs", compare(load_study(file), runs=folder / "runs", workers=1)


def test_single_is_always_plain():
    keys = {"sharing": "soft", "weighting": "famo", "training": {"epochs": 2}}
    planned = {a.name: a for a in plan_arms(Study(**keys_with({"arms": {"x": keys}})))}
    alone = planned["single[x]"].resolved
    assert (alone.sharing, alone.weighting, alone.training.epochs) == ("hard", "static", 2)
    assert planned["x"].baseline == "single[x]"
    assert {
        run.resolved.sharing for run in plan_runs(Study(**keys_with({"arms": {"x": {"head": "mlp"}}})))
    } == {"hard"}


def test_a_way_to_share_or_weigh_needs_no_single_runs_of_its_own():
    same = {
        "a": {"sharing": "mmoe"},
        "b": {"head": "mlp"},
        "c": {"weighting": "pcgrad"},
        "d": {"weighting": "random"},
    }
    arms = plan_arms(Study(**keys_with({"arms": same})))
    assert [a.name for a in arms if not a.one_model] == ["single"]


def test_batches_that_hold_every_task_bring_a_baseline_of_the_same_batches():
    """Only where the tasks come from several data sets."""
    arms = {"u": {"weighting": "uncertainty"}, "d": {"weighting": "dwa"}}
    planned = {a.name: a for a in plan_arms(Study(**keys_with({"arms": arms})))}
    assert {name: a.baseline for name, a in planned.items() if a.one_model} == {
        "u": "single[u]",
        "d": "single[u]",
    }
    assert planned["single[u]"].resolved.every_task
    together = keys_with({"arms": arms, "data.reviews": None, "tasks.good": None})
    assert [a.name for a in plan_arms(Study(**together)) if not a.one_model] == ["single"]


def test_results_say_what_each_arm_was(ways):
    _, _, results = ways
    arms = results.arms
    assert arms["uncertainty"].weighting == "uncertainty"
    assert arms["single[uncertainty]"].weighting == arms["single"].weighting == "static"
    # Twenty-seven rows hold both labels of a pair, which is too few to know anything of it.
    assert sorted(t for group in arms["grouped"].groups.values() for t in group) == sorted(results.tasks)
    assert arms["pairs"].groups == {}
    assert arms["pairs"].parameters - arms["upgrad"].parameters > 0
    assert arms["upgrad"].flops < arms["pairs"].flops < arms["single"].flops
    assert arms["single"].trained == arms["single"].parameters
    for name in ("uncertainty", "upgrad"):
        (run,) = [r for r in results.runs if r.arm == name]
        assert set(run.history[-1].weights) == set(results.tasks)
    updates = arms["uncertainty"].updates
    assert len(set(updates.values())) == 1
    assert updates == arms["single[uncertainty]"].updates


def test_nothing_is_trained_twice(ways):
    file, runs, results = ways
    spy = Spy()
    again = compare(load_study(file), runs=runs, observer=spy, workers=1)
    assert spy.made == []
    assert again.verdicts == results.verdicts


def test_every_kept_model_loads(ways):
    _, runs, results = ways
    for run in results.runs:
        (model,) = load_models(runs / results.study / run.folder / "model")
        assert model.manifest.sharing == (ARMS.get(run.arm, {}).get("sharing") or "hard")


def test_the_report_shows_groups_and_costs(ways):
    _, runs, results = ways
    write_reports(results, runs / results.study)
    text = (runs / results.study / "report.md").read_text(encoding="utf-8")
    assert "Groups of tasks" in text
    assert "hard, uncertainty" in text
    assert "FLOPs/text" in text
