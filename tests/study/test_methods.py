"""Keys of sharing and weighting methods in an arm: each method's own, and no other's."""

from __future__ import annotations

import pytest

from sharewise.models.sharing import SHARINGS
from sharewise.study import methods
from study.studies import NAMED, changed, load, located, refusal

# Every task but two, whatever the studies hold.
REST = [task for task in NAMED["tasks"] if task not in ("polite", "topic")]


def with_arm(**keys):
    return changed(NAMED, ("arms", "hard"), keys)


def arm(tmp_path, **keys):
    return load(tmp_path, with_arm(**keys)).resolve("hard")


def test_four_lines_ask_the_open_question(tmp_path):
    text = {
        "hard": {"sharing": "hard"},
        "x": {"sharing": "interaction", "scope": "groups", "groups": "auto"},
        "all": {"sharing": "interaction", "scope": "all"},
        "y": {"sharing": "hard", "weighting": "uncertainty"},
    }
    study = load(tmp_path, changed(NAMED, ("arms",), text))
    assert (study.resolve("x").sharing, study.resolve("x").sharing_options.scope) == ("interaction", "groups")
    assert study.resolve("x").weighting == study.resolve("single").weighting == "static"
    assert study.resolve("y").weighting == "uncertainty"
    assert study.resolve("y").every_task
    assert study.resolve("single").sharing == "hard"


def test_keys_reach_their_method(tmp_path):
    options = arm(tmp_path, sharing="ple", experts=3, hidden=32, levels=2).sharing_options
    assert (options.experts, options.hidden, options.levels, options.task_experts) == (3, 32, 2, 2)
    keys = {"method": "cagrad", "on": "representation", "radius": 0.2}
    found = arm(tmp_path, weighting=keys)
    assert (found.weighting, found.weighting_options.on, found.weighting_options.radius) == (
        "cagrad",
        "representation",
        0.2,
    )


def test_named_groups(tmp_path):
    groups = {"one": ["polite", "topic"], "two": REST}
    found = arm(tmp_path, sharing="grouped", groups=groups).sharing_options.groups
    assert found == {"one": ("polite", "topic"), "two": tuple(REST)}


@pytest.mark.parametrize(
    ("keys", "at", "words"),
    [
        ({"sharing": "groupd"}, "sharing", "did you mean `grouped`?"),
        (
            {"sharing": "hard", "scope": "all"},
            "scope",
            "belongs to `sharing: interaction`, and this arm's is `hard`",
        ),
        (
            {"hidden": 8},
            "hidden",
            "belongs to `sharing: cross_stitch`, `sharing: grouped`, `sharing: interaction`, `sharing: mmoe` or",
        ),
        ({"sharing": "interaction", "scope": "group"}, "scope", "did you mean `groups`?"),
        ({"sharing": "interaction", "scop": "all"}, "scop", "did you mean `scope`?"),
        ({"sharing": "cross_stitch", "stitch": 1.5}, "stitch", "1.5 is not a number over 0 up to 1"),
        (
            {"sharing": "grouped", "groups": {"a": ["polite", "topic", *REST[1:]]}},
            "groups",
            f"no group holds `{REST[0]}`",
        ),
        (
            {"sharing": "grouped", "groups": {"a": ["polite", "topic"], "b": ["polite", *REST]}},
            "groups.b[0]",
            "`polite` is in group `a` already",
        ),
        (
            {"sharing": "grouped", "groups": {"a": ["polite", "topics", *REST]}},
            "groups.a[1]",
            "there is no task `topics`; did you mean `topic`?",
        ),
        ({"sharing": "grouped", "groups": {"a": []}}, "groups.a", "an empty list is not a list of texts"),
        ({"sharing": "grouped", "groups": "atuo"}, "groups", '"atuo" is not auto or a mapping'),
        ({"weighting": {"method": "uncertanty"}}, "weighting.method", "did you mean `uncertainty`?"),
        (
            {"weighting": {"method": "dwa", "radius": 0.5}},
            "weighting.radius",
            "belongs to the method `cagrad`",
        ),
        ({"weighting": {"method": "dwa", "temprature": 1}}, "weighting.temprature", "mean `temperature`?"),
        ({"weighting": 3}, "weighting", "3 is not a method or a mapping of method"),
        (
            {"weighting": "uncertainty", "training": {"stop": "per_task"}},
            "weighting",
            "needs every task in every step",
        ),
        (
            {"sharing": "soft", "weighting": {"method": "mgda", "on": "representation"}},
            "weighting.on",
            "with `sharing: soft` there is no representation that all tasks read",
        ),
    ],
)
def test_mistakes_are_located(tmp_path, keys, at, words):
    study = with_arm(**keys)
    message = refusal(tmp_path, study)
    assert words in message
    assert located(message, study).startswith(f"arms.hard.{at}".partition("[")[0])
    assert f"arms.hard.{at}" in message


def test_the_short_form_is_answered_on_its_line(tmp_path):
    message = refusal(tmp_path, with_arm(weighting="uncertanty"))
    assert "arms.hard.weighting.method: there is no weighting method `uncertanty`; did you mean" in message
    assert '"weighting": "uncertanty"' in message


def test_a_missing_package_is_said_at_the_method(tmp_path, monkeypatch):
    monkeypatch.setattr(methods, "find_spec", lambda name: None)
    for keys, at, extra in (
        ({"sharing": "lora"}, "sharing", "sharewise[lora]"),
        ({"weighting": "cagrad"}, "weighting", "sharewise[weighting]"),
    ):
        study = changed(NAMED, ("arms",), {"x": keys})
        message = refusal(tmp_path, study)
        assert located(message, study) == f"arms.x.{at}"
        assert "not installed" in message
        assert f"pip install '{extra}'" in message


def test_what_is_written_down_loads_again(tmp_path):
    """An arm is recorded with its method's keys, defaults filled in, and without other methods' keys."""
    study = load(tmp_path, NAMED)
    arms = study.model_dump(mode="json")["arms"]
    assert arms["mlp"]["head"] == "mlp"
    assert "scope" not in arms["mlp"]
    assert set(arms["dwa"]["weighting"]) == {"method", "temperature"}
    again = load(tmp_path, changed(NAMED, ("arms",), arms))
    assert [again.resolve(name) for name in arms] == [study.resolve(name) for name in arms]


def test_methods_that_share_a_key_declare_it_alike():
    from sharewise.options import Options
    from sharewise.study.composing import composed

    class One(Options):
        size: int = 1

    class Other(Options):
        size: int = 2

    with pytest.raises(TypeError, match="key `size` is declared otherwise by one"):
        composed(Options, {"one": One, "other": Other})
    with pytest.raises(TypeError, match="key `size` is there already"):
        composed(One, {"other": Other})
    assert len({m.name for m in SHARINGS.values()}) == len(SHARINGS)
