"""Which rows belong together when rows are left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sharewise.stats.arrays import Array, Ints

_BLOCK_SEED = 20_150_601


@dataclass(frozen=True)
class Groups:
    """Groups of rows that are drawn, and left out, as one."""

    of_row: Ints
    """Group of each row, 0 … number − 1, `(rows,)`."""
    number: int
    """How many groups there are."""
    single: bool
    """Whether each group is one row, in order."""

    @classmethod
    def of(cls, names: Array | None, rows: int) -> Groups:
        """The groups that `names` `(rows,)` give (any type that sorts), or a row each where it is None."""
        if names is None:
            return cls(np.arange(rows), rows, True)
        if len(names) != rows:
            raise ValueError(f"{len(names)} group names for {rows} rows")
        distinct, codes = np.unique(names, return_inverse=True)
        return cls(codes, len(distinct), False)

    def blocks(self, number: int = 100) -> Groups:
        """Random blocks of whole groups, as many groups in each as in any other give or take one.

        The draw depends on the number of groups alone, so that all models of one task get the same blocks.
        """
        if self.number <= number:
            return Groups(self.of_row, self.number, False)
        order: npt.NDArray[np.int64] = np.random.default_rng(_BLOCK_SEED).permutation(self.number)
        return Groups((order % number)[self.of_row], number, False)
