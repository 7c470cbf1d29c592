from __future__ import annotations

import ctypes

import pytest
import torch

from sharewise.train import precision
from sharewise.train.precision import autocast, keep_memory, release_memory, resolve_precision

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


def test_memory_is_kept_and_released_by_what_glibc_knows(monkeypatch):
    set_to, trimmed = {}, []

    class Library:
        def mallopt(self, parameter: int, value: int) -> int:
            set_to[parameter] = value
            return 1

        def malloc_trim(self, pad: int) -> int:
            trimmed.append(pad)
            return 1

    monkeypatch.setattr(precision.ctypes, "CDLL", lambda name: Library())
    keep_memory()
    # M_ARENA_MAX, M_MMAP_MAX and M_TRIM_THRESHOLD of malloc.h.
    assert set_to == {-8: 1, -4: 0, -1: -1}
    release_memory()
    assert trimmed == [0]


@pytest.mark.parametrize("error", [OSError, AttributeError])
@pytest.mark.parametrize("call", [keep_memory, release_memory])
def test_without_glibc_nothing_happens(monkeypatch, call, error):
    asked = []

    def library(name: str) -> ctypes.CDLL:
        asked.append(name)
        raise error

    monkeypatch.setattr(precision.ctypes, "CDLL", library)
    call()
    assert len(asked) == 1
