"""The scorer over HTTP: needs `pip install "sharewise[serve]"`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sharewise.errors import UserError


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Say which extra to install where a package of it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("sharewise"):
            raise
        raise UserError(
            f"the package {error.name} is missing", action=f'pip install "sharewise[{extra}]"'
        ) from None
