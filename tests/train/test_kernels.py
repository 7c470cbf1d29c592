"""What computes a run: the compiled optimizer beside PyTorch's, resumption, and what a run says of it."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel

from sharewise.models.encoder import build_encoder
from sharewise.models.kernels.native import kernels, why_not
from sharewise.models.options import EncoderOptions
from sharewise.models.sharing import SHARINGS
from sharewise.train import computing
from sharewise.train.computing import described, resolve_kernels
from sharewise.train.native_adamw import NativeAdamW
from sharewise.train.optimizer import build_optimizer, clipped_step, parameter_groups
from sharewise.train.options import TrainingOptions
from support import make_job, make_tasks, make_tokenizer
from train.comparing import assert_same, train
from train.observers import At, Stopped, stop

CPU = torch.device("cpu")
compiled = pytest.mark.skipif(kernels() is None, reason=why_not())


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> EncoderOptions:
    folder = tmp_path_factory.mktemp("bert")
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=40,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return EncoderOptions(name=str(folder))


def model_of(options: EncoderOptions) -> nn.Module:
    return SHARINGS["hard"](build_encoder(options, make_tokenizer(), seed=1), make_tasks(), seed=1)


@compiled
@pytest.mark.parametrize("longest", [1e9, 0.5])
def test_adamw_is_pytorchs_to_rounding_and_takes_its_state(bert, longest):
    mine, its = model_of(bert), model_of(bert)
    own = build_optimizer(mine, TrainingOptions(weight_decay=0.1))
    other = torch.optim.AdamW(parameter_groups(its, 0.1), lr=2e-5)
    assert isinstance(own, NativeAdamW)
    generator = torch.Generator().manual_seed(0)
    for step in range(6):
        if step == 3:
            # Each goes on from where the other is.
            states = copy.deepcopy(own.state_dict()), copy.deepcopy(other.state_dict())
            own.load_state_dict(states[1])
            other.load_state_dict(states[0])
        rate = 1e-3 * (step + 1)
        for optimizer in (own, other):
            for group in optimizer.param_groups:
                group["lr"] = rate
        for number, (a, b) in enumerate(zip(mine.parameters(), its.parameters(), strict=True)):
            # A head that some steps leave alone has made fewer steps than the others.
            a.grad = b.grad = None
            if number % 7 or step % 2:
                a.grad = torch.randn(a.shape, generator=generator) * 0.01
                b.grad = a.grad.clone()
        clipped_step(own, mine, longest)
        nn.utils.clip_grad_norm_(its.parameters(), longest)
        other.step()
    for a, b in zip(mine.parameters(), its.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
        for slot, value in other.state[b].items():
            torch.testing.assert_close(own.state[a][slot], value, rtol=1e-5, atol=1e-8)


@compiled
def test_the_step_brings_the_copies_of_the_products_up_to_date(bert):
    model = model_of(bert)
    model.encoder.quicken(native=True)
    optimizer = build_optimizer(model, TrainingOptions(learning_rate=0.01))
    assert isinstance(optimizer, NativeAdamW)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    assert len(optimizer.copies) == 2 * 6 * 2
    for parameter in model.encoder.parameters():
        if id(parameter) in optimizer.copies:
            copies, number = optimizer.copies[id(parameter)]
            assert copies.versions[number] == parameter._version
            assert torch.equal(copies.copies[number], parameter.bfloat16())


@compiled
def test_a_gradient_that_is_no_number_reaches_all_weights(bert):
    model = model_of(bert)
    optimizer = build_optimizer(model, TrainingOptions())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    next(model.parameters()).grad.view(-1)[0] = float("nan")
    clipped_step(optimizer, model, 1.0)
    assert all(p.isnan().all() for p in model.parameters())


@compiled
@pytest.mark.parametrize("made", ["compiled", "python"])
def test_a_bfloat16_run_of_a_bert_goes_on_bit_for_bit(bert, tmp_path, made):
    keys = {"precision": "bf16", "kernels": "auto" if made == "compiled" else made, "encoder": bert}
    expected = train(make_job(**keys), tmp_path / "undisturbed")
    with pytest.raises(Stopped):
        train(make_job(**keys), tmp_path / "stopped", observer=At(3, stop), checkpoint_seconds=0.0)
    again = train(make_job(**keys), tmp_path / "stopped")
    assert_same(again, expected)
    assert again.outcome.notes == []


@compiled
def test_a_run_that_goes_on_with_other_kernels_says_so(bert, tmp_path, monkeypatch):
    keys = {"precision": "bf16", "encoder": bert}
    with pytest.raises(Stopped):
        train(make_job(**keys), tmp_path, observer=At(3, stop), checkpoint_seconds=0.0)
    monkeypatch.setattr(computing, "kernels", lambda: None)
    notes = train(make_job(**keys), tmp_path).outcome.notes
    assert notes == ["from update 3 on computed by python kernels, before by compiled ones"]


def test_the_kernels_of_a_run_are_told_with_the_reason(monkeypatch):
    assert resolve_kernels("torch", CPU) == "torch"
    assert resolve_kernels("python", CPU) == "python"
    assert resolve_kernels("auto", torch.device("meta")) == "torch"
    assert resolve_kernels("auto", CPU) == ("python" if kernels() is None else "compiled")
    monkeypatch.setattr(computing, "kernels", lambda: None)
    monkeypatch.setattr(computing, "why_not", lambda: "no C compiler was found")
    assert described("auto", resolve_kernels("auto", CPU)) == "python: no C compiler was found"
    assert described("python", "python") == "python"
    assert described("auto", "compiled") == "compiled"
