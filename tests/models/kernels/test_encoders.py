"""Faster layers in whole encoders: the same outputs and gradients as PyTorch's own, but for rounding."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from transformers import (
    BertConfig,
    BertModel,
    DebertaV2Config,
    DebertaV2Model,
    DistilBertConfig,
    DistilBertModel,
    ElectraConfig,
    ElectraModel,
    ModernBertConfig,
    ModernBertModel,
    RobertaConfig,
    RobertaModel,
)

from sharewise.data.tokens import TokenBatch
from sharewise.models.encoder import Encoder
from sharewise.models.kernels import layer, packing
from sharewise.models.kernels.native import kernels
from sharewise.models.kernels.products import FastLinear
from sharewise.models.options import EncoderOptions

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
LENGTHS = (3, 40, 17, 8, 1)


def bert(**keys):
    return BertModel(BertConfig(vocab_size=50, **SIZES | keys), add_pooling_layer=False)


def roberta(**keys):
    config = RobertaConfig(vocab_size=50, pad_token_id=1, max_position_embeddings=64, **SIZES | keys)
    return RobertaModel(config, add_pooling_layer=False)


def electra(**keys):
    return ElectraModel(ElectraConfig(vocab_size=50, embedding_size=16, **SIZES | keys))


def modernbert(**keys):
    kinds = {"layer_types": ["full_attention"] * 2} | keys
    return ModernBertModel(ModernBertConfig(vocab_size=50, pad_token_id=0, **SIZES | kinds))


def distilbert(**keys):
    return DistilBertModel(
        DistilBertConfig(vocab_size=50, dim=32, n_layers=2, n_heads=2, hidden_dim=64, **keys)
    )


def deberta(**keys):
    return DebertaV2Model(DebertaV2Config(vocab_size=50, type_vocab_size=0, **SIZES | keys))


MODELS = {
    "bert": (lambda: bert(**NO_DROPOUT), True),
    "roberta": (lambda: roberta(**NO_DROPOUT), True),
    "electra": (lambda: electra(**NO_DROPOUT), True),
    "modernbert": (modernbert, True),
    "modernbert_local": (
        lambda: modernbert(layer_types=["full_attention", "sliding_attention"], local_attention=8),
        False,
    ),
    "distilbert": (lambda: distilbert(dropout=0.0, attention_dropout=0.0), False),
    "deberta": (lambda: deberta(**NO_DROPOUT), False),
}


def encoders(name: str, *, native: bool = True) -> tuple[Encoder, Encoder]:
    """Return one encoder as PyTorch computes it and as it is computed faster, by compiled kernels or without."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        plain = MODELS[name][0]()
    if name != "deberta":
        plain.config._attn_implementation = "sdpa"
    faster = Encoder(copy.deepcopy(plain), EncoderOptions(name="x"))
    faster.quicken(native=native and kernels() is not None)
    return Encoder(plain, EncoderOptions(name="x")), faster


def batch(pad: int) -> TokenBatch:
    generator = torch.Generator().manual_seed(0)
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
    ids = torch.randint(2, 50, mask.shape, generator=generator)
    types = torch.randint(0, 2, mask.shape, generator=generator)
    return TokenBatch(torch.where(mask, ids, pad), mask, torch.where(mask, types, 0))


def outputs_and_gradients(encoder: Encoder, *, low: bool) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    tokens = batch(encoder.backbone.config.pad_token_id or 0)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low):
        states = encoder(tokens)
    states = states.float() * tokens.attention_mask[..., None]
    weights = torch.randn(states.shape, generator=torch.Generator().manual_seed(1))
    encoder.zero_grad()
    (states * weights).sum().backward()
    return states.detach(), {n: p.grad for n, p in encoder.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("training", "native"), [(True, True), (False, True), (True, False)])
def test_outputs_and_gradients_are_pytorchs_own(name, training, native):
    plain, faster = encoders(name, native=native)
    assert faster.packs == MODELS[name][1]
    states, gradients = outputs_and_gradients(plain.train(training), low=False)
    its_states, its_gradients = outputs_and_gradients(faster.train(training), low=False)
    torch.testing.assert_close(its_states, states, atol=2e-5, rtol=1e-4)
    assert its_gradients.keys() == gradients.keys()
    for key, gradient in gradients.items():
        torch.testing.assert_close(its_gradients[key], gradient, atol=5e-5, rtol=1e-3, msg=key)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("native", [True, False])
def test_in_bfloat16_they_are_float32s_to_its_rounding(name, native):
    plain, faster = encoders(name, native=native)
    exact, exact_gradients = outputs_and_gradients(plain, low=False)
    its, its_gradients = outputs_and_gradients(faster, low=True)
    # Sums over layers are bfloat16 too, whose numbers are 2^-8 apart.
    assert 0 < (its - exact).norm() < 2**-7 * exact.norm()
    error = sum((its_gradients[k] - g).square().sum() for k, g in exact_gradients.items()) ** 0.5
    assert error < 0.03 * sum(g.square().sum() for g in exact_gradients.values()) ** 0.5
    assert all(g.dtype == torch.float32 for g in its_gradients.values())


def test_copies_in_bfloat16_follow_every_kind_of_change():
    _, faster = encoders("bert")
    linear = next(m for m in faster.modules() if isinstance(m, FastLinear))

    def found() -> torch.Tensor:
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            return linear(torch.eye(linear.in_features)) - linear.bias

    def load() -> None:
        linear.load_state_dict({"weight": torch.full_like(linear.weight, 0.25), "bias": linear.bias})

    for change in (lambda: nn.init.constant_(linear.weight, 0.5), load):
        change()
        torch.testing.assert_close(found(), linear.weight.T, atol=1e-2, rtol=1e-2)


def test_packing_turns_back_into_what_was_packed():
    tokens = batch(0)
    packed = packing.Packing.of(tokens)
    assert packed.total == 96
    assert int(tokens.attention_mask.sum()) == sum(LENGTHS)
    values = packed.pack(tokens.input_ids, 7)
    assert values.shape == (1, 96)
    assert (values[0, sum(LENGTHS) :] == 7).all()
    unpacked = packed.unpack(values[..., None].float())[..., 0]
    assert torch.equal(unpacked.long(), torch.where(tokens.attention_mask, tokens.input_ids, 0))
    starts = torch.cumsum(torch.tensor((0, *LENGTHS[:-1])), 0)
    assert packed.positions[starts].tolist() == [0] * len(LENGTHS)
    heads = torch.randn(1, 2, packed.total, 4)
    spread = packed.spread(heads)
    assert spread.shape == (len(LENGTHS) * 2, 64, 4)
    torch.testing.assert_close(
        packed.gather(spread)[0, : sum(LENGTHS)], heads[0].transpose(0, 1)[: sum(LENGTHS)]
    )


def test_encoders_stay_padded_where_packing_is_forbidden():
    _, faster = encoders("bert")
    seen = []
    faster.backbone.register_forward_pre_hook(
        lambda module, arguments, keywords: seen.append(keywords["input_ids"].shape), with_kwargs=True
    )
    faster(batch(0))
    with packing.forbidden():
        faster(batch(0))
    assert seen == [(1, 96), (len(LENGTHS), max(LENGTHS))]


@pytest.mark.parametrize("name", ["bert", "roberta", "electra"])
def test_a_layer_in_one_step_is_its_modules_with_the_same_masks(name, monkeypatch):
    rates = {"hidden_dropout_prob": 0.3, "attention_probs_dropout_prob": 0.2}
    make = {"bert": bert, "roberta": roberta, "electra": electra}[name]
    monkeypatch.setitem(MODELS, name, (lambda: make(**rates), True))
    _, whole = encoders(name, native=False)
    monkeypatch.setattr(layer, "_KINDS", frozenset())
    _, apart = encoders(name, native=False)
    assert sum(isinstance(m, layer.FastLayer) for m in whole.modules()) == 2
    assert not any(isinstance(m, layer.FastLayer) for m in apart.modules())
    found = []
    for encoder in (whole, apart):
        torch.manual_seed(5)
        found.append(outputs_and_gradients(encoder.train(), low=True))
    (one, one_gradients), (other, other_gradients) = found
    assert (one - other).norm() < 2**-7 * other.norm()
    assert one_gradients.keys() == other_gradients.keys()
    error = sum((one_gradients[k] - g).square().sum() for k, g in other_gradients.items()) ** 0.5
    assert error < 0.03 * sum(g.square().sum() for g in other_gradients.values()) ** 0.5
    torch.manual_seed(6)
    assert (outputs_and_gradients(whole, low=True)[0] - one).norm() > 0.05 * one.norm()


def test_a_layer_with_frozen_weights_or_hooks_still_answers():
    plain, faster = encoders("bert")
    for parameter in faster.backbone.encoder.layer[0].parameters():
        parameter.requires_grad_(False)
    _, gradients = outputs_and_gradients(plain, low=False)
    _, its = outputs_and_gradients(faster, low=True)
    assert {k for k in gradients if ".layer.0." not in k} == its.keys()
    seen = []
    faster.backbone.encoder.layer[1].register_forward_hook(lambda m, i, output: seen.append(output.shape))
    outputs_and_gradients(faster, low=True)
    assert seen == [(1, 96, 32)]


@pytest.mark.parametrize("name", ["bert", "roberta", "electra"])
def test_a_layer_by_compiled_kernels_reads_each_text_for_itself(name):
    """What a text's states are doesn't depend on the texts beside it."""
    _, faster = encoders(name)
    faster.eval()
    tokens = batch(faster.backbone.config.pad_token_id or 0)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        together = faster(tokens)
        for row, length in enumerate(LENGTHS):
            part = (x[row : row + 1, :length] for x in (tokens.input_ids, tokens.attention_mask))
            types = tokens.token_type_ids[row : row + 1, :length]
            alone = faster(TokenBatch(*part, types))
            torch.testing.assert_close(alone[0], together[row, :length], atol=0.05, rtol=0.02)
            assert not together[row, length:].any()


def test_long_texts_are_read_by_matrix_products(monkeypatch):
    exact, _ = outputs_and_gradients(encoders("bert")[0].eval(), low=False)
    _, faster = encoders("bert")
    monkeypatch.setattr(layer, "LONGEST", 32)
    monkeypatch.setattr(layer.NativeLayer, "apply", None)
    found, gradients = outputs_and_gradients(faster.eval(), low=True)
    assert (found - exact).norm() < 2**-7 * exact.norm()
    assert gradients


def pooled_and_gradients(
    encoder: Encoder, tokens: TokenBatch
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        pooled = encoder.pooled(tokens)
    assert pooled.dtype == torch.float32
    encoder.zero_grad()
    weights = torch.randn(pooled.shape, generator=torch.Generator().manual_seed(1))
    (pooled * weights).sum().backward()
    return pooled.detach(), {n: p.grad for n, p in encoder.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("native", [True, False])
def test_first_tokens_alone_are_as_among_all(name, native, monkeypatch):
    _, faster = encoders(name, native=native)
    faster.pooling = "cls"
    tokens = batch(faster.backbone.config.pad_token_id or 0)
    read = []
    original = packing.Packing.first
    monkeypatch.setattr(
        packing.Packing, "first", lambda self, states: read.append(states.shape[1]) or original(self, states)
    )
    found, gradients = pooled_and_gradients(faster, tokens)
    if name in ("bert", "roberta", "electra"):
        assert read == [len(LENGTHS)], "the last layer computed more than it was asked for"
    for module in faster.modules():
        if isinstance(module, layer.FastLayer):
            module.last = False
    whole, its_gradients = pooled_and_gradients(faster, tokens)
    assert (found - whole).norm() < 2**-7 * whole.norm()
    assert gradients.keys() == its_gradients.keys()
    error = sum((gradients[k] - g).square().sum() for k, g in its_gradients.items()) ** 0.5
    assert error < 0.03 * sum(g.square().sum() for g in its_gradients.values()) ** 0.5


def test_a_text_without_tokens_has_no_state_of_another():
    _, faster = encoders("bert")
    faster.pooling = "cls"
    tokens = batch(0)
    tokens.attention_mask[1] = False
    tokens.attention_mask[-1] = False
    found, gradients = pooled_and_gradients(faster, tokens)
    assert not found[[1, -1]].any()
    assert found[[0, 2, 3]].any(dim=1).all()
    assert all(gradient.isfinite().all() for gradient in gradients.values())


def test_dropout_acts_on_first_tokens_too():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = Encoder(
            bert(hidden_dropout_prob=0.2, attention_probs_dropout_prob=0.2), EncoderOptions(name="x")
        )
    encoder.pooling = "cls"
    encoder.quicken(native=kernels() is not None)
    # Of all dropout only the last layer's is left.
    for module in encoder.backbone.embeddings.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    for module in encoder.backbone.encoder.layer[0].modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    tokens = batch(0)
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        one, other = encoder.train().pooled(tokens), encoder.pooled(tokens)
        assert (one != other).any(dim=1).all()
        encoder.eval()
        assert torch.equal(encoder.pooled(tokens), encoder.pooled(tokens))


def test_whatever_hangs_on_to_the_encoder_is_shown_all_states():
    _, faster = encoders("bert")
    faster.pooling = "cls"
    tokens = batch(0)
    seen = []
    with torch.autocast("cpu", dtype=torch.bfloat16):
        alone = faster.pooled(tokens)
        handle = faster.register_forward_hook(lambda module, inputs, output: seen.append(output))
        found = faster.pooled(tokens)
        handle.remove()
    assert seen[0].shape == (len(LENGTHS), max(LENGTHS), 32)
    assert torch.equal(found, seen[0][:, 0].float())
    assert (found - alone).norm() < 2**-7 * found.norm()


@pytest.mark.parametrize("low", [True, False])
def test_as_many_tokens_as_texts_are_no_first_tokens(low):
    _, faster = encoders("bert")
    faster.pooling = "cls"
    mask = torch.ones(32, 2, dtype=torch.bool)
    mask[:, 1] = False
    mask[3], mask[20] = False, True
    tokens = TokenBatch(torch.arange(64).view(32, 2) % 40 + 2, mask, None)
    assert mask.sum() == 32
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=low):
        found, expected = faster.pooled(tokens), faster(tokens)[:, 0].float()
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0.05)
