import json

import jsonschema
import pytest

from sharewise.study import Study, study_schema
from sharewise.study.keys import walk
from study.studies import NAMED, SCRATCH, changed, renamed


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(json.dumps(study_schema()))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("study", [NAMED, SCRATCH, changed(NAMED, ("encoder",), "klue/roberta-base")])
def test_studies_are_valid(validator, study):
    validator.validate(study)


@pytest.mark.parametrize(
    "study",
    [
        changed(NAMED, ("trainnig",), {}),
        changed(NAMED, ("training", "epochs"), "three"),
        changed(NAMED, ("training", "select"), "f1_macro"),
        changed(NAMED, ("tasks", "polite", "kind"), "binery"),
        changed(NAMED, ("tasks", "polite", "metric"), "pearson"),
        changed(NAMED, ("report", "epoch_metric"), "acc"),
        changed(NAMED, ("arms", "big", "training", "epohcs"), 1),
        changed(NAMED, ("arms", "big", "encoder", "nmae"), "x"),
        changed(NAMED, ("arms", "big", "tasks", "polite", "label"), "x"),
        changed(NAMED, ("arms", "hard", "sharing"), "telepathy"),
        renamed(NAMED, ("tasks", "polite", "kind"), "type"),
    ],
)
def test_mistakes_are_found(validator, study):
    assert not validator.is_valid(study)


def test_every_key_is_described_for_the_editor():
    schema = study_schema()
    described = json.dumps(schema)
    assert [key.name for key in walk(Study) if f'"{key.name}"' not in described] == []
    sections = [schema, *schema["$defs"].values()]
    assert [
        (section["title"], name)
        for section in sections
        for name, key in section["properties"].items()
        if "description" not in key
    ] == []
