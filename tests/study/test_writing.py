from __future__ import annotations

import pytest

from sharewise.errors import UserError
from sharewise.study import load_study
from sharewise.study.writing import with_arm, write_arm

ARM = {"sharing": "hard", "training": {"epochs": 2}}
HEAD = """\
# A study.
name: x
data: {d: {train: "${PLACE:-t}.csv", text: text}}   # quoted
tasks:
  y: {data: d, kind: binary, label: y}
encoder: {scratch: {}}
"""
WRITTEN = """\
  two:
    sharing: hard
    training:
      epochs: 2
"""


def test_an_arm_goes_after_the_others():
    text = HEAD + "arms:\n  hard: {}  # first\n  # about nothing\n\nkeep: none  # last\n"
    edited = with_arm(text, "two", ARM)
    assert edited == text.replace("# first\n", "# first\n" + WRITTEN)


def test_without_arms_the_default_one_stays():
    assert with_arm(HEAD, "two", ARM) == HEAD + "\narms:\n  hard: {sharing: hard}\n" + WRITTEN


def test_an_arm_is_replaced():
    text = HEAD + "arms:\n  two:\n    sharing: hard\n    training: {epochs: 9}\n  # next\n  b: {}\n"
    assert with_arm(text, "two", ARM) == HEAD + "arms:\n" + WRITTEN + "  # next\n  b: {}\n"


def test_deeper_indents_and_windows_lines():
    text = (HEAD + "arms:\n     hard:\n        sharing: hard").replace("\n", "\r\n")
    edited = with_arm(text, "two", ARM)
    assert edited.startswith(text)
    assert "\r\n     two:\r\n       sharing: hard\r\n" in edited
    assert edited.count("\n") == edited.count("\r\n")


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        (
            '{"name": "x", "arms": {"hard": {}}}',
            '{"name": "x", "arms": {"hard": {}, "two": {"sharing": "hard"}}}',
        ),
        ('{"name": "x"}', '{"name": "x", "arms": {"hard": {"sharing": "hard"}, "two": {"sharing": "hard"}}}'),
        ("arms: {two: {sharing: a}, b: {}}\n", 'arms: {two: {"sharing": "hard"}, b: {}}\n'),
    ],
)
def test_braces(text, edited):
    assert with_arm(text, "two", {"sharing": "hard"}) == edited


@pytest.mark.parametrize("text", ["- a\n", "arms: 3\n", "a: [\n", "x: &a {b: 1}\narms: *a\n"])
def test_what_cannot_be_edited_is_left(text):
    edited = with_arm(text, "two", ARM)
    assert edited is None or edited == text


def test_the_file_is_written_and_loads(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    write_arm(file, "two", ARM)
    study = load_study(file)
    assert list(study.arms) == ["hard", "two"]
    assert study.resolve("two").training.epochs == 2
    assert file.read_bytes().startswith(b"\xef\xbb\xbf# A study.")
    assert list(tmp_path.iterdir()) == [file]


def test_an_arm_that_does_not_fit_leaves_the_file_alone(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(HEAD)
    with pytest.raises(UserError, match=r"with the arm `two` in it(.|\n)*sharing"):
        write_arm(file, "two", {"sharing": "nothing"})
    assert file.read_text() == HEAD
    file.write_text("- a\n")
    with pytest.raises(UserError, match="add it by hand"):
        write_arm(file, "two", ARM)
