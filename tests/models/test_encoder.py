"""Every family of encoder loads, takes its own tokens, and learns in all its parameters."""

from __future__ import annotations

import shutil

import numpy as np
import polars as pl
import pytest
import torch

from models.families import FAMILIES
from sharewise.data.tokens import TokenBatch, tokenize
from sharewise.errors import UserError
from sharewise.models.encoder import Encoder, build_encoder, check_length, derived_seed, fingerprint
from sharewise.models.options import EncoderOptions, ScratchOptions
from sharewise.models.tokenizers import load_tokenizer

SCRATCH = EncoderOptions(scratch=ScratchOptions(layers=1, width=32, vocabulary=300))


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("texts", ["singles", "pairs"])
@pytest.mark.parametrize("family", FAMILIES)
def test_family_runs_forward_and_backward(family, texts, precision, family_folder, request):
    options = EncoderOptions(name=str(family_folder(family)))
    tokenizer = load_tokenizer(options)
    encoder = build_encoder(options, tokenizer, seed=1)
    tokens = tokenize(request.getfixturevalue(texts), tokenizer, max_length=32).batch(np.arange(4))
    with torch.autocast("cpu", precision, enabled=precision != torch.float32):
        pooled = encoder.pooled(tokens)
    assert pooled.shape == (4, encoder.width) == (4, 32)
    assert pooled.dtype == torch.float32
    pooled.square().sum().backward()
    unused = [name for name, p in encoder.named_parameters() if p.grad is None]
    assert not unused
    assert all(torch.isfinite(p.grad).all() for p in encoder.parameters())


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_changes_no_text(family, family_folder, singles):
    options = EncoderOptions(name=str(family_folder(family)))
    tokenizer = load_tokenizer(options)
    encoder = build_encoder(options, tokenizer, seed=1).eval()
    store = tokenize(singles, tokenizer, max_length=64)
    assert len(set(store.lengths)) > 1
    with torch.no_grad():
        together = _pooled(encoder, store.batch(np.arange(4)))
        alone = torch.cat([_pooled(encoder, store.batch(np.array([row]))) for row in range(4)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("family", "segments"), [("bert", 2), ("klue_roberta", 1), ("distilbert", 0)])
def test_segments_stay_inside_the_models_table(family, segments, family_folder, pairs):
    options = EncoderOptions(name=str(family_folder(family)))
    tokenizer = load_tokenizer(options)
    encoder = build_encoder(options, tokenizer, seed=1).eval()
    assert encoder.segments == segments
    tokens = tokenize(pairs, tokenizer, max_length=32).batch(np.arange(4))
    plain = TokenBatch(tokens.input_ids, tokens.attention_mask, None)
    with torch.no_grad():
        assert torch.equal(encoder(tokens), encoder(plain)) == (segments < 2)


def test_pooling(family_folder, singles):
    folder = str(family_folder("bert"))
    tokenizer = load_tokenizer(EncoderOptions(name=folder))
    tokens = tokenize(singles, tokenizer, max_length=32).batch(np.arange(4))
    by_mean = build_encoder(EncoderOptions(name=folder, pooling="mean"), tokenizer, seed=1).eval()
    by_first = build_encoder(EncoderOptions(name=folder, pooling="cls"), tokenizer, seed=1).eval()
    hidden = by_mean(tokens)
    expected = torch.stack([h[m].mean(dim=0) for h, m in zip(hidden, tokens.attention_mask, strict=True)])
    torch.testing.assert_close(by_mean.pool(hidden, tokens.attention_mask), expected)
    assert torch.equal(by_first.pool(hidden, tokens.attention_mask), hidden[:, 0])
    long = torch.ones(1, 3000, 1, dtype=torch.bfloat16)
    assert by_mean.pool(long, torch.ones(1, 3000, dtype=torch.bool)).item() == 1.0


def test_head_dropout_is_the_encoders_own_unless_named(family_folder):
    for family, expected in (("bert", 0.1), ("distilbert", 0.1), ("modernbert", 0.0)):
        options = EncoderOptions(name=str(family_folder(family)))
        tokenizer = load_tokenizer(options)
        assert build_encoder(options, tokenizer, seed=1).dropout == expected
        named = options.model_copy(update={"dropout": 0.3})
        assert build_encoder(named, tokenizer, seed=1).dropout == 0.3


def test_random_weights_depend_on_the_seed_alone(singles):
    tokenizer = load_tokenizer(SCRATCH, singles)
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = build_encoder(SCRATCH, tokenizer, seed=5).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    again = build_encoder(SCRATCH, tokenizer, seed=5).state_dict()
    other = build_encoder(SCRATCH, tokenizer, seed=6).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)
    assert len({derived_seed(s, p) for s in range(50) for p in ("encoder", "head a", "head b")}) == 150


@pytest.mark.parametrize("family", FAMILIES)
def test_length_is_checked_against_the_position_table(family, family_folder):
    options = EncoderOptions(name=str(family_folder(family)))
    tokenizer = load_tokenizer(options)
    encoder = build_encoder(options, tokenizer, seed=1)
    if encoder.longest is None:
        assert family in ("deberta_v3", "modernbert")
        check_length(encoder, 100_000)
        return
    texts = pl.DataFrame({"text": ["a b " * 100], "pair": [None]}, schema_overrides={"pair": pl.String})
    check_length(encoder, encoder.longest)
    encoder(tokenize(texts, tokenizer, max_length=encoder.longest).batch(np.array([0])))
    with pytest.raises(UserError, match=r"training\.max_length: 65 tokens.*64 positions"):
        check_length(encoder, encoder.longest + 1)
    with pytest.raises((IndexError, RuntimeError)):
        encoder(tokenize(texts, tokenizer, max_length=encoder.longest + 1).batch(np.array([0])))


def test_tokenizer_with_more_pieces_than_embeddings_is_refused(family_folder):
    options = EncoderOptions(name=str(family_folder("bert")))
    tokenizer = load_tokenizer(options)
    tokenizer.add_tokens(["newword"])
    with pytest.raises(UserError, match="its tokenizer gives ids up to"):
        build_encoder(options, tokenizer, seed=1)


def test_fingerprint_follows_every_byte(family_folder, tmp_path, singles):
    folder = shutil.copytree(family_folder("bert"), tmp_path / "copy")
    options = EncoderOptions(name=str(folder))
    tokenizer = load_tokenizer(options)
    original = fingerprint(EncoderOptions(name=str(family_folder("bert"))), tokenizer)
    assert fingerprint(options, tokenizer) == original
    (folder / "README.md").write_text("a model card")
    assert fingerprint(options, tokenizer) == original
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert fingerprint(options, tokenizer) != original
    assert fingerprint(SCRATCH, load_tokenizer(SCRATCH, singles)) != fingerprint(
        SCRATCH, load_tokenizer(SCRATCH, singles.head(2))
    )


def _pooled(encoder: Encoder, tokens: TokenBatch) -> torch.Tensor:
    return encoder.pooled(tokens)
