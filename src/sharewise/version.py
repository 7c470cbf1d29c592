"""The version, apart from the package's front door, which leads to every room: any room may record it."""

__version__ = "0.1.0"
