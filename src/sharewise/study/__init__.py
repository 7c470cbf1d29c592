"""The study file: reading it, with an answer to every mistake in it, and drafting one from data."""

from sharewise.study.arms import ArmOptions, ResolvedArm
from sharewise.study.drafting import draft
from sharewise.study.editor import study_schema
from sharewise.study.errors import Mistake, StudyError
from sharewise.study.loading import load_study
from sharewise.study.locating import located
from sharewise.study.schema import SINGLE, ReportOptions, Study

__all__ = [
    "SINGLE",
    "ArmOptions",
    "Mistake",
    "ReportOptions",
    "ResolvedArm",
    "Study",
    "StudyError",
    "draft",
    "load_study",
    "located",
    "study_schema",
]
