"""A file that is written to while it is read: what was read of it is of no use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG

from sharewise.errors import UserError


class Unchanged:
    """Remembers how a file was, and refuses another state of it.

    Args:
        path: the file; None for standard input, which has no state; nor have pipes.
        name: for messages.
    """

    def __init__(self, path: Path | None, name: str) -> None:
        self.path = path
        self.name = name
        self.before = self._state()

    def check(self) -> None:
        """Look at the file again.

        Raises:
            UserError: if it was written to, replaced or taken away.
        """
        if self._state() != self.before:
            raise UserError(
                f"{self.name}: the file changed while it was read",
                expected="a file that nobody writes to",
                action="wait until it is written, or copy it, and run the same command again",
            )

    def _state(self) -> tuple[int, ...] | None:
        if self.path is None:
            return None
        try:
            found = self.path.stat()
        except OSError:
            return ()
        if not S_ISREG(found.st_mode):
            return None
        return found.st_size, found.st_mtime_ns, found.st_ino


@contextmanager
def unchanged(path: Path, name: str) -> Iterator[None]:
    """Refuse what was read in the block if the file changed meanwhile, whatever else is wrong with it."""
    file = Unchanged(path, name)
    try:
        yield
    except UserError:
        file.check()
        raise
    file.check()
