"""Compiling the kernels, once for a source, a compiler and a processor."""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sharewise.files import write_whole

_SOURCES = tuple(sorted(p for p in Path(__file__).parent.iterdir() if p.suffix in (".c", ".h")))
_COMPILERS = ("gcc", "cc")
# No -ffast-math: what is no number has to stay none, for a run that diverges to be seen.
_FLAGS = (
    *("-O3", "-march=native", "-fopenmp", "-fPIC", "-std=gnu11"),
    *("-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"),
)
_WIDE = "-mprefer-vector-width=512"
_SECONDS = 120


def built(more: Sequence[str] = ()) -> Path:
    """Return the compiled kernels, compiling them where this machine hasn't yet.

    Args:
        more: of the compiler's flags.

    Raises:
        OSError: where there is no compiler, or no place for what it makes.
        subprocess.SubprocessError: where it fails.
    """
    compiler = _compiler()
    flags = [*_FLAGS, *([_WIDE] if platform.machine() == "x86_64" else []), *more]
    named = subprocess.run(
        [*compiler, "--version"], capture_output=True, text=True, check=True, timeout=_SECONDS
    ).stdout
    sources = (p.read_text(encoding="utf-8") for p in _SOURCES)
    facts = "\0".join([*sources, named, _processor(), *compiler[1:], *flags])
    path = _folder() / f"kernels-{hashlib.sha256(facts.encode()).hexdigest()[:24]}.so"
    if not path.is_file():
        write_whole(path, lambda beside: _compile(compiler, flags, beside))
    return path


def _compile(compiler: list[str], flags: list[str], target: Path) -> None:
    made = {s: target.with_name(f"{target.name}-{s.stem}.o") for s in _SOURCES if s.suffix == ".c"}
    commands = [[*compiler, *flags, "-c", str(source), "-o", str(o)] for source, o in made.items()]
    # Linked without OpenMP: what is missing is taken from the runtime that PyTorch has loaded, for two of them in a
    # process would take the cores from each other.
    commands.append([*compiler, "-shared", *map(str, made.values()), "-lm", "-o", str(target)])
    try:
        for command in commands:
            subprocess.run(command, capture_output=True, check=True, timeout=_SECONDS)
    finally:
        for compiled in made.values():
            compiled.unlink(missing_ok=True)


def _compiler() -> list[str]:
    """The compiler's command: what CC says, arguments too (``ccache gcc``), or the first that there is."""
    named = os.environ.get("CC", "")
    try:
        wanted = [[named], shlex.split(named)] if named.strip() else [[name] for name in _COMPILERS]
    except ValueError as error:
        raise OSError(f"CC is no command: {error}") from error
    for name, *arguments in wanted:
        if found := shutil.which(name):
            return [found, *arguments]
    raise OSError(f"no C compiler ({named or ' or '.join(_COMPILERS)}) was found")


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sharewise"


def _processor() -> str:
    """What -march=native goes by: the processor's kind and abilities."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n")[0].splitlines()
    kept = (
        "vendor_id",
        "cpu family",
        "model",
        "model name",
        "flags",
        "Features",
        "CPU implementer",
        "CPU part",
    )
    return platform.machine() + "".join(line for line in lines if line.split("\t")[0].strip() in kept)
