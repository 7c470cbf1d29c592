"""A saved model gives the same outputs, bit for bit, and a changed file of it is refused by name."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import polars as pl
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from models.families import FAMILIES
from models.saving import SCRATCH, save_tiny
from sharewise.data.tokens import tokenize, tokenizer_digest
from sharewise.errors import UserError
from sharewise.models.manifest import Manifest, write_manifest
from sharewise.models.options import EncoderOptions, ScratchOptions
from sharewise.models.pretrained import quiet
from sharewise.models.saved import LoadedModel, load_model, load_models, save_models


@pytest.fixture
def saved(tmp_path, singles, tasks):
    folder = tmp_path / "model"
    options = EncoderOptions(
        scratch=ScratchOptions(layers=1, width=32, vocabulary=300), pooling="cls", dropout=0.25
    )
    return folder, *save_tiny(folder, singles, tasks, options)


@pytest.mark.parametrize("family", [*FAMILIES, "scratch"])
def test_outputs_are_bit_equal(family, family_folder, tmp_path, pairs, tasks):
    named = family != "scratch"
    options = EncoderOptions(name=str(family_folder(family))) if named else SCRATCH
    sharing, tokenizer = save_tiny(tmp_path / "model", pairs, tasks, options)
    loaded = load_model(tmp_path / "model")
    assert tokenizer_digest(loaded.tokenizer) == tokenizer_digest(tokenizer)
    with torch.no_grad():
        expected = sharing(tokenize(pairs, tokenizer, max_length=32).batch(np.arange(4)))
        outputs = loaded.sharing(tokenize(pairs, loaded.tokenizer, max_length=32).batch(np.arange(4)))
    assert list(outputs) == list(expected)
    assert all(torch.equal(outputs[name], expected[name]) for name in tasks)


def test_everything_a_scorer_needs_comes_back(saved, tasks):
    folder, _, _ = saved
    loaded = load_model(folder)
    assert isinstance(loaded, LoadedModel)
    assert not loaded.sharing.training
    assert loaded.max_length == 32
    assert loaded.sharing.encoder.pooling == "cls"
    assert loaded.sharing.encoder.dropout == 0.25
    assert loaded.manifest.study == {"name": "tiny", "run": "abc"}
    assert list(loaded.tasks) == list(tasks)
    for name, task in tasks.items():
        again = loaded.tasks[name]
        assert type(again) is type(task)
        assert again.describe() == task.describe()
        assert again.options == task.options
    scores = torch.tensor([[-1.0], [1.0]])
    assert torch.equal(loaded.tasks["train"].activate(scores), tasks["train"].activate(scores))
    column = pl.Series(["a", "c", None])
    encoded = loaded.tasks["tone.of-voice"].encode(column)
    np.testing.assert_array_equal(encoded, tasks["tone.of-voice"].encode(column))


def test_parts_are_what_transformers_loads(saved):
    folder, sharing, tokenizer = saved
    with quiet():
        backbone = AutoModel.from_pretrained(folder / "encoder")
        again = AutoTokenizer.from_pretrained(folder)
    assert all(
        torch.equal(a, b)
        for a, b in zip(backbone.parameters(), sharing.encoder.backbone.parameters(), strict=True)
    )
    assert again("안녕 hello")["input_ids"] == tokenizer("안녕 hello")["input_ids"]


def test_no_pickle_and_a_readable_manifest(saved):
    folder, _, _ = saved
    suffixes = {file.suffix for file in folder.rglob("*") if file.is_file()}
    assert suffixes <= {".json", ".safetensors", ".txt", ".md"}
    manifest = json.loads((folder / "sharewise.json").read_text(encoding="utf-8"))
    assert manifest["schema"] == 2
    assert manifest["tasks"]["tone.of-voice"]["found"]["labels"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "name",
    [
        "encoder/model.safetensors",
        "encoder/config.json",
        "tokenizer.json",
        "heads.safetensors",
        "config.json",
    ],
)
@pytest.mark.parametrize("damage", ["changed", "cut short", "removed"])
def test_damaged_files_are_refused_by_name(saved, name, damage):
    folder, _, _ = saved
    file = folder / name
    content = bytearray(file.read_bytes())
    if damage == "changed":
        content[len(content) // 2] ^= 1
    file.write_bytes(content[: len(content) // 2] if damage == "cut short" else content)
    if damage == "removed":
        file.unlink()
    with pytest.raises(UserError) as caught:
        load_model(folder)
    assert str(caught.value).startswith(str(file))


def test_damaged_manifest_is_refused(saved):
    folder, _, _ = saved
    file = folder / "sharewise.json"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole[:-40], encoding="utf-8")
    with pytest.raises(UserError, match=r"sharewise\.json"):
        load_model(folder)
    file.write_text(whole.replace('"schema": 2', '"schema": 3'), encoding="utf-8")
    with pytest.raises(UserError, match=r"sharewise\.json: schema 3.*\n.*update Sharewise"):
        load_model(folder)


def test_manifest_of_other_labels_is_refused(saved):
    folder, _, _ = saved
    file = folder / "sharewise.json"
    whole = file.read_text(encoding="utf-8")
    changed = whole.replace('"a",', '"A",')
    assert changed != whole
    file.write_text(changed, encoding="utf-8")
    with pytest.raises(UserError, match=r"sharewise\.json: the file is not the one that was saved"):
        load_model(folder)


@pytest.mark.parametrize("change", [{"sharing": "telepathy"}, {"tasks": {"x": {"options": {}, "found": {}}}}])
def test_what_another_version_saved_is_refused(saved, change):
    file = saved[0] / "sharewise.json"
    write_manifest(
        saved[0], Manifest.model_validate({**json.loads(file.read_text(encoding="utf-8")), **change})
    )
    with pytest.raises(UserError, match="load it with the version that saved it"):
        load_model(saved[0])


def test_a_model_of_schema_1_loads(saved, tasks):
    """The layout before the tokenizer moved up and config.json came."""
    folder, sharing, tokenizer = saved
    (folder / "tokenizer").mkdir()
    for file in folder.glob("tokenizer*.json"):
        file.rename(folder / "tokenizer" / file.name)
    (folder / "config.json").unlink()
    (folder / "README.md").unlink()
    content = json.loads((folder / "sharewise.json").read_text(encoding="utf-8"))
    for key in ("texts", "languages", "metrics", "thresholds", "calibration", "licence", "digest"):
        del content[key]
    content["schema"] = 1
    content["files"] = {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and file.name != "sharewise.json"
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    (folder / "sharewise.json").write_text(json.dumps(content | {"digest": digest}), encoding="utf-8")
    loaded = load_model(folder)
    assert loaded.manifest.thresholds == {}
    assert tokenizer_digest(loaded.tokenizer) == tokenizer_digest(tokenizer)
    assert all(
        torch.equal(a, b)
        for a, b in zip(loaded.sharing.state_dict().values(), sharing.state_dict().values(), strict=True)
    )


@pytest.fixture
def bundle(tmp_path, singles, tasks):
    parts = {}
    for seed, (name, task) in enumerate(tasks.items()):
        parts[name] = tmp_path / "runs" / name
        save_tiny(parts[name], singles, {name: task}, seed=seed)
    save_models(tmp_path / "bundle", parts, licence="apache-2.0")
    return tmp_path / "bundle", parts


def test_models_that_answer_together(bundle, tasks):
    folder, parts = bundle
    loaded = load_models(folder)
    assert [name for model in loaded for name in model.tasks] == list(tasks)
    for model, part in zip(loaded, parts.values(), strict=True):
        expected = load_model(part).sharing.state_dict()
        assert all(torch.equal(v, expected[k]) for k, v in model.sharing.state_dict().items())
        assert model.manifest.licence.model == "apache-2.0"
        assert load_model(part).manifest.licence.model is None
    assert (folder / "spam" / "heads.safetensors").samefile(parts["spam"] / "heads.safetensors")
    assert not (folder / "spam" / "README.md").samefile(parts["spam"] / "README.md")
    with pytest.raises(UserError, match=r"several models\n.*load one of spam, "):
        load_model(folder)


def test_one_of_several_models_is_not_swapped(bundle, singles, tasks):
    folder, _ = bundle
    save_tiny(folder / "spam", singles, {"spam": tasks["spam"]}, seed=99)
    with pytest.raises(UserError, match=r"bundle/spam/sharewise\.json: this is another model"):
        load_models(folder)


def test_a_bundle_of_one_is_that_model(saved, tmp_path, tasks):
    save_models(tmp_path / "one", {"all": saved[0]})
    assert list(load_model(tmp_path / "one").tasks) == list(tasks)


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"holds no sharewise\.json"):
        load_model(tmp_path)


def test_saving_again_replaces_the_whole_folder(saved, singles, tasks):
    folder, _, _ = saved
    (folder / "left-over").write_text("x")
    one = {"spam": tasks["spam"]}
    save_tiny(folder, singles, one)
    assert list(load_model(folder).tasks) == ["spam"]
    assert not (folder / "left-over").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["model"]
