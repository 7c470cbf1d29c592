"""Layers that compute faster on CPU what PyTorch's compute."""

from sharewise.models.kernels.install import install, install_parts

__all__ = ["install", "install_parts"]
