"""How the machine is kept from wasting time on memory, and memory on time."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8
_STATISTICS = Path("/proc/self/statm")
_GROWTH, _ALWAYS_FREE = 1.5, 200 * 2**20


def keep_memory() -> None:
    """Tell glibc to keep freed memory instead of giving it back.

    Each step frees and takes the same large blocks; without this the kernel zeroes their pages every time, a fifth of
    a step on CPU. Elsewhere than on glibc it does nothing.
    """
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(_M_ARENA_MAX, 1)
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, -1)
    except (OSError, AttributeError):
        return


class KeptMemory:
    """Gives back what ``keep_memory`` kept, before it becomes much.

    Blocks of changing sizes leave gaps between them, so that a long run holds ever more memory than it uses. Giving
    all of it back costs the next step what every step would pay without ``keep_memory``; so it is done at evaluations,
    and when the process has come to hold half as much again as after the first step that followed.
    """

    def __init__(self) -> None:
        self._needed: int | None = None

    def after_update(self) -> None:
        """Give memory back if the process has grown."""
        held = _resident()
        if self._needed is None:
            self._needed = held
        elif held > _GROWTH * self._needed + _ALWAYS_FREE:
            self.release()

    def release(self) -> None:
        """Give the freed memory back to the system; elsewhere than on glibc nothing happens."""
        self._needed = None
        try:
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        except (OSError, AttributeError):
            return


def _resident() -> int:
    """Return the process's resident memory in bytes, 0 where the system doesn't tell."""
    try:
        return int(_STATISTICS.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, AttributeError):
        return 0
