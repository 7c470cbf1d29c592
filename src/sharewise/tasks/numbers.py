"""Columns of numbers, and numbers rounded to multiples of an increment, as texts and labels write them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

import numpy as np
import polars as pl

from sharewise.tasks.labels import holes
from sharewise.tasks.task import Array, LabelError


def parse_numbers(column: pl.Series, low: float = -math.inf, high: float = math.inf) -> Array:
    """Parse numbers ``(rows,)`` from low to high; holes are NaN.

    Raises:
        LabelError: at the first infinity, word or number out of bounds.
    """
    text = column.cast(pl.String).str.strip_chars() if not column.dtype.is_numeric() else column
    values = text.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    bad = np.isinf(values) | (np.isnan(values) & ~holes(column)) | (values < low) | (values > high)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise LabelError(row=row, value=column[row], expected=_expected(low, high))
    return np.asarray(values, dtype=np.float64)


def _expected(low: float, high: float) -> str:
    if math.isfinite(low) and math.isfinite(high):
        return f"a number from {low:g} to {high:g}"
    least = f" of {low:g} or more" if math.isfinite(low) else ""
    return f"a finite number{least}" + (f" of {high:g} or less" if math.isfinite(high) else "")


def multiples(units: Iterable[int], increment: float) -> tuple[str, ...]:
    """Write so many times an increment as text each, all with as many decimals as it has.

    >>> multiples(range(-1, 3), 0.5)
    ('-0.5', '0.0', '0.5', '1.0')
    """
    digits = max(0, -int(Decimal(str(increment)).normalize().as_tuple().exponent))
    return tuple(f"{number * increment:.{digits}f}" for number in units)
