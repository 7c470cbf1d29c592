"""Whatever is done to a study file, the answer is a study or one clear message."""

from __future__ import annotations

import copy

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sharewise.errors import UserError
from sharewise.study import Study, StudyError
from sharewise.study.marks import dump_yaml
from sharewise.study.schema import SINGLE
from study.studies import FOREIGN, STUDIES, load, written

_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.sampled_from(
        ["", "x", "10%", "binary", "mean", "${NO_SUCH_VARIABLE}", "2e-5", "null", "hard", "macro_f1"]
    ),
    st.text(max_size=5),
    st.lists(st.none() | st.integers(0, 3) | st.text(max_size=3), max_size=4),
    st.dictionaries(
        st.sampled_from(["kind", "name", "label", "scratch", "x"]), st.none() | st.just("x"), max_size=2
    ),
)


def _paths(value, path=()):
    """Every key and item of a study."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, inner in entries:
        yield (*path, step)
        yield from _paths(inner, (*path, step))


@st.composite
def _mutants(draw):
    study = copy.deepcopy(draw(st.sampled_from(STUDIES)))
    for _ in range(draw(st.integers(1, 3))):
        *above, step = draw(st.sampled_from(list(_paths(study))))
        section = study
        for key in above:
            section = section[key]
        change = draw(st.sampled_from(["drop", "rename", "retype"]))
        if change == "retype":
            section[step] = draw(_VALUES)
        elif change == "drop" or isinstance(section, list):
            del section[step]
        else:
            section[draw(st.text(max_size=6) | st.just(f"{step}s"))] = section.pop(step)
        if not study:
            break
    return study


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("studies")


def _answer(folder, text):
    """Load a text as a study file's, and return the study or the message."""
    try:
        return load(folder, text)
    except UserError as error:
        message = str(error)
        problem = message.replace(str(folder), "")
    assert not [word for word in FOREIGN if word in problem], message
    assert message.startswith(str(folder / "study.yaml"))
    return message


@settings(deadline=None, max_examples=100)
@given(_mutants())
@example({"encoder": {"scratch": None}})
@example({"tasks": {"x": {"kind": {}}}})
def test_dropped_renamed_and_retyped_keys(folder, study):
    answer = _answer(folder, written(study))
    if isinstance(answer, Study):
        for arm in (SINGLE, *answer.compared_arms):
            answer.resolve(arm)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_slip_anywhere_in_the_text(folder, data):
    text = dump_yaml(data.draw(st.sampled_from(STUDIES)))
    start = data.draw(st.integers(0, len(text)))
    end = min(len(text), start + data.draw(st.integers(0, 3)))
    slip = data.draw(st.text("\t\n :-#{}[]'\"&*!|>%@`$,?<~0aé\x00\x85", max_size=3))
    _answer(folder, text[:start] + slip + text[end:])


@settings(deadline=None, max_examples=40)
@given(_mutants())
def test_python_answers_alike(study):
    error = None
    try:
        Study(**{str(key): value for key, value in study.items()})
    except StudyError as raised:
        error = raised
    if error is not None:
        assert error.mistakes
        assert not [word for word in FOREIGN if word in str(error)], error
