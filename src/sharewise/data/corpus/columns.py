"""Columns of text, made from columns of numbers without a Python step a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

NONE = -1
"""In a column of choices: no text in this row."""


def compose(make: Callable[..., str], *keys: npt.NDArray[np.int64]) -> pl.Series:
    """Return ``make(*keys)`` of every row, called once for each combination of keys that occurs.

    Args:
        make: writes one text.
        keys: (rows,) each, not negative.
    """
    sizes = [int(key.max()) + 1 for key in keys]
    code = np.ravel_multi_index(keys, sizes)
    distinct, row_code = np.unique(code, return_inverse=True)
    combinations = zip(*(part.tolist() for part in np.unravel_index(distinct, sizes)), strict=True)
    return pl.Series([make(*combination) for combination in combinations]).gather(row_code)


def select(
    pools: Sequence[Sequence[str]], which: npt.NDArray[np.int64], chance: npt.NDArray[np.float64]
) -> pl.Series:
    """Return a text from one of several pools in every row, null where none is chosen.

    Args:
        pools: the texts to choose from.
        which: (rows,) the pool, or `NONE`.
        chance: (rows,) uniform numbers that choose within the pool.
    """
    sizes = np.array([len(pool) for pool in pools], dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    index = starts[which] + np.floor(chance * sizes[which]).astype(np.int64)
    texts = pl.Series([text for pool in pools for text in pool], dtype=pl.String)
    return texts.gather(pl.Series(index).set(pl.Series(which == NONE), None))


def join(columns: Sequence[pl.Series], space: str) -> pl.Series:
    """Join the texts of every row; a null adds neither text nor space."""
    frame = pl.DataFrame({str(index): column for index, column in enumerate(columns)})
    return frame.select(pl.concat_str(pl.all(), separator=space, ignore_nulls=True)).to_series()
