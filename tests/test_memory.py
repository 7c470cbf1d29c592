from __future__ import annotations

import ctypes

import pytest

from sharewise import memory
from sharewise.memory import KeptMemory, keep_memory


def test_memory_is_kept_and_released_by_what_glibc_knows(monkeypatch):
    set_to, trimmed = {}, []

    class Library:
        def mallopt(self, parameter: int, value: int) -> int:
            set_to[parameter] = value
            return 1

        def malloc_trim(self, pad: int) -> int:
            trimmed.append(pad)
            return 1

    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: Library())
    keep_memory()
    # M_ARENA_MAX, M_MMAP_MAX and M_TRIM_THRESHOLD of malloc.h.
    assert set_to == {-8: 1, -4: 0, -1: -1}
    KeptMemory().release()
    assert trimmed == [0]


@pytest.mark.parametrize("error", [OSError, AttributeError])
@pytest.mark.parametrize("call", [keep_memory, KeptMemory().release])
def test_without_glibc_nothing_happens(monkeypatch, call, error):
    asked = []

    def library(name: str) -> ctypes.CDLL:
        asked.append(name)
        raise error

    monkeypatch.setattr(memory.ctypes, "CDLL", library)
    call()
    assert len(asked) == 1


def test_memory_is_given_back_when_it_has_grown_by_half_and_not_before(monkeypatch):
    held = iter([2.0, 3.1, 3.3, 1.9, 3.0, 3.2])  # GiB after each update; .2 are free at any size.
    released = []
    monkeypatch.setattr(memory, "_resident", lambda: int(next(held) * 2**30))
    kept = KeptMemory()
    monkeypatch.setattr(
        memory.ctypes, "CDLL", lambda name: type("Library", (), {"malloc_trim": released.append})
    )
    counts = []
    for _ in range(6):
        kept.after_update()
        counts.append(len(released))
    assert counts == [0, 0, 1, 1, 1, 2]


def test_the_resident_memory_is_that_of_the_process(monkeypatch, tmp_path):
    if memory._STATISTICS.exists():
        before = memory._resident()
        block = bytearray(b"x" * 2**26)
        assert memory._resident() - before > 2**25
        del block
    monkeypatch.setattr(memory, "_STATISTICS", tmp_path / "none")
    assert memory._resident() == 0
