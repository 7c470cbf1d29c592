import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

import sharewise
from sharewise.data.options import DataOptions
from sharewise.models.options import EncoderOptions, ScratchOptions
from sharewise.study import SINGLE, ArmOptions, Study, StudyError
from sharewise.tasks import BinaryOptions
from sharewise.train.options import TrainingOptions
from study.studies import NAMED, SCRATCH, changed


def _study(**keys):
    return Study(
        **{
            "name": "x",
            "data": {"d": DataOptions(train="t.csv", text="text")},
            "tasks": {"t": BinaryOptions(data="d", label="y", weight=2.0)},
            "encoder": EncoderOptions(scratch=ScratchOptions(width=128), pooling="cls", dropout=0.3),
            **keys,
        }
    )


def test_a_study_from_python(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = _study(training=TrainingOptions(epochs=1))
    assert study.folder == tmp_path
    assert study.seeds == (1, 2, 3)
    assert study.arms == {"hard": ArmOptions()}
    assert sharewise.Study is Study


def test_options_and_mappings_make_the_same_study():
    assert Study(**NAMED) == Study(
        **NAMED
        | {"training": TrainingOptions(**NAMED["training"]), "encoder": EncoderOptions(**NAMED["encoder"])}
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"nmae": "x"}, "nmae: there is no such key here; did you mean `name`?"),
        ({"seeds": []}, "seeds: an empty list is not a list of whole numbers"),
        ({"tasks": {"t": BinaryOptions(data="e", label="y")}}, "tasks.t.data: there is no data set `e`"),
        ({"arms": {"a": ArmOptions(training={"epohcs": 1})}}, "arms.a.training.epohcs"),
        ({"arms": {"a": ArmOptions(baseline="b")}}, "arms.a.baseline: there is no other arm `b`"),
        ({"encoder": 5}, "encoder: 5 is not a hub id, a local folder or a mapping"),
        ({"name": 5}, "name: 5 is not a text"),
    ],
)
def test_mistakes_from_python_are_user_errors_without_a_file(keys, words):
    with pytest.raises(sharewise.UserError) as error:
        _study(**keys)
    assert words in str(error.value)
    assert not re.search(r"line \d", str(error.value))


def test_a_study_is_frozen_and_can_be_pickled():
    study = _study()
    with pytest.raises(ValidationError):
        study.name = "y"
    assert pickle.loads(pickle.dumps(study)) == study
    assert Study.model_validate(study) is study


def test_single_is_the_study_as_it_stands():
    study = Study(**NAMED)
    arm = study.resolve(SINGLE)
    assert (arm.name, arm.sharing) == ("single", "hard")
    assert (arm.training, arm.encoder, arm.tasks) == (study.training, study.encoder, study.tasks)


def test_an_arm_overrides_only_what_it_names():
    study = Study(**NAMED)
    arm = study.resolve("big")
    assert arm.training == study.training.model_copy(
        update={"epochs": 2, "batch_rows": 32, "batch_tokens": 4096}
    )
    assert (arm.encoder.name, arm.encoder.pooling, arm.encoder.dropout) == ("klue/roberta-large", "mean", 0.2)
    # What was said of the study's own encoder doesn't hold for another one.
    assert (arm.encoder.revision, arm.encoder.trust_remote_code) == (None, False)
    assert arm.tasks["polite"].weight == 1.0
    assert arm.tasks["polite"].labels == ("no", "yes")
    assert arm.tasks["topic"] == study.tasks["topic"]
    assert list(arm.tasks) == list(study.tasks)


@pytest.mark.parametrize(
    ("override", "encoder"),
    [
        (None, EncoderOptions(scratch=ScratchOptions(width=128), pooling="cls", dropout=0.3)),
        ("x", EncoderOptions(name="x", pooling="cls", dropout=0.3)),
        ({"name": "x"}, EncoderOptions(name="x", pooling="cls", dropout=0.3)),
        (
            {"scratch": {"layers": 2}},
            EncoderOptions(scratch=ScratchOptions(width=128, layers=2), pooling="cls", dropout=0.3),
        ),
        ({"pooling": "mean"}, EncoderOptions(scratch=ScratchOptions(width=128), pooling="mean", dropout=0.3)),
    ],
)
def test_the_encoder_of_an_arm(override, encoder):
    assert _study(arms={"a": ArmOptions(encoder=override)}).resolve("a").encoder == encoder


def test_sizes_of_batches_replace_each_other():
    study = _study(
        training=TrainingOptions(batch_rows=8),
        arms={
            "tokens": ArmOptions(training={"batch_tokens": 64}),
            "same": ArmOptions(training={"epochs": 1}),
        },
    )
    assert study.resolve("tokens").training.batch_rows is None
    assert study.resolve("same").training.batch_rows == 8


def test_an_unknown_arm():
    with pytest.raises(StudyError, match=r"there is no arm `hrad`; did you mean `hard`\?"):
        _study().resolve("hrad")


def test_names_of_any_language():
    study = changed(changed(SCRATCH, ("sweep",), {}), ("arms",), {"공유": {}, "共有-2": {}})
    assert list(Study(**study).arms) == ["공유", "共有-2"]
    for wrong in ("", " ", "a b", "../x", "_x", "x" * 81, "a\n"):
        with pytest.raises(StudyError, match="a name has 1 to 80 letters"):
            Study(**changed(SCRATCH, ("arms",), {wrong: {}}))


def test_transformers_is_not_imported():
    command = "import sys, sharewise.study; print('transformers' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(Path(sharewise.__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout.strip() == "False"
