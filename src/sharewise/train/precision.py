"""Which arithmetic a run uses, and how the machine is kept from wasting time on memory."""

from __future__ import annotations

import ctypes
from contextlib import AbstractContextManager, nullcontext

import torch

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8


def resolve_precision(wanted: str, device: torch.device) -> str:
    """Return ``bf16`` or ``fp32``; ``auto`` takes bf16 where the hardware multiplies it."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    if device.type == "cpu":
        return "bf16" if torch.cpu._is_avx512_bf16_supported() else "fp32"
    return "fp32"


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which the model runs forward: bfloat16 products over float32 weights, or nothing."""
    if precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


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


def release_memory() -> None:
    """Give the freed memory that ``keep_memory`` kept back to the system.

    Blocks of changing sizes leave gaps that a long run would pile up; between epochs that costs nothing.
    """
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        return
