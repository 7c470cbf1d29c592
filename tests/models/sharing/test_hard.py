"""Hard sharing: one encoder, a head a task; with one task it is the single-task model."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sharewise.data.tokens import tokenize
from sharewise.models.encoder import build_encoder
from sharewise.models.options import EncoderOptions
from sharewise.models.sharing import SHARINGS, HardSharing
from sharewise.models.tokenizers import load_tokenizer


@pytest.fixture
def parts(family_folder, pairs):
    options = EncoderOptions(name=str(family_folder("bert")))
    tokenizer = load_tokenizer(options)
    tokens = tokenize(pairs, tokenizer, max_length=32).batch(np.arange(4))
    return (lambda: build_encoder(options, tokenizer, seed=1)), tokens


def test_shapes_and_names(parts, tasks):
    encoder, tokens = parts
    outputs = SHARINGS["hard"](encoder(), tasks, seed=1)(tokens)
    assert list(outputs) == list(tasks)
    assert {name: tuple(o.shape) for name, o in outputs.items()} == {
        name: (4, task.outputs) for name, task in tasks.items()
    }
    assert all(o.dtype == torch.float32 for o in outputs.values())


def test_one_task_alone_is_that_task_among_others(parts, tasks):
    encoder, tokens = parts
    together = HardSharing(encoder(), tasks, seed=3).eval()
    for name, task in tasks.items():
        alone = HardSharing(encoder(), {name: task}, seed=3).eval()
        assert torch.equal(alone(tokens)[name], together(tokens)[name])


def test_order_of_tasks_changes_no_output(parts, tasks):
    encoder, tokens = parts
    forwards = HardSharing(encoder(), tasks, seed=3).eval()(tokens)
    backwards = HardSharing(encoder(), dict(reversed(tasks.items())), seed=3).eval()(tokens)
    assert all(torch.equal(forwards[name], backwards[name]) for name in tasks)


def test_every_task_trains_the_encoder_and_its_own_head_alone(parts, tasks):
    encoder, tokens = parts
    model = HardSharing(encoder(), tasks, seed=3)
    for position, name in enumerate(tasks):
        model.zero_grad()
        model(tokens)[name].sum().backward()
        assert all(p.grad is not None for p in model.encoder.parameters())
        assert [head.weight.grad is not None for head in model.heads] == [
            i == position for i in range(len(tasks))
        ]
