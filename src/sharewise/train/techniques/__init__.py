"""Training techniques that any arm may switch on: each by a key of `training`, all of them off if left out."""

from sharewise.train.techniques.curriculum import Curriculum, CurriculumOptions, difficulty
from sharewise.train.techniques.fgm import Adversary, FgmOptions
from sharewise.train.techniques.r_drop import RDropOptions, r_drop_losses

TECHNIQUES = ("r_drop", "fgm", "curriculum")
"""The keys of `training` that switch one on."""

__all__ = [
    "TECHNIQUES",
    "Adversary",
    "Curriculum",
    "CurriculumOptions",
    "FgmOptions",
    "RDropOptions",
    "difficulty",
    "r_drop_losses",
]
