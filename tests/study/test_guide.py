"""The guide's page on the study file says what the program does."""

import re
from pathlib import Path

import pytest

from sharewise.study import Study, load_study
from sharewise.study.keys import walk
from sharewise.tasks import KINDS
from sharewise.train.options import METRICS
from study.studies import refusal
from study.tables import rows

_PAGE = Path(__file__).parents[2] / "docs" / "guide" / "study-file.md"


def _blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", _PAGE.read_text(encoding="utf-8"), flags=re.S)


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    monkeypatch.delenv("DIALOGUES", raising=False)


def test_every_key_is_described():
    assert [".".join(k.path) for k in walk(Study) if not k.field.description and k.name != "kind"] == []


def test_the_tables_list_every_key_and_no_other():
    listed = [line for line in _PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    expected = rows()
    assert sorted(set(listed) - set(expected)) == [], "rows of the page that the schema doesn't have"
    assert sorted(set(expected) - set(listed)) == [], "rows that the page lacks"
    assert len(listed) == len(expected)


def test_the_metrics_are_listed():
    text = _PAGE.read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"- `{kind.model_fields['kind'].default}`: {', '.join(kind.valid_metrics)}\n" in text
    assert [metric for metric in METRICS if metric not in text] == []


def test_the_example_loads(tmp_path):
    (tmp_path / "study.yaml").write_text(_blocks("yaml")[0], encoding="utf-8")
    study = load_study(tmp_path / "study.yaml")
    assert study.data["dialogues"].train == "data/train.csv"
    assert study.training.learning_rate == 2e-5
    assert study.resolve("longer").training.epochs == 6
    assert [study.resolve(arm).name for arm in study.arms] == ["hard", "longer"]


def test_the_mistakes_are_answered_as_shown(tmp_path):
    text = _blocks("yaml")[0].replace("kind: binary\n    label: tone", "knid: binary\n    label: tone")
    text = text.replace("learning_rate:", "lr:").replace("epoch_metric: accuracy", "epoch_metric: acc")
    assert refusal(tmp_path, text) == _blocks("text")[0].strip()


def test_the_options_of_the_command_line_work(tmp_path):
    (tmp_path / "study.yaml").write_text(_blocks("yaml")[0], encoding="utf-8")
    lines = [
        line.partition("  #")[0].strip().removeprefix("--set ").strip("'")
        for line in _blocks("text")[1].splitlines()
    ]
    assert len(lines) > 4
    study = load_study(tmp_path / "study.yaml", overrides=lines)
    assert study.training.epochs == 1
    assert study.encoder.scratch.width == 64
    assert list(study.arms) == ["hard"]


def test_the_python_works():
    names = {}
    exec(_blocks("python")[0], names)
    assert isinstance(names["study"], Study)
