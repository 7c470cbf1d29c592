"""Random numbers that depend on the arguments alone."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

_STRATUM = 1000


class Draws:
    """Named streams of uniform numbers for one corpus.

    Every stream begins anew from the seed, the language and its own name, so a stream that is added
    or made longer changes no other. Only the raw doubles of PCG64 are used, which NumPy keeps the
    same across versions and machines.
    """

    def __init__(self, seed: int, language: str) -> None:
        self._key = [seed, zlib.crc32(language.encode())]

    def uniform(self, stream: str, count: int) -> npt.NDArray[np.float64]:
        """Return `count` numbers in [0, 1); a smaller count gives the beginning of a larger one."""
        entropy = np.random.SeedSequence([*self._key, zlib.crc32(stream.encode())])
        return np.random.Generator(np.random.PCG64(entropy)).random(count)

    def stratified(self, stream: str, count: int) -> npt.NDArray[np.float64]:
        """Return `count` numbers in [0, 1), any thousand of which are spread evenly, in random order.

        A share of rows chosen by them is as exact as can be; it has hardly any sampling error.
        """
        blocks = self.uniform(f"order of {stream}", -(-count // _STRATUM) * _STRATUM).reshape(-1, _STRATUM)
        rank = blocks.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable").reshape(-1)[:count]
        return (rank + self.uniform(stream, count)) / _STRATUM

    def pick(self, stream: str, sizes: npt.NDArray[np.int64] | int, count: int) -> npt.NDArray[np.int64]:
        """Return `count` indices, each uniform below its size."""
        return np.floor(self.uniform(stream, count) * sizes).astype(np.int64)
