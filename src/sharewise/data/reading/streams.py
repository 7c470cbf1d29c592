"""Bytes of a file of any size, a piece at a time: decompressed, counted, and decoded as they come."""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import zstandard

from sharewise.data.reading.encodings import decode
from sharewise.data.reading.records import Request
from sharewise.errors import UserError

# What the encoding and the way of quoting are found out from.
HEAD_BYTES = 1 << 20
_CHUNK = 1 << 18
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass
class Source:
    """An opened file or standard input.

    Attributes:
        name: for messages.
        path: the file; None for standard input.
        size: bytes of the file as it lies on disk; None for standard input.
        raw: counts what was read of it.
    """

    name: str
    path: Path | None
    size: int | None
    raw: Counted

    @property
    def share(self) -> float | None:
        """The share of the file that was read; None where its size isn't known."""
        return None if not self.size else min(1.0, self.raw.count / self.size)


class Counted(io.RawIOBase):
    """A stream that counts the bytes read from it."""

    def __init__(self, inner: IO[bytes]) -> None:
        self.inner = inner
        self.count = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See io.RawIOBase."""
        data = self.inner.read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)

    def close(self) -> None:
        """Close the inner stream too."""
        self.inner.close()
        super().close()


class Unzstd(io.RawIOBase):
    """A Zstandard file, frame after frame; one that ends within a frame is an error."""

    def __init__(self, inner: IO[bytes]) -> None:
        self.inner = inner
        self.frame: Any = None
        self.left = b""
        self.ready = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See io.RawIOBase."""
        while not self.ready:
            data = self.left or self.inner.read(_CHUNK)
            self.left = b""
            if not data:
                if self.frame is not None:
                    raise EOFError("the file ends within a frame")
                return 0
            if self.frame is None:
                self.frame = zstandard.ZstdDecompressor().decompressobj()
            self.ready = self.frame.decompress(data)
            if self.frame.eof:
                self.left, self.frame = self.frame.unused_data, None
        taken = self.ready[: len(buffer)]
        self.ready = self.ready[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


DAMAGES = (OSError, EOFError, zlib.error, zstandard.ZstdError)


def open_source(name: str) -> Source:
    """Open a file, or standard input for ``-``.

    Raises:
        UserError: where there is no such file.
    """
    if name == "-":
        return Source("standard input", None, None, Counted(sys.stdin.buffer))
    path = Path(name).expanduser()
    try:
        return Source(name, path, path.stat().st_size, Counted(path.open("rb", buffering=0)))
    except OSError as error:
        raise UserError(f"{name}: the file can't be read ({error.strerror or error})") from None


def open_text(source: Source, *, suffix: str, encoding: str | None) -> tuple[io.TextIOWrapper, str, str]:
    """Open a source's text; bytes that can't be decoded become lone surrogates, for their row to be refused.

    Args:
        source: the opened source.
        suffix: ``.gz``, ``.zst``, or anything else for no compression.
        encoding: as declared; found out from the first megabyte if None.

    Returns:
        The stream (line ends as they are), its first megabyte, and the name of the encoding.

    Raises:
        UserError: where the encoding is unknown or can't be found out, or the file is damaged.
    """
    plain: Any = io.BufferedReader(source.raw, _CHUNK)
    stream: Any = plain
    if suffix == ".gz":
        stream = io.BufferedReader(gzip.GzipFile(fileobj=plain), _CHUNK)
    elif suffix == ".zst":
        stream = io.BufferedReader(Unzstd(plain), _CHUNK)
    try:
        head = stream.read(HEAD_BYTES)
    except DAMAGES as error:
        raise damaged(source, suffix, error) from None
    found = encoding or _found_out(source, head)
    try:
        codecs.lookup(found)
        text = io.TextIOWrapper(
            io.BufferedReader(_Rejoined(head, stream), _CHUNK), found, "surrogateescape", newline=""
        )
    except LookupError:
        raise UserError(
            f"--encoding: there is no encoding {encoding!r}", expected="one such as utf-8, cp949 or cp932"
        ) from None
    sample = codecs.getincrementaldecoder(found)("surrogateescape").decode(head)
    return text, sample, found


def damaged(source: Source, suffix: str, error: Exception) -> UserError:
    """The error for a file that can't be read to its end."""
    what = {".gz": " as gzip", ".zst": " as Zstandard"}.get(suffix, "")
    return UserError(
        f"{source.name}: the file can't be read{what} to its end ({error})", action="fetch or write it again"
    )


class _Rejoined(io.RawIOBase):
    """What was read ahead, then the rest."""

    def __init__(self, head: bytes, rest: Any) -> None:
        self.head = head
        self.rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.head[: len(buffer)] or self.rest.read1(len(buffer))
        self.head = self.head[len(data) :]
        buffer[: len(data)] = data
        return len(data)


def _found_out(source: Source, head: bytes) -> str:
    mark = next((encoding for bom, encoding in _MARKS if head.startswith(bom)), None)
    if mark is not None:
        return mark
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        # A whole number of lines, so that no character of another encoding is cut in two.
        lines = head[: head.rfind(b"\n") + 1] if len(head) == HEAD_BYTES else head
        request = Request(name=source.name, path=Path(), key="--encoding", columns=None, encoding=None)
        try:
            return decode(request, lines).encoding
        except UserError as error:
            if _mostly_utf8(lines):
                return "utf-8"
            raise UserError(
                error.problem, expected=error.expected, action="name it with `--encoding`"
            ) from None
    return "utf-8"


def _mostly_utf8(data: bytes) -> bool:
    """Whether most lines beyond ASCII are UTF-8, so that the others are bad rows, not another encoding."""
    valid = invalid = 0
    for line in data.split(b"\n"):
        if not line.isascii():
            try:
                line.decode("utf-8")
                valid += 1
            except UnicodeDecodeError:
                invalid += 1
    return valid > 10 * invalid
