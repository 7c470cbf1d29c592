"""The kernels' dropout masks, computed by numpy."""

from __future__ import annotations

import numpy as np
import torch

from sharewise.models.kernels.native import Drop

_64 = 2**64 - 1


def factors(drop: Drop, rows: range, columns: int) -> torch.Tensor:
    """Return what each cell is multiplied with, float64 ``(rows, columns)``."""
    return torch.from_numpy(np.stack([_row(drop, row, columns) for row in rows]))


def _row(drop: Drop, row: int, columns: int) -> np.ndarray:
    if drop.limit == 0:
        return np.ones(columns)
    z = (drop.key + (row + 1) * 0x9E3779B97F4A7C15) & _64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _64
    z ^= z >> 31
    one, two = np.uint32(z & 0xFFFFFFFF), np.uint32(z >> 32)
    h = np.arange(columns, dtype=np.uint32) + one
    h ^= h >> np.uint32(17)
    h *= np.uint32(0xED5AD4BB)
    h ^= (h >> np.uint32(11)) ^ two
    h *= np.uint32(0xAC4C1B51)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x31848BAB)
    h ^= h >> np.uint32(14)
    return np.where(h >= drop.limit, drop.scale, 0.0)
