"""A saved model gives the same outputs, bit for bit, and a changed file of it is refused by name."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from models.families import FAMILIES
from sharewise.data.tokens import tokenize, tokenizer_digest
from sharewise.errors import UserError
from sharewise.models.encoder import build_encoder
from sharewise.models.options import EncoderOptions, ScratchOptions
from sharewise.models.pretrained import quiet
from sharewise.models.saved import LoadedModel, Manifest, load_model, save_model
from sharewise.models.sharing import HardSharing
from sharewise.models.tokenizers import load_tokenizer


def _save(folder, options, texts, tasks):
    tokenizer = load_tokenizer(options, texts)
    sharing = HardSharing(build_encoder(options, tokenizer, seed=1), tasks, seed=1)
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in sharing.parameters():
            parameter.add_(0.01 * torch.randn(parameter.shape, generator=generator))
    save_model(
        folder,
        sharing=sharing,
        tokenizer=tokenizer,
        tasks=tasks,
        options=options,
        sharing_name="hard",
        max_length=32,
        study={"name": "tiny", "run": "abc"},
    )
    return sharing.eval(), tokenizer


@pytest.fixture
def saved(tmp_path, singles, tasks):
    folder = tmp_path / "model"
    options = EncoderOptions(
        scratch=ScratchOptions(layers=1, width=32, vocabulary=300), pooling="cls", dropout=0.25
    )
    return folder, *_save(folder, options, singles, tasks)


@pytest.mark.parametrize("family", [*FAMILIES, "scratch"])
def test_outputs_are_bit_equal(family, family_folder, tmp_path, pairs, tasks):
    scratch = ScratchOptions(layers=1, width=32, vocabulary=300)
    named = family != "scratch"
    options = EncoderOptions(name=str(family_folder(family))) if named else EncoderOptions(scratch=scratch)
    sharing, tokenizer = _save(tmp_path / "model", options, pairs, tasks)
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
        again = AutoTokenizer.from_pretrained(folder / "tokenizer")
    assert all(
        torch.equal(a, b)
        for a, b in zip(backbone.parameters(), sharing.encoder.backbone.parameters(), strict=True)
    )
    assert again("안녕 hello")["input_ids"] == tokenizer("안녕 hello")["input_ids"]


def test_no_pickle_and_a_readable_manifest(saved):
    folder, _, _ = saved
    suffixes = {file.suffix for file in folder.rglob("*") if file.is_file()}
    assert suffixes <= {".json", ".safetensors", ".txt"}
    manifest = json.loads((folder / "sharewise.json").read_text(encoding="utf-8"))
    assert manifest["schema"] == 1
    assert manifest["tasks"]["tone.of-voice"]["found"]["labels"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "name",
    ["encoder/model.safetensors", "encoder/config.json", "tokenizer/tokenizer.json", "heads.safetensors"],
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
    file.write_text(whole.replace('"schema": 1', '"schema": 2'), encoding="utf-8")
    with pytest.raises(UserError, match=r"sharewise\.json: schema"):
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
    manifest = Manifest.model_validate({**json.loads(file.read_text(encoding="utf-8")), **change}).sealed()
    file.write_text(manifest.model_dump_json(by_alias=True), encoding="utf-8")
    with pytest.raises(UserError, match="load it with the version that saved it"):
        load_model(saved[0])


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"holds no sharewise\.json"):
        load_model(tmp_path)


def test_saving_again_replaces_the_whole_folder(saved, singles, tasks):
    folder, _, _ = saved
    (folder / "left-over").write_text("x")
    one = {"spam": tasks["spam"]}
    _save(folder, EncoderOptions(scratch=ScratchOptions(layers=1, width=16, vocabulary=300)), singles, one)
    assert list(load_model(folder).tasks) == ["spam"]
    assert not (folder / "left-over").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["model"]
