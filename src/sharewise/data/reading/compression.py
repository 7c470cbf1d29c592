"""Bytes of a file, decompressed where its name ends in .gz or .zst."""

from __future__ import annotations

import gzip
import zlib

import zstandard

from sharewise.data.reading.records import Request
from sharewise.errors import UserError

SUFFIXES = (".gz", ".zst")

# What a file begins with when it is not the text that its name promises.
_STRANGERS = {
    b"\x1f\x8b": "it is compressed with gzip; let its name end in .gz",
    b"\x28\xb5\x2f\xfd": "it is compressed with Zstandard; let its name end in .zst",
    b"PAR1": "it is a Parquet file; let its name end in .parquet",
    b"PK\x03\x04": "it is a zip archive or an Excel workbook; unpack it, or save it as CSV",
    b"\xd0\xcf\x11\xe0": "it is an old Excel workbook; save it as CSV",
}


def read_bytes(request: Request) -> bytes:
    """Return all bytes of a text file, decompressed.

    Raises:
        UserError: if the file can't be read, is damaged, or is of another kind than its name says.
    """
    try:
        data = request.path.read_bytes()
    except OSError as error:
        raise UserError(f"{request.name}: the file can't be read ({error.strerror or error})") from None
    if not data:
        return data
    suffix = request.path.suffix.lower()
    if suffix == ".gz":
        data = _gunzip(request, data)
    elif suffix == ".zst":
        data = _unzstd(request, data)
    for magic, advice in _STRANGERS.items():
        if data.startswith(magic):
            raise UserError(f"{request.name}: this is no text file", action=advice)
    return data


def _gunzip(request: Request, data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(request, "gzip", error) from None


def _unzstd(request: Request, data: bytes) -> bytes:
    parts = []
    try:
        while data:  # a file may hold several frames, and a cut one is an error only if we look for it
            frame = zstandard.ZstdDecompressor().decompressobj()
            parts.append(frame.decompress(data))
            if not frame.eof:
                raise EOFError("the file ends within a frame")
            data = frame.unused_data
    except (zstandard.ZstdError, EOFError) as error:
        raise _damaged(request, "Zstandard", error) from None
    return b"".join(parts)


def _damaged(request: Request, what: str, error: Exception) -> UserError:
    return UserError(
        f"{request.name}: the file can't be decompressed as {what} ({error})",
        expected=f"a whole {what} file",
        action="fetch or compress it again, or correct its name if it isn't compressed",
    )
