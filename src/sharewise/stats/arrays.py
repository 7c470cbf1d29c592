"""The array types of this room."""

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.integer[Any]]
"""Classes: integers 0 … classes − 1."""

Floats = npt.NDArray[np.float64]
"""Scores, values, influences."""

Array = npt.NDArray[Any]
"""Either of the two."""

INVALID = -1
"""A prediction that is none of the declared classes (text that names no label): wrong, and never a class."""
