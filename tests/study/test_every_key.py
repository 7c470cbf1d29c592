"""A mistake in every key of the study file, made from the schema itself."""

from __future__ import annotations

import pytest

from sharewise.study import Study
from sharewise.study.keys import Alternative, field_alternatives, walk
from study.studies import NAMED, STUDIES, changed, load, located, refusal, renamed, without

_NAMES = {"data": "talk", "arms": "big", "search": "hidden"}
_TASKS = {
    "binary": "polite",
    "multiclass": "topic",
    "multilabel": "tags",
    "ordinal": "level",
    "regression": "stars",
}
_WRONG = [{"wrong": 1}]


def _places():
    """Every key as a path into one of the studies, and the study."""
    for key in walk(Study):
        tag = Alternative(key.owner).tag
        name = _TASKS[tag] if tag else _NAMES.get(key.path[0], "")
        path = tuple(name if step == "<name>" else step for step in key.path)
        study = next((s for s in STUDIES if _holds(s, path)), None)
        if study is None and path[:2] == ("arms", "big"):
            # A key of one method stands in an arm of that method.
            arm = next(name for name in NAMED["arms"] if _holds(NAMED, ("arms", name, *path[2:])))
            path, study = ("arms", arm, *path[2:]), NAMED
        yield pytest.param(key, path, study, id=".".join(path))


def _overrides():
    """Every key of training and encoder, in an arm."""
    for key in walk(Study):
        if len(key.path) > 1 and key.path[0] in ("training", "encoder"):
            path = ("arms", "hard", *key.path)
            base = next(s for s in STUDIES if _holds(s, key.path))
            section = {key.path[0]: base[key.path[0]]}
            yield pytest.param(key, path, changed(base, ("arms", "hard"), section), id=".".join(path))


def _holds(study, path):
    for step in path:
        if not isinstance(study, dict) or step not in study:
            return False
        study = study[step]
    return True


def test_the_studies_hold_every_key_and_load(tmp_path):
    assert not [place.id for place in _places() if place.values[2] is None]
    for study in (*STUDIES, *(place.values[2] for place in _overrides())):
        load(tmp_path, study)


@pytest.mark.parametrize(("key", "path", "study"), [*_places(), *_overrides()])
def test_a_misspelt_key_is_answered_with_line_path_and_the_right_name(tmp_path, key, path, study):
    slip = key.name[:-2] + key.name[-1] + key.name[-2] + key.name[-1]
    broken = renamed(study, path, slip)
    wrong = (*path[:-1], slip)
    message = refusal(tmp_path, broken)
    assert located(message, broken) == ".".join(wrong)
    assert "there is no such key here" in message
    assert f"did you mean `{key.name}`?" in message
    assert f"`{key.name}` is missing" not in message


@pytest.mark.parametrize(("key", "path", "study"), [*_places(), *_overrides()])
def test_a_value_of_the_wrong_type_is_answered_with_line_and_path(tmp_path, key, path, study):
    broken = changed(study, path, _WRONG)
    assert located(refusal(tmp_path, broken), broken) in (".".join(path), ".".join(path) + "[0]")


@pytest.mark.parametrize(("key", "path", "study"), [*_places(), *_overrides()])
def test_an_empty_value_is_a_default_or_a_mistake_with_line_and_path(tmp_path, key, path, study):
    empty = changed(study, path, None)
    section = all(a.model or a.entries for a in field_alternatives(key.field))
    if path == ("tasks", "stars", "margin"):
        assert "needs a margin" in refusal(tmp_path, empty)
    elif path in (("tasks", "polite", "votes"), ("tasks", "topic", "votes")):
        assert "needs `votes`" in refusal(tmp_path, empty)
    elif path == ("data", "talk", "test"):
        assert "`test` is missing, and data set `reviews` has one" in refusal(tmp_path, empty)
    elif path[-2:] in (("encoder", "name"), ("encoder", "scratch")):
        message = refusal(tmp_path, empty)
        assert located(message, empty) == ".".join(path[:-1])
        assert "name exactly one encoder" in message
    elif path[-2:] in (("context", "columns"), ("context", "dialogue"), ("context", "turn")):
        message = refusal(tmp_path, empty)
        assert located(message, empty) == "data.talk.context"
        assert "name the earlier turns one way" in message or "go together" in message
    elif not key.field.is_required() and (section or key.field.default is None):
        load(tmp_path, empty)
    else:
        message = refusal(tmp_path, empty)
        assert located(message, empty) == ".".join(path)
        assert "has no value" in message


@pytest.mark.parametrize(
    ("key", "path", "study"),
    [p for p in _places() if p.values[0].field.is_required() or p.values[0].name == "kind"],
)
def test_a_missing_key_is_answered_with_the_line_of_its_section(tmp_path, key, path, study):
    broken = without(study, path)
    message = refusal(tmp_path, broken)
    assert f"`{key.name}` is missing" in message
    if path[:-1]:
        assert located(message, broken) == ".".join(path)


@pytest.mark.parametrize(
    ("key", "path", "study"),
    [
        p
        for p in [*_places(), *_overrides()]
        if {a.type for a in field_alternatives(p.values[0].field)} & {int, float}
    ],
)
def test_a_boolean_is_no_number(tmp_path, key, path, study):
    if not any(a.type is str for a in field_alternatives(key.field)):
        message = refusal(tmp_path, changed(study, path, True))
        assert f"{'.'.join(path)}: true is not" in message


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("training", "epochs"), 0, "0 is not a whole number from 1 to 10000"),
        (("training", "epochs"), 2.5, "2.5 is not a whole number from 1 to 10000"),
        (("training", "epochs"), "three", '"three" is not a whole number from 1 to 10000'),
        (("training", "learning_rate"), 2e5, "200000 is not a number over 0 and under 1"),
        (("training", "warmup"), "10%", "did you mean `0.1`?"),
        (("training", "warmup"), "0,1", "did you mean `0.1`?"),
        (("training", "warmup"), 1, "1 is not a number from 0 to under 1"),
        (("training", "weight_decay"), float("inf"), '"Infinity" is not a number of 0 or more'),
        (("training", "precision"), "fp16", "did you mean `bf16`?"),
        (("training", "evaluate_every"), 0, "0 is not epoch or a whole number of 1 or more"),
        (("training", "sampling"), {"temprature": 2}, "training.sampling.temprature"),
        (("training", "sampling"), {"temperature": 0.5}, "0.5 is not a number of 1 or more"),
        (("training", "sampling"), "proportionate", "did you mean `proportional`?"),
        (("training", "select"), "f1_macro", "did you mean `macro_f1`?"),
        (("training", "batch_rows"), 8, "name only one of them"),
        (("seeds",), 3, "3 is not a list of whole numbers"),
        (("seeds",), [1, -2], "seeds[1]: -2 is not a whole number"),
        (("seeds",), [1, 2, 1], "seed 1 is named twice"),
        (("seeds",), [], "an empty list is not a list"),
        (("keep",), "best", "did you mean `selected`?"),
        (("report", "epoch_metric"), "acc", "did you mean `accuracy`?"),
        (("name",), "my study", "did you mean `my_study`?"),
        (("data", "talk", "text"), ["a", "a"], "named twice"),
        (("data", "talk", "text"), ["a", "b", "c"], "a list of 3 is not a text or a list of two texts"),
        (("data", "talk", "text"), [], "an empty list is not a text or a list of two texts"),
        (("data", "talk", "text"), "", "an empty text is not a text or a list of two texts"),
        (("data", "talk", "train"), "10%", "not a fraction"),
        (("data", "talk", "validation"), 0.1, 'a fraction of train is written "10%"'),
        (("data", "talk", "test"), "120%", "no fraction over 0% and under 90%"),
        (("data", "talk", "test"), "ten%", "no fraction over 0% and under 90%"),
        (("tasks", "polite", "kind"), "binery", "did you mean `binary`?"),
        (("tasks", "polite", "kind"), "classification", "did you mean `multiclass`?"),
        (("tasks", "polite", "kind"), ["binary"], "a list of 1 is no kind of task"),
        (("tasks", "polite", "metric"), "f1_score", "did you mean `f1`?"),
        (("tasks", "polite", "metric"), "pearson", "`pearson`; it is one of regression tasks"),
        (("tasks", "stars", "metric"), "accuracy", "it is one of binary, multiclass and ordinal tasks"),
        (("tasks", "polite", "labels"), ["no", "no"], "'no' is named twice"),
        (
            ("tasks", "polite", "labels"),
            ["no", "yes", "?"],
            "a list of 3 is not a list of two texts or numbers or a mapping",
        ),
        (("tasks", "polite", "labels"), "no", '"no" is not a list of two texts or numbers or a mapping'),
        (("tasks", "polite", "labels"), ["no", None], 'write "null" or "~" in quotes'),
        (("tasks", "polite", "positive"), "yse", "did you mean `yes`?"),
        (("tasks", "topic", "labels"), [1, 1.0], "'1' is named twice"),
        (("tasks", "topic", "positive"), 1, "`positive` belongs to `kind: binary`"),
        (("tasks", "polite", "weight"), -1, "-1 is not a number of 0 or more"),
        (("tasks", "polite", "data"), "tlak", "there is no data set `tlak`; did you mean `talk`?"),
        (("encoder",), [], "an empty list is not a hub id, a local folder or a mapping of name"),
        (("encoder",), {}, "name exactly one encoder"),
        (("encoder",), {"name": "x", "scratch": {}}, "name exactly one encoder"),
        (("encoder",), {"scratch": {"width": 250, "heads": 3}}, "width 250 can't be divided into 3 heads"),
    ],
)
def test_what_a_researcher_would_mistype(tmp_path, path, value, words):
    study = changed(NAMED, path, value)
    message = refusal(tmp_path, study)
    assert words in message
    assert located(message, study).startswith(".".join(path))


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (("lr",), "did you mean `learning_rate`, which belongs under `training`?"),
        (("epochs",), "`epochs` belongs under `training`"),
        (("weight",), "`weight` belongs under `tasks.<name>`"),
        (("model",), "did you mean `encoder`?"),
        (("seed",), "did you mean `seeds`?"),
        (("data", "talk", "label"), "`label` belongs under `tasks.<name>`"),
        (("data", "talk", "dev"), "did you mean `validation`?"),
        (("tasks", "polite", "text"), "`text` belongs under `data.<name>`"),
        (("training", "lr"), "did you mean `learning_rate`?"),
        (("training", "batch_size"), "did you mean `batch_rows`?"),
        (("training", "num_train_epochs"), "did you mean `epochs`?"),
        (("training", "seeds"), "`seeds` belongs at the top of the file"),
        (("encoder", "hidden_size"), "did you mean `width`, which belongs under `encoder.scratch`?"),
        (("arms", "big", "epochs"), "`epochs` belongs under `arms.big.training`"),
        (("arms", "big", "training", "pooling"), "`pooling` belongs under `arms.big.encoder`"),
    ],
)
def test_keys_of_other_tools_and_other_sections(tmp_path, path, hint):
    study = changed(NAMED, path, 1)
    message = refusal(tmp_path, study)
    assert located(message, study) == ".".join(path)
    assert "there is no such key here" in message
    assert hint in message
