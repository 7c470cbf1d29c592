"""The study file: reading it, with an answer to every mistake in it, and writing one from data."""

from sharewise.study.errors import Mistake, StudyError
from sharewise.study.loading import load_study
from sharewise.study.schema import SINGLE, ArmOptions, ReportOptions, ResolvedArm, Study

__all__ = [
    "SINGLE",
    "ArmOptions",
    "Mistake",
    "ReportOptions",
    "ResolvedArm",
    "Study",
    "StudyError",
    "load_study",
]
