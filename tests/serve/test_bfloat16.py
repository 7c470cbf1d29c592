"""Models in bfloat16: near float32 whatever shares the encoder, and taken only where they are faster."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from transformers import BertConfig, BertModel

from models.families import TEXTS
from models.saving import SCRATCH
from serve.conftest import FRAME
from sharewise.data.tokens import tokenize_now
from sharewise.models.encoder import Encoder, build_encoder
from sharewise.models.kernels.native import kernels
from sharewise.models.sharing import SHARINGS
from sharewise.models.tokenizers import load_tokenizer
from sharewise.serve import Scorer
from sharewise.serve.bfloat16 import has_bfloat16, in_bfloat16, packs, quickened
from sharewise.serve.engines import TorchEngine
from sharewise.tasks import BinaryOptions

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(
    not has_bfloat16(CPU) or torch.cuda.is_available(), reason="this processor doesn't multiply bfloat16"
)
TASKS = {n: BinaryOptions(data="d", label=n).build(n, pl.Series([0, 1])) for n in "abc"}


@pytest.mark.parametrize("name", SHARINGS)
def test_every_way_to_share_gives_almost_the_same_answers(name):
    method = SHARINGS[name]
    grouped = "groups" in method.options.model_fields
    options = method.options(groups={"x": ("a", "b"), "y": ("c",)}) if grouped else method.options()
    tokenizer = load_tokenizer(SCRATCH, FRAME)
    model = method(build_encoder(SCRATCH, tokenizer, seed=1), TASKS, seed=1, options=options).eval()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        # What starts as the identity, too, shall do something.
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
    tokens = tokenize_now(TEXTS, tokenizer, max_length=32).batch(np.arange(len(TEXTS)))
    with torch.inference_mode():
        before = model(tokens)
        copy = in_bfloat16(model, CPU)
        with torch.autocast("cpu", torch.bfloat16):
            found = copy(tokens)
        again = model(tokens)
    for task, expected in before.items():
        assert found[task].dtype == torch.float32
        spread = float(expected.max() - expected.min())
        assert 0 < float((found[task] - expected).abs().max()) < 0.1 * spread
        assert torch.equal(again[task], expected)


@pytest.mark.skipif(kernels() is None, reason="no kernels in C on this machine")
@pytest.mark.parametrize("name", SHARINGS)
def test_a_quickened_copy_gives_almost_the_same_answers_from_the_same_weights(name):
    method = SHARINGS[name]
    grouped = "groups" in method.options.model_fields
    options = method.options(groups={"x": ("a", "b"), "y": ("c",)}) if grouped else method.options()
    tokenizer = load_tokenizer(SCRATCH, FRAME)
    config = BertConfig(
        vocab_size=300, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        encoder = Encoder(BertModel(config, add_pooling_layer=False), SCRATCH)
    model = method(encoder, TASKS, seed=1, options=options).eval()
    tokens = tokenize_now(TEXTS, tokenizer, max_length=32).batch(np.arange(len(TEXTS)))
    with torch.inference_mode():
        before = model(tokens)
        copy = quickened(model, CPU)
        if copy is None:
            assert name == "lora", "all layers of BERT are known"
            return
        assert packs(copy)
        assert not packs(model)
        with torch.autocast("cpu", torch.bfloat16):
            found = copy(tokens)
        again = model(tokens)
    assert all(a is b for a, b in zip(model.parameters(), copy.parameters(), strict=True))
    for task, expected in before.items():
        assert float((found[task].float() - expected).abs().max()) < 0.02 * max(1.0, expected.abs().max())
        assert torch.equal(again[task], expected)


def test_other_encoders_are_not_quickened():
    tokenizer = load_tokenizer(SCRATCH, FRAME)
    model = SHARINGS["hard"](build_encoder(SCRATCH, tokenizer, seed=1), TASKS, seed=1).eval()
    assert quickened(model, CPU) is None
    assert not packs(model)


def test_the_engine_is_near_float32_and_has_another_name(model_folder):
    exact = Scorer.load(model_folder, engine="torch")
    reduced = exact.with_engine("torch-bf16")
    assert (exact.engine, reduced.engine) == ("torch", "torch-bf16")
    expected, found = exact.scores(TEXTS), reduced.scores(TEXTS)
    for task in expected:
        assert not np.array_equal(found[task], expected[task])
        np.testing.assert_allclose(found[task], expected[task], atol=0.05)


def test_it_is_taken_where_it_is_faster_and_near(model_folder, monkeypatch):
    def seconds(reduced):
        return lambda engine, models: reduced if engine.name == "torch-bf16" else 1.0

    for reduced, name in ((0.5, "torch-bf16"), (2.0, "torch")):
        monkeypatch.setattr("sharewise.serve.engines._seconds", seconds(reduced))
        assert Scorer.load(model_folder).engine == name
    monkeypatch.setattr("sharewise.serve.engines._seconds", seconds(0.5))
    forward = TorchEngine.forward

    def far(self, tokens, tasks):
        outputs = forward(self, tokens, tasks)
        return {t: block + 0.2 * (self.name == "torch-bf16") for t, block in outputs.items()}

    monkeypatch.setattr(TorchEngine, "forward", far)
    assert Scorer.load(model_folder).engine == "torch"
