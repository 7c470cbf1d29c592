import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sharewise.study.marks import dump_text, dump_yaml, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("OFF", "OFF"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("007", "007"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2024-01-31", "2024-01-31"),
        ("2e-5", 2e-5),
        ("2.0E-5", 2e-5),
        (".5", 0.5),
        ("3.", 3.0),
        ("-.inf", -math.inf),
        ("1.2.3", "1.2.3"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("10%", "10%"),
        ("=", "="),
    ],
)
def test_scalars_follow_yaml_1_2(text, value):
    read = read_yaml(f"key: {text}").value["key"]
    assert read == value
    assert type(read) is type(value)


def test_keys_are_texts_as_written():
    assert read_yaml("on: 1\n007: 2\n2: 3\nnull: 4").value == {"on": 1, "007": 2, "2": 3, "null": 4}


def test_places_and_written_texts():
    document = read_yaml("a:\n  b: 1.50\n  c: [x, yes]\n")
    assert document.places["a", "b"].line == 2
    assert document.places["a", "c", 1].line == 3
    assert document.written == {("a", "b"): "1.50"}


def test_double_keys_are_mistakes_at_the_second_line():
    document = read_yaml("a: 1\nb: 2\na: 3\n")
    (mistake,) = document.mistakes
    assert mistake.path == ("a",)
    assert mistake.place.line == 3
    assert "line 1" in mistake.problem


def test_environment_variables():
    text = "a: ${HERE}/x\nb: ${GONE:-there}/y\nc: '${EMPTY:-}'\nd: ${EMPTY}\ne: $HERE\n"
    document = read_yaml(text, {"HERE": "/data", "EMPTY": ""})
    assert document.value == {"a": "/data/x", "b": "there/y", "c": "", "d": "", "e": "$HERE"}
    assert not document.mistakes


def test_an_unset_variable_is_a_mistake_with_its_nearest_name():
    (mistake,) = read_yaml("a:\n  b: ${DATE_DIR}/x\n", {"DATA_DIR": "/data"}).mistakes
    assert mistake.path == ("a", "b")
    assert "DATE_DIR" in mistake.problem
    assert mistake.hint == "DATA_DIR"


def test_aliases_and_merge_keys():
    document = read_yaml("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: [*x, *x]\nd: {<<: [{p: 5}, *x]}\n")
    assert document.value["b"] == {"p": 1, "q": 3}
    assert document.value["c"] == [{"p": 1, "q": 2}] * 2
    assert document.value["d"] == {"p": 5, "q": 2}
    assert not document.mistakes


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x [*x]", "alias"),
        ("a: {<<: 3}", "`<<`"),
        ("? [a]\n: 1", "plain name"),
        ("a: !python/name:os.system x", "tag"),
        ("a: !!int x", "tag"),
        ("a: !!binary aGk=", "tag"),
        ("a: " + "[" * 500, "nested too deeply"),
    ],
)
def test_what_has_no_place_in_a_study_file(text, problem):
    mistakes = read_yaml(text).mistakes
    assert problem in mistakes[0].problem


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
# PyYAML writes Unicode's own line breaks as if they were signs like any other.
_TEXTS = st.text(st.characters(exclude_characters="\x85\u2028\u2029\ufeff")).filter(lambda t: "${" not in t)
_VALUES = st.recursive(
    _SCALARS | _TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3)
)


@settings(deadline=None, max_examples=50)
@given(_VALUES)
def test_what_is_written_is_read_back(value):
    try:
        text = dump_yaml(value)
        yaml.safe_load(text)
    except yaml.YAMLError:
        return  # signs that no YAML can hold
    document = read_yaml(text)
    assert document.value == value
    assert not document.mistakes


@settings(deadline=None, max_examples=50)
@given(st.text().filter(lambda t: "${" not in t))
def test_a_text_is_read_back_from_one_line_in_any_place(text):
    written = dump_text(text)
    assert "\n" not in written
    assert read_yaml(f"a:\n  b: {written}  # c\n").value == {"a": {"b": text}}
    assert read_yaml(f"a: [{written}, {written}]\n").value == {"a": [text, text]}
