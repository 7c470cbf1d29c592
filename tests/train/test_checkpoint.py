from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from sharewise.train.checkpoint import (
    load_weights,
    readable_checkpoints,
    restore_checkpoint,
    save_checkpoint,
    weights,
)

FILES = ("model.safetensors", "optimizer.safetensors", "weighting.safetensors", "state.json")


def trained(seed: int, updates: int = 2) -> tuple[nn.Module, torch.optim.AdamW]:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    for _ in range(updates):
        update(model, optimizer)
    return model, optimizer


def update(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    model(torch.arange(15.0).reshape(5, 3)).square().sum().backward()
    optimizer.step()


def save(folder: Path, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    save_checkpoint(
        folder,
        step=step,
        model=model,
        optimizer=optimizer,
        state={"note": f"after {step}"},
        weighting={"scale": torch.tensor([1.0, float(step)])},
    )


def restore(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> dict:
    checkpoint = next(readable_checkpoints(folder))
    restore_checkpoint(checkpoint, model=model, optimizer=optimizer)
    return checkpoint.state


def assert_equal(one: nn.Module, other: nn.Module) -> None:
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def test_training_goes_on_bit_for_bit(tmp_path):
    model, optimizer = trained(1)
    save(tmp_path, 2, model, optimizer)
    again, its_optimizer = trained(2, updates=0)
    assert restore(tmp_path, again, its_optimizer) == {"note": "after 2", "step": 2}
    assert_equal(model, again)
    for one, other in ((model, optimizer), (again, its_optimizer)):
        update(one, other)
    assert_equal(model, again)


def test_a_parameter_without_gradient_has_no_optimizer_state(tmp_path):
    model, optimizer = trained(1, updates=0)
    model[2].requires_grad_(False)
    update(model, optimizer)
    save(tmp_path, 1, model, optimizer)
    again, its_optimizer = trained(2)
    restore(tmp_path, again, its_optimizer)
    with_state = {name for name, p in again.named_parameters() if p in its_optimizer.state}
    assert with_state == {"0.weight", "0.bias", "1.weight", "1.bias"}


def test_only_the_newest_stays(tmp_path):
    model, optimizer = trained(1)
    (tmp_path / ".step-000000001").mkdir(parents=True)  # What SIGKILL left in the middle of writing.
    for step in (2, 30):
        save(tmp_path, step, model, optimizer)
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000030"]


def test_no_folder_means_no_checkpoint(tmp_path):
    assert list(readable_checkpoints(tmp_path / "none")) == []


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "noise"])
def test_a_damaged_checkpoint_gives_way_to_an_older_one(tmp_path, file, damage):
    old, new = tmp_path / "old", tmp_path / "new"
    save(old, 2, *trained(1))
    save(new, 3, *trained(2))
    (old / "step-000000002").rename(new / "step-000000002")
    assert [c.state["step"] for c in readable_checkpoints(new)] == [3, 2]
    path = new / "step-000000003" / file
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "truncated": content[:-9], "noise": b"\xff\xfe" * 40}[damage])
    assert [c.state["step"] for c in readable_checkpoints(new)] == [2]


def test_tied_weights_are_saved_once_and_come_back_tied():
    model = nn.ModuleDict({"one": nn.Linear(3, 3, bias=False), "two": nn.Linear(3, 3, bias=False)})
    model["two"].weight = model["one"].weight
    saved = {name: value.clone() for name, value in weights(model).items()}
    assert list(saved) == ["one.weight"]
    model["one"].weight.data.zero_()
    load_weights(model, saved)
    assert torch.equal(model["two"].weight, saved["one.weight"])


def test_weights_are_contiguous():
    model = nn.Linear(3, 2)
    model.weight = nn.Parameter(torch.arange(6.0).reshape(3, 2).T)
    saved = weights(model)["weight"]
    assert saved.is_contiguous()
    assert torch.equal(saved, model.weight)


@pytest.mark.parametrize(
    ("changed", "place"),
    [({"weight": None}, "missing"), ({"extra": torch.zeros(1)}, "unexpected")],
)
def test_weights_of_another_model_are_refused(changed, place):
    model = nn.Linear(3, 2)
    tensors = {k: v for k, v in (weights(model) | changed).items() if v is not None}
    with pytest.raises(RuntimeError, match=rf"does not fit the model: .*{place} \['(weight|extra)'\]"):
        load_weights(model, tensors)
