"""Where and with what a run was made: recorded and compared, never part of a run's hash."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
import torch

_PACKAGES = ("torch", "transformers", "tokenizers", "accelerate", "numpy", "polars", "scikit-learn", "scipy")


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that numbers depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, str]:
    """Return processor, cores, memory, threads and accelerator of this machine."""
    facts = {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": str(psutil.cpu_count(logical=True)),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "threads": str(torch.get_num_threads()),
    }
    if torch.cuda.is_available():
        facts["accelerator"] = f"{torch.cuda.device_count()} × {torch.cuda.get_device_name()}"
    return facts


def git_commit(folder: Path) -> str | None:
    """Return the commit of the checkout that a study lies in, with ``+changes`` where it isn't clean."""
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        return commit + ("+changes" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()


@cache
def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
