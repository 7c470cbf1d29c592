from __future__ import annotations

import pytest
import torch
from torch import nn

from sharewise.models.encoder import build_encoder
from sharewise.models.sharing import SHARINGS
from sharewise.train.optimizer import build_optimizer, parameter_groups
from sharewise.train.options import TrainingOptions
from support import make_tasks, make_tokenizer, tiny_encoder


@pytest.fixture
def model():
    encoder = build_encoder(tiny_encoder(), make_tokenizer(), seed=1)
    return SHARINGS["hard"](encoder, make_tasks(), seed=1)


def named(model, parameters) -> set[str]:
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {names[id(parameter)] for parameter in parameters}


def test_matrices_decay_and_embeddings_norms_and_biases_do_not(model):
    decayed, kept = parameter_groups(model, 0.05)
    assert (decayed["weight_decay"], kept["weight_decay"]) == (0.05, 0.0)
    undecayed = named(model, kept["params"])
    assert "encoder.backbone.embeddings.tok_embeddings.weight" in undecayed
    assert "encoder.backbone.final_norm.weight" in undecayed
    assert "heads.0.bias" in undecayed
    matrices = named(model, decayed["params"])
    assert "heads.0.weight" in matrices
    assert any("attn" in name for name in matrices)
    assert all(model.get_parameter(name).ndim > 1 and "embeddings" not in name for name in matrices)


def test_each_trained_parameter_is_in_one_group(model):
    model.heads[1].weight.requires_grad_(False)
    groups = parameter_groups(model, 0.05)
    listed = [name for group in groups for name in named(model, group["params"])]
    expected = [name for name, _ in model.named_parameters() if name != "heads.1.weight"]
    assert sorted(listed) == sorted(expected)
    assert sum(len(group["params"]) for group in groups) == len(expected)


def test_an_embedding_row_without_gradient_stays_bit_for_bit(model):
    table = model.encoder.table.weight
    before = table.detach().clone()
    optimizer = build_optimizer(model, TrainingOptions(learning_rate=0.1, weight_decay=0.5))
    for _ in range(3):
        table.grad = torch.zeros_like(table)
        table.grad[7] = 1.0
        optimizer.step()
    changed = (table.detach() != before).any(dim=1)
    assert changed.nonzero().flatten().tolist() == [7]


def test_a_matrix_decays_by_rate_times_decay(model):
    weight = model.heads[0].weight
    before = weight.detach().clone()
    optimizer = build_optimizer(model, TrainingOptions(learning_rate=0.1, weight_decay=0.5))
    weight.grad = torch.zeros_like(weight)
    optimizer.step()
    torch.testing.assert_close(weight.detach(), before * (1 - 0.1 * 0.5))


def test_every_step_leaves_a_trace_in_the_parameters_that_it_changes():
    for name in ("adamw", "adafactor"):
        model = nn.Linear(3, 2)
        optimizer = build_optimizer(model, TrainingOptions(optimizer=name))
        model.weight.grad = torch.ones(2, 3)
        before, at_rest = model.weight._version, model.bias._version
        optimizer.step()
        assert model.weight._version > before, name
        assert model.bias._version == at_rest, name
