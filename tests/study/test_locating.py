from __future__ import annotations

import pytest

from sharewise.compare import estimate
from sharewise.errors import UserError
from sharewise.study import Study, load_study, located

STUDY = """\
name: located
data:
  d:
    train: train.csv
    validation: "50%"
    text: text
    group: set
tasks:
  good: {data: d, kind: binary, label: good}
encoder: {scratch: {layers: 1, width: 16, vocabulary: 300}}
arms:
  other: {encoder: ./nowhere}
"""
ROWS = "text,set,good,three\n" + "".join(f"word {i},{i},{i % 2},{i % 3}\n" for i in range(8))


@pytest.fixture
def file(tmp_path):
    (tmp_path / "train.csv").write_text(ROWS)
    return tmp_path / "study.yaml"


def message(file, *overrides: str) -> str:
    with pytest.raises(UserError) as caught:
        estimate(load_study(file, overrides=overrides), runs=file.parent / "runs")
    return str(caught.value)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            "train: train.csv",
            "train: trian.csv",
            "line 4, data.d.train: there is no file 'trian.csv'; did you",
        ),
        (
            "text: text",
            "text: txet",
            "line 6, data.d.text: train.csv: there is no column 'txet'; did you mean 'text'",
        ),
        ("group: set", "group: sets", "line 7, data.d.group: train.csv: there is no column 'sets'"),
        ("label: good", "label: godo", "line 9, tasks.good.label: train.csv: there is no column 'godo'"),
        ("label: good", "label: three", "line 9, tasks.good: column 'three' holds 3 labels"),
        ('"50%"', '"1%"', "line 5, data.d.validation: 1% of 8 row(s) leaves none"),
        (
            "set\n",
            "set\n    encoding: uft-8\n",
            "line 8, data.d.encoding: there is no encoding 'uft-8'; did you mean",
        ),
        ("nothing", "nothing", "line 12, encoder ./nowhere: there is no such folder"),
    ],
)
def test_a_mistake_that_the_data_show_has_file_and_line(file, right, wrong, said):
    file.write_text(STUDY.replace(right, wrong))
    text = message(file)
    assert text.startswith(f"{file}, {said}")
    assert "^^^" in text


def test_a_key_from_the_command_line_is_named_as_it_was_written(file):
    file.write_text(STUDY)
    text = message(file, "data.d.train=trian.csv")
    assert text.startswith(
        "--set data.d.train=trian.csv: there is no file 'trian.csv'; did you mean 'train.csv'?"
    )


def test_a_mistake_in_a_cell_keeps_the_place_in_its_own_file(file):
    file.write_text(STUDY)
    (file.parent / "train.csv").write_text(ROWS.replace("word 3,", ","))
    assert message(file).startswith("train.csv, line 5, column 'text': the text is empty")


def test_a_study_from_python_has_no_lines():
    study = Study(
        name="s",
        data={"d": {"train": "nowhere.csv", "text": "text"}},
        tasks={"good": {"data": "d", "kind": "binary", "label": "good"}},
        encoder="x",
    )
    with pytest.raises(UserError, match=r"^data\.d\.train: gone$"), located(study):
        raise UserError("data.d.train: gone")


def test_what_an_error_says_to_do_stays(file):
    file.write_text(STUDY)
    with pytest.raises(UserError) as caught, located(load_study(file)):
        raise UserError("training.max_length: too long", expected="less", action="shorten it")
    assert (caught.value.expected, caught.value.action) == ("less", "shorten it")
