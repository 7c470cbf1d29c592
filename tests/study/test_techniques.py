"""Techniques in the study file: what they need, where they don't go, how an arm switches them off."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharewise.study import SINGLE, Study
from study.studies import TECHNIQUES, changed, load, refusal, without
from tiny_study import keys_with

TWICE = {"r_drop": {}, "fgm": {}}


def _study(training=None, arm=None, **changes):
    return keys_with({"training": {"epochs": 2} | (training or {}), "arms": {"hard": arm or {}}} | changes)


def test_they_are_off_if_left_out_and_on_with_defaults():
    plain = Study(**_study()).resolve("hard").training
    assert (plain.r_drop, plain.fgm, plain.curriculum) == (None, None, None)
    found = Study(**_study(arm={"training": TWICE})).resolve("hard").training
    assert (found.r_drop.alpha, found.fgm.epsilon) == (1.0, 1.0)


def test_an_arm_changes_single_keys_and_switches_off(tmp_path: Path):
    arm = {"training": {"curriculum": {"start": 0.2}, "fgm": None}}
    study = load(tmp_path, changed(TECHNIQUES, ("arms", "hard"), arm))
    found = study.resolve("hard").training
    assert (found.curriculum.start, found.curriculum.until) == (0.2, 0.6)
    assert found.fgm is None
    assert found.r_drop.alpha == 0.5
    assert study.resolve(SINGLE).training.fgm.epsilon == 0.5


def test_one_is_swept_by_key(tmp_path: Path):
    sweep = {"hard": {"training.curriculum.start": [0.2, 0.3], "training.fgm.epsilon": [0.1, 1.0]}}
    study = load(tmp_path, TECHNIQUES | {"sweep": sweep})
    found = study.resolve("hard[start=0.3,epsilon=0.1]").training
    assert (found.curriculum.start, found.curriculum.until, found.fgm.epsilon) == (0.3, 0.6, 0.1)


@pytest.mark.parametrize("place", [("training",), ("arms", "hard", "training")])
def test_a_curriculum_needs_votes(tmp_path: Path, place):
    own = {"curriculum": {}}
    study = _study(own) if len(place) == 1 else _study(arm={"training": own})
    message = refusal(tmp_path, study)
    assert f"{'.'.join(place)}.curriculum: a curriculum needs raters' votes" in message
    assert message.count("raters' votes") == 2  # Once in what is expected.


def test_votes_of_one_task_are_enough(tmp_path: Path):
    study = TECHNIQUES
    for task in ("stars", "level", "tags"):
        study = without(study, ("tasks", task, "votes"))
    load(tmp_path, study)


@pytest.mark.parametrize("key", TWICE)
def test_text_to_text_is_refused_where_either_is_named(tmp_path: Path, key):
    own = {key: {}}
    said = f"`{key}` trains heads on an encoder"
    everywhere = refusal(tmp_path, _study(own, backend="text2text"))
    assert f"training.{key}: {said}" in everywhere
    assert everywhere.count(said) == 1
    assert f"arms.hard.backend: {said}" in refusal(tmp_path, _study(own, {"backend": "text2text"}))
    both = {"backend": "text2text", "training": own}
    assert f"arms.hard.training.{key}: {said}" in refusal(tmp_path, _study(arm=both))
    off = {"backend": "text2text", "training": {key: None}}
    load(tmp_path, _study(own, off))


@pytest.mark.parametrize("key", TWICE)
def test_gradients_of_the_representation_are_refused(tmp_path: Path, key):
    weighting = {"method": "mgda", "on": "representation"}
    for study in (
        _study({key: {}}, {"weighting": weighting}),
        _study(arm={"weighting": weighting, "training": {key: {}}}),
    ):
        assert f"arms.hard.weighting.on: `{key}` reads the encoder twice" in refusal(tmp_path, study)
    load(tmp_path, _study(arm={"weighting": "mgda", "training": {key: {}}}))


def test_a_curriculum_goes_with_text_to_text(tmp_path: Path):
    off = {"r_drop": None, "fgm": None}
    load(tmp_path, changed(TECHNIQUES, ("arms", "hard"), {"backend": "text2text", "training": off}))


def test_one_epoch_is_answered_where_it_stands(tmp_path: Path):
    message = refusal(tmp_path, changed(TECHNIQUES, ("training", "epochs"), 1))
    assert "training: `curriculum` needs two epochs or more" in message


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("r_drop", "alpha"), 0, "0 is not a number over 0"),
        (("fgm", "epsilon"), "big", '"big" is not a number over 0'),
        (("curriculum", "pace"), "liner", "did you mean `linear`?"),
        (("curriculum", "start"), 1.5, "1.5 is not a number over 0 and under 1"),
        (("fgm",), True, "true is not"),
        (("r_drop", "alhpa"), 1, "did you mean `alpha`?"),
    ],
)
def test_mistakes_are_answered_with_line_and_key(tmp_path: Path, path, value, words):
    message = refusal(tmp_path, changed(TECHNIQUES, ("training", *path), value))
    assert words in message
    assert f"training.{'.'.join(path)}" in message
