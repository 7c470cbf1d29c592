"""Properties of all sharing methods, stated once and run over each."""

from __future__ import annotations

import copy
import inspect
import typing
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import nn

from sharewise.data.tokens import TokenBatch
from sharewise.models.compaction import compact
from sharewise.models.encoder import build_encoder
from sharewise.models.saved import Facts, load_model, save_model
from sharewise.models.sharing import SHARINGS, HardSharing, Penalised, Sharing
from sharewise.train.cells import task_losses
from sharewise.train.steps import Targets
from support import TASKS, make_data, make_stores, make_tasks, make_tokenizer, tiny_encoder

GROUPS = {"one": ("spam", "urgent"), "two": ("topic", "tone", "stars")}
# Every method with its defaults, sizes apart, and the ways in which its keys change what it does.
WAYS = {
    "hard": {},
    "hard mlp": {"head": "mlp"},
    "grouped": {"groups": GROUPS, "hidden": 8},
    "group_encoders": {"groups": GROUPS},
    "interaction all": {"hidden": 8, "groups": GROUPS},
    "interaction groups": {"hidden": 8, "groups": GROUPS, "scope": "groups"},
    "interaction pairs": {"hidden": 8, "groups": GROUPS, "scope": "pairs"},
    "labelwise": {},
    "cross_stitch": {"hidden": 8},
    "mmoe": {"hidden": 8, "experts": 3},
    "ple": {"hidden": 8, "experts": 2, "task_experts": 1, "levels": 2},
    "soft": {},
    "adapters": {"bottleneck": 4},
    "adapters shared": {"bottleneck": 4, "per_task": False, "freeze": True},
    "lora": {"rank": 2},
    "lora shared": {"rank": 2, "per_task": False},
}
# Before the first update these are hard sharing: to the bit, or to the rounding of a mean.
STARTS_AS_HARD = {
    "hard": 0.0,
    "grouped": 0.0,
    "group_encoders": 0.0,
    "interaction": 0.0,
    "labelwise": 1e-6,
    "cross_stitch": 1e-6,
    "soft": 0.0,
    "adapters": 0.0,
    "lora": 0.0,
}


@pytest.fixture(params=WAYS)
def way(request):
    method = SHARINGS[request.param.split()[0]]
    absent = [package for package in method.packages if find_spec(package) is None]
    if absent:
        pytest.skip(f"needs {absent[0]}, which is not installed")
    return request.param


def make(way, *, tasks=None, seed=1, moved=False, encoder=None):
    """Make a model, in evaluation mode; moved a little from its start where asked."""
    method = SHARINGS[way.split()[0]]
    built = encoder or build_encoder(tiny_encoder(), make_tokenizer(), seed=seed)
    model = method(built, tasks or make_tasks(), seed=seed, options=method.options(**WAYS[way])).eval()
    if moved:
        generator = torch.Generator().manual_seed(4)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return model


@pytest.fixture(scope="module")
def store():
    return make_stores(make_data())["train"]


@pytest.fixture
def tokens(store):
    return store.batch(np.arange(6))


def test_every_method_is_here():
    assert {way.split()[0] for way in WAYS} == set(SHARINGS)


def test_methods_are_final_and_cite_their_source():
    for name, method in SHARINGS.items():
        assert issubclass(method, Sharing)
        assert getattr(method, "__final__", False), name
        text = inspect.getdoc(method)
        assert "(batch" in text, name
        assert any(char.isdigit() for char in inspect.getmodule(method).__doc__ + text), name
        assert method.__module__.rpartition(".")[2] == name
        assert typing.get_type_hints(method.forward)["return"] == dict[str, torch.Tensor]


def test_shapes_and_names(way, tokens):
    model = make(way)
    assert model.encoder is not None
    outputs = model(tokens)
    assert list(outputs) == list(TASKS)
    for name, task in make_tasks().items():
        assert outputs[name].shape == (6, task.outputs)
        assert outputs[name].dtype == torch.float32


def test_float32_outputs_under_autocast(way, tokens):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = make(way)(tokens)
    assert {o.dtype for o in outputs.values()} == {torch.float32}


def test_before_the_first_update_it_is_hard_sharing_where_claimed(way, tokens):
    claimed = "it is hard sharing" in inspect.getdoc(type(make(way))).replace("which is\nhard", "it is hard")
    assert claimed == (way.split()[0] in STARTS_AS_HARD and way.split()[0] != "hard")
    if way.split()[0] not in STARTS_AS_HARD or way == "hard mlp":
        return
    hard, outputs = make("hard")(tokens), make(way)(tokens)
    for name in TASKS:
        torch.testing.assert_close(outputs[name], hard[name], rtol=0, atol=STARTS_AS_HARD[way.split()[0]])


def test_the_seed_decides_everything(way, tokens):
    torch.manual_seed(99)
    first = make(way)
    before = torch.random.get_rng_state()
    torch.manual_seed(7)
    second, other = make(way), make(way, seed=2)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))
    torch.manual_seed(99)
    assert torch.equal(torch.random.get_rng_state(), before), "making a model drew from the global generator"
    assert all(torch.equal(first(tokens)[t], second(tokens)[t]) for t in TASKS)


def test_rows_are_scored_each_for_itself(way, store):
    model = make(way, moved=True)
    rows = np.arange(6)
    outputs, turned = model(store.batch(rows)), model(store.batch(rows[::-1].copy()))
    alone = model(store.batch(rows[2:3]))
    for name in TASKS:
        torch.testing.assert_close(turned[name].flip(0), outputs[name], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(alone[name], outputs[name][2:3], rtol=1e-4, atol=1e-5)


def test_the_order_of_tasks_changes_nothing_but_rounding(way, tokens):
    backwards = make(way, tasks=dict(reversed(make_tasks().items())))
    outputs, turned = make(way)(tokens), backwards(tokens)
    for name in TASKS:
        torch.testing.assert_close(turned[name], outputs[name], rtol=1e-5, atol=1e-6)


def test_holes_count_for_nothing(way, store):
    """A task's outputs on rows without its cell reach no gradient; of an absent task nothing of its own moves."""
    data, tasks, rows = make_data(), make_tasks(), np.arange(8)
    targets = Targets(data.train, list(tasks))
    totals = targets.counts(rows) | {"stars": 0}
    cells = targets.cells(rows, totals, torch.device("cpu"))
    assert "stars" not in cells
    model = make(way, moved=True)
    outputs = model(store.batch(rows))
    for output in outputs.values():
        output.retain_grad()
    sum(task_losses(outputs, cells, tasks).values()).backward()
    assert outputs["stars"].grad is None
    for name, cell in cells.items():
        empty = sorted(set(range(len(rows))) - set(cell.index.tolist()))
        assert outputs[name].grad[empty].abs().sum() == 0
    own = [head for head, name in zip(model.heads, tasks, strict=True) if name == "stars"]
    assert all(p.grad is None for p in own[0].parameters())


def test_every_trained_parameter_is_reached(way, tokens):
    model = make(way, moved=True)
    loss = sum(o.square().sum() for o in model(tokens).values())
    if isinstance(model, Penalised):
        loss = loss + model.penalty()
    loss.backward()
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    assert {n for n, p in model.named_parameters() if p.grad is not None} == trained
    frozen = way in ("adapters shared", "lora", "lora shared")
    assert frozen == any(not p.requires_grad for p in model.encoder.parameters())


def test_one_task_alone_is_a_model_too(way, tokens):
    tasks = {"spam": make_tasks()["spam"]}
    model = make(way, tasks=tasks)
    assert list(model(tokens)) == ["spam"]
    if way in ("interaction all", "interaction groups", "interaction pairs"):
        single = HardSharing(build_encoder(tiny_encoder(), make_tokenizer(), seed=1), tasks, seed=1).eval()
        model = make(way, tasks=tasks, moved=False)
        assert torch.equal(model(tokens)["spam"], single(tokens)["spam"])


def test_compaction_changes_no_output_and_is_undone_everywhere(way, store):
    tokens = store.batch(np.arange(6))
    whole = make(way)
    encoder = build_encoder(tiny_encoder(), make_tokenizer(), seed=1)
    compaction = compact(encoder, np.union1d(store.vocabulary_used(), [store.pad_id]))
    model = make(way, encoder=encoder)
    ids = torch.from_numpy(compaction.remap)[tokens.input_ids]
    small = TokenBatch(ids, tokens.attention_mask, tokens.token_type_ids)
    before = whole(tokens)
    assert all(torch.equal(model(small)[t], before[t]) for t in TASKS)
    with torch.no_grad():
        for table in {id(m): m for m in model.modules() if isinstance(m, nn.Embedding)}.values():
            table.weight.mul_(1.5)
        for table in {id(m): m for m in whole.modules() if isinstance(m, nn.Embedding)}.values():
            table.weight.mul_(1.5)
    compaction.restore(model)
    assert all(torch.equal(model(tokens)[t], whole(tokens)[t]) for t in TASKS)


def test_a_saved_model_answers_alike(way, tokens, tmp_path):
    model = make(way, moved=True)
    method = SHARINGS[way.split()[0]]
    save_model(
        tmp_path / "model",
        sharing=model,
        tokenizer=make_tokenizer(),
        tasks=make_tasks(),
        options=tiny_encoder(),
        sharing_name=way.split()[0],
        sharing_options=method.options(**WAYS[way]),
        max_length=32,
        facts=Facts(study={}),
    )
    loaded = load_model(tmp_path / "model").sharing
    assert all(torch.equal(loaded(tokens)[t], model(tokens)[t]) for t in TASKS)


def test_weights_by_name_make_the_same_model(way, tokens):
    model, other = make(way, moved=True), make(way, seed=5)
    other.load_state_dict(copy.deepcopy(model.state_dict()))
    assert all(torch.equal(other(tokens)[t], model(tokens)[t]) for t in TASKS)


def test_the_penalty_is_the_squared_distance_from_the_mean_encoder():
    model = make("soft")
    assert model.penalty().item() == pytest.approx(0.0, abs=1e-12)
    with torch.no_grad():
        model.encoder.table.weight[3] += 2.0
    model.penalty().backward()
    width, tasks, strength = model.encoder.width, len(TASKS), model.strength
    # One encoder of five is 2 away from the others: 2^2 (1 - 1/5) for each of a row's features.
    assert model.penalty().item() == pytest.approx(strength * width * 4 * (1 - 1 / tasks), rel=1e-5)
    pull = model.encoder.table.weight.grad[3]
    torch.testing.assert_close(pull, torch.full((width,), strength * 2 * 2 * (1 - 1 / tasks)))
    assert model.others[0].table.weight.grad[3].lt(0).all()
