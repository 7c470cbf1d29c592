"""Sharewise: train several text-classification tasks on one encoder and learn whether sharing helped."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sharewise.version import __version__ as __version__

if TYPE_CHECKING:
    from sharewise.compare import compare
    from sharewise.data.turn import Turn
    from sharewise.errors import RunError, UserError
    from sharewise.serve import Scorer
    from sharewise.study import Study, load_study

# Names resolve on first use, so that `sharewise --help` never waits for torch.
_HOMES = {
    "RunError": "sharewise.errors",
    "Scorer": "sharewise.serve",
    "Study": "sharewise.study",
    "Turn": "sharewise.data.turn",
    "UserError": "sharewise.errors",
    "compare": "sharewise.compare",
    "load_study": "sharewise.study",
}

__all__ = ["RunError", "Scorer", "Study", "Turn", "UserError", "compare", "load_study"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sharewise' has no attribute {name!r}")
