"""What can't be loaded is refused with a reason; what can be is loaded without a word."""

from __future__ import annotations

import json
import shutil

import huggingface_hub
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import T5Config, T5Model

from sharewise.errors import UserError
from sharewise.models.backbones import load_backbone
from sharewise.models.options import EncoderOptions
from sharewise.models.pretrained import load_pretrained_tokenizer, quiet, source_digest

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def copy(family_folder, tmp_path):
    return shutil.copytree(family_folder("bert"), tmp_path / "copy")


@pytest.fixture
def offline_hub(family_folder, tmp_path, monkeypatch):
    """A hub cache that holds one model, and no network."""
    model = tmp_path / "hub" / "models--klue--tiny"
    shutil.copytree(family_folder("klue_roberta"), model / "snapshots" / COMMIT)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text(COMMIT)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return model


def test_loading_is_silent(family_folder, capfd):
    options = EncoderOptions(name=str(family_folder("electra")))
    load_backbone(options)
    load_pretrained_tokenizer(options)
    assert capfd.readouterr() == ("", "")


def test_pooler_is_left_out_and_attention_fused(family_folder):
    backbone = load_backbone(EncoderOptions(name=str(family_folder("bert"))))
    assert backbone.pooler is None
    assert backbone.config._attn_implementation == "sdpa"
    assert not load_backbone(EncoderOptions(name=str(family_folder("deberta_v3")))).training


def test_weights_come_in_float32(copy):
    save_file(
        {k: v.half() for k, v in load_file(copy / "model.safetensors").items()}, copy / "model.safetensors"
    )
    backbone = load_backbone(EncoderOptions(name=str(copy)))
    assert {p.dtype for p in backbone.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", ["./nowhere", "/no/such/folder", "~/no/such/folder", "a/b/c"])
def test_missing_folder(name):
    with pytest.raises(UserError, match="there is no such folder"):
        load_backbone(EncoderOptions(name=name))


def test_folder_without_model(tmp_path):
    with pytest.raises(UserError, match=r"holds no config\.json"):
        load_pretrained_tokenizer(EncoderOptions(name=str(tmp_path)))


def test_folder_without_tokenizer(copy):
    for file in ("tokenizer.json", "tokenizer_config.json"):
        (copy / file).unlink()
    with pytest.raises(UserError, match="no tokenizer"):
        load_pretrained_tokenizer(EncoderOptions(name=str(copy)))


def test_folder_without_weights(copy):
    (copy / "model.safetensors").unlink()
    with pytest.raises(UserError, match="it can't be loaded from this folder"):
        load_backbone(EncoderOptions(name=str(copy)))


def test_truncated_weights(copy):
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(UserError, match="it can't be loaded from this folder"):
        load_backbone(EncoderOptions(name=str(copy)))


def test_missing_weights_are_never_made_up(copy):
    tensors = load_file(copy / "model.safetensors")
    del tensors["encoder.layer.1.output.dense.weight"]
    save_file(tensors, copy / "model.safetensors")
    with pytest.raises(UserError, match=r"1 of the model's weights are not in its files \(encoder\.layer\.1"):
        load_backbone(EncoderOptions(name=str(copy)))


def test_unknown_architecture(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"model_type": "nonesuch"}))
    with pytest.raises(UserError, match="nonesuch"):
        load_backbone(EncoderOptions(name=str(copy)))


def test_code_of_others_runs_on_the_key_alone(copy):
    config = json.loads((copy / "config.json").read_text())
    auto_map = {"AutoConfig": "mine.MineConfig", "AutoModel": "mine.Mine"}
    (copy / "config.json").write_text(json.dumps(config | {"model_type": "mine", "auto_map": auto_map}))
    (copy / "mine.py").write_text("raise SystemExit('ran')")
    with pytest.raises(UserError) as caught:
        load_backbone(EncoderOptions(name=str(copy)))
    assert "trust_remote_code: true" in caught.value.action


def test_encoder_with_decoder(tmp_path):
    config = T5Config(vocab_size=10, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
    with quiet():
        T5Model(config).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="t5 is an encoder with a decoder"):
        load_backbone(EncoderOptions(name=str(tmp_path)))


def test_hub_id_from_the_cache(offline_hub):
    options = EncoderOptions(name="klue/tiny")
    assert load_backbone(options).config.model_type == "roberta"
    assert type(load_pretrained_tokenizer(options)).__name__ == "BertTokenizer"
    before = source_digest(options)
    other = COMMIT[::-1]
    (offline_hub / "snapshots" / COMMIT).rename(offline_hub / "snapshots" / other)
    (offline_hub / "refs" / "main").write_text(other)
    assert source_digest(options) != before


def test_hub_id_that_is_not_there(offline_hub):
    with pytest.raises(UserError, match="it can't be loaded from the hub") as caught:
        load_backbone(EncoderOptions(name="klue/huge"))
    assert "network" in caught.value.action
