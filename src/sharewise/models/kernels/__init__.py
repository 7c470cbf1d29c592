"""Layers that compute faster on CPU what PyTorch's compute."""

from sharewise.models.kernels.install import install

__all__ = ["install"]
