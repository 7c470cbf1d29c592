"""Loading the kernels beside PyTorch, where that works."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from functools import cache
from pathlib import Path

from sharewise.models.kernels.native.building import built
from sharewise.models.kernels.native.library import Kernels

_MAPS = Path("/proc/self/maps")
# OpenMP runtimes that have the functions which gcc's code calls.
_RUNTIMES = ("libgomp", "libiomp", "libomp")


def kernels() -> Kernels | None:
    """Return the kernels in C; None on a machine that can't compile or load them."""
    return _loaded()[0]


def why_not() -> str:
    """Return in a few words why there are no kernels, "" where there are some."""
    return _loaded()[1]


@cache
def _loaded() -> tuple[Kernels | None, str]:
    if sys.platform != "linux":
        return None, f"not made for {sys.platform}"
    try:
        runtime = _openmp()
        if runtime is None:
            return None, "PyTorch has loaded no OpenMP"
        ctypes.CDLL(runtime, mode=ctypes.RTLD_GLOBAL)
        return Kernels(ctypes.CDLL(str(built()))), ""
    except subprocess.CalledProcessError as error:
        words = (error.stderr or b"").decode(errors="replace").strip().splitlines()
        return None, f"the compiler failed: {words[0] if words else error.returncode}"
    except (OSError, RuntimeError, AttributeError, subprocess.SubprocessError) as error:
        return None, str(error)


def _openmp() -> str | None:
    """Return the file of the OpenMP runtime that PyTorch has loaded, the first of several."""
    for line in _MAPS.read_text(encoding="utf-8", errors="replace").splitlines():
        path = line.split(maxsplit=5)[-1]
        if Path(path).name.startswith(_RUNTIMES):
            return path
    return None
