"""Kernels in C, compiled on the machine that they run on at their first use."""

from sharewise.models.kernels.native.drop import NOTHING, Drop
from sharewise.models.kernels.native.library import Kernels
from sharewise.models.kernels.native.loading import kernels, why_not

__all__ = ["NOTHING", "Drop", "Kernels", "kernels", "why_not"]
