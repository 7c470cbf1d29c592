from __future__ import annotations

import pytest
import torch

from sharewise.train.precision import autocast, resolve_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize("wanted", ["bf16", "fp32"])
@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_a_named_precision_is_taken(wanted, device):
    assert resolve_precision(wanted, torch.device(device)) == wanted


@pytest.mark.parametrize(("can", "taken"), [(True, "bf16"), (False, "fp32")])
def test_auto_asks_the_hardware(monkeypatch, can, taken):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: can)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: can)
    assert resolve_precision("auto", CPU) == taken
    assert resolve_precision("auto", torch.device("cuda")) == taken
    assert resolve_precision("auto", torch.device("mps")) == "fp32"


def test_autocast_multiplies_in_bf16_or_leaves_float32():
    matrix = torch.ones(2, 2)
    with autocast("bf16", CPU):
        assert (matrix @ matrix).dtype == torch.bfloat16
    with autocast("fp32", CPU):
        assert (matrix @ matrix).dtype == torch.float32
