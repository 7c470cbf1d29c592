import codecs
from pathlib import Path

import pytest

from sharewise.errors import UserError
from sharewise.study import StudyError, load_study
from sharewise.study.marks import dump_yaml, read_yaml
from study.studies import NAMED, STUDIES, changed, load, refusal


def test_a_study_knows_its_folder(tmp_path, monkeypatch):
    load(tmp_path, NAMED)
    monkeypatch.chdir(tmp_path.parent)
    study = load_study(Path(tmp_path.name) / "study.yaml")
    assert study.folder == tmp_path.resolve()
    assert "folder" not in study.model_dump()


def test_a_local_encoder_is_found_beside_the_study_file(tmp_path, monkeypatch):
    (tmp_path / "models" / "small").mkdir(parents=True)
    load(tmp_path, changed(NAMED, ("encoder",), "models/small"))
    monkeypatch.chdir(tmp_path.parent)
    study = load_study(Path(tmp_path.name) / "study.yaml")
    assert study.resolve("single").encoder.name == str(tmp_path.resolve() / "models" / "small")
    assert study.encoder.name == "models/small"
    # What is no folder there may be a hub id, or a folder where the command runs.
    elsewhere = load(tmp_path, changed(NAMED, ("encoder",), "models/other"))
    assert elsewhere.resolve("single").encoder.name == "models/other"


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_written_as_yaml_is_the_study(tmp_path, study):
    first = load(tmp_path, study)
    assert load(tmp_path, dump_yaml(first.model_dump(mode="json"))) == first
    assert load(tmp_path, dump_yaml(first.model_dump(mode="json", exclude_unset=True) | study)) == first
    assert read_yaml(dump_yaml(study)).value == study


def test_texts_that_look_like_numbers_need_no_quotes(tmp_path):
    text = dump_yaml(changed(NAMED, ("data", "reviews", "text"), 5)).replace("label: topic", "label: 1.50")
    study = load(tmp_path, text.replace("name: demo", "name: 2024").replace("review: ", "true: "))
    assert study.name == "2024"
    assert study.data["reviews"].text == "5"
    assert study.tasks["topic"].label == "1.50"


def test_labels_come_out_as_written(tmp_path):
    text = dump_yaml(NAMED)
    at = text.index("- 'off'") if "- 'off'" in text else text.index("- off")
    study = load(tmp_path, text[:at] + text[at:].replace("'", ""))
    assert study.tasks["polite"].labels == ("no", "yes")
    assert study.tasks["topic"].labels == ("off", "on", "007", 3)


def test_numbers_may_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("EPOCHS", "7")
    study = load(
        tmp_path, changed(NAMED, ("training",), {"epochs": "${EPOCHS}", "learning_rate": "${RATE:-2e-5}"})
    )
    assert study.training.epochs == 7
    assert study.training.learning_rate == 2e-5


def test_an_empty_section_is_one_that_was_left_out(tmp_path):
    study = changed(changed(NAMED, ("training",), None), ("arms",), {"hard": None, "big": {"training": None}})
    loaded = load(tmp_path, changed(study, ("report",), None))
    assert loaded.training.epochs == 3
    assert loaded.arms["hard"].sharing == "hard"
    assert list(load(tmp_path, changed(NAMED, ("arms",), None)).arms) == ["hard"]


def test_an_empty_task_lacks_its_keys(tmp_path):
    message = refusal(tmp_path, changed(NAMED, ("tasks", "stars"), None))
    assert "tasks.stars.kind: `kind` is missing" in message
    assert "tasks.stars.data: `data` is missing" in message


def test_all_mistakes_come_together_in_order(tmp_path):
    study = changed(NAMED, ("tasks", "polite", "data"), "tlak")
    study = changed(study, ("arms", "big", "training", "epochs"), "two")
    study = changed(study, ("training", "lr"), 1)
    study = changed(study, ("data", "talk", "text"), ["a", "a"])
    lines = refusal(tmp_path, study).splitlines()
    assert lines[0] == "study.yaml: 4 mistakes"
    assert [line.split(": ")[0].split(", ")[1] for line in lines[1:]] == [
        "data.talk.text",
        "tasks.polite.data",
        "training.lr",
        "arms.big.training.epochs",
    ]
    numbers = [int(line.split(",")[0].split()[1]) for line in lines[1:]]
    assert numbers == sorted(numbers)


def test_of_many_mistakes_ten_are_shown(tmp_path):
    message = refusal(tmp_path, NAMED | {f"x{n}": 1 for n in range(12)})
    assert message.startswith("study.yaml: 12 mistakes")
    assert message.count("there is no such key here") == 10
    assert message.endswith("… and 2 more")


def test_double_keys_are_reported_with_the_rest(tmp_path):
    message = refusal(tmp_path, "name: a\nname: b\ntraining: {epochs: x}\n")
    assert "line 2, name: this key is already on line 1" in message
    assert "training.epochs" in message


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_of_windows_are_read(tmp_path, encoding):
    (tmp_path / "study.yaml").write_bytes(dump_yaml(NAMED).replace("\n", "\r\n").encode(encoding))
    assert load_study(tmp_path / "study.yaml").name == "demo"


def test_other_encodings_are_answered_with_the_line(tmp_path):
    (tmp_path / "study.yaml").write_bytes(b"name: demo\n# " + "한".encode("cp949") + b"\n")
    with pytest.raises(UserError, match=r"study.yaml, line 2: this is not UTF-8"):
        load_study(tmp_path / "study.yaml")
    (tmp_path / "study.yaml").write_bytes(codecs.BOM_UTF16_LE + b"\x00")
    with pytest.raises(UserError, match="not UTF-8"):
        load_study(tmp_path / "study.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("- a\n", "is not a mapping"),
        ("just words\n", "is not a mapping"),
        ("name：demo\n", "full-width colon"),
    ],
)
def test_what_is_no_mapping(tmp_path, text, words):
    message = refusal(tmp_path, text)
    assert words in message
    assert "sharewise init" in message


def test_a_missing_file_is_answered_with_the_nearest(tmp_path):
    load(tmp_path, NAMED)
    with pytest.raises(UserError, match=r"did you mean `.*study\.yaml`\?"):
        load_study(tmp_path / "stduy.yaml")
    with pytest.raises(UserError, match="there is no file"):
        load_study(tmp_path / "other.yaml")
    with pytest.raises(UserError, match="there is no folder"):
        load_study(tmp_path / "gone" / "study.yaml")


def test_a_folder_or_data_in_place_of_a_study(tmp_path):
    with pytest.raises(UserError, match="sharewise init"):
        load_study(tmp_path)
    load(tmp_path, NAMED)
    with pytest.raises(UserError, match=r"is a folder.*\n.*study\.yaml"):
        load_study(str(tmp_path))
    with pytest.raises(UserError, match=r"sharewise init .*train\.csv"):
        load_study(tmp_path / "train.csv")


def test_the_error_carries_its_mistakes(tmp_path):
    with pytest.raises(StudyError) as error:
        load(tmp_path, changed(NAMED, ("training", "epohcs"), 1))
    (mistake,) = error.value.mistakes
    assert mistake.path == ("training", "epohcs")
    assert mistake.hint == "epochs"
