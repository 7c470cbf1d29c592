"""Sharing methods, one a file. A new method is a file here and a line in this one."""

from sharewise.models.sharing.hard import HardSharing
from sharewise.models.sharing.sharing import Sharing

SHARINGS: dict[str, type[Sharing]] = {"hard": HardSharing}

__all__ = ["SHARINGS", "HardSharing", "Sharing"]
