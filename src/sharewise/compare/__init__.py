"""Arms with paired seeds, their verdicts, and the schema of results.json."""

import sys
from types import ModuleType
from typing import Any

from sharewise.compare.comparison import compare, study_folder, train_one
from sharewise.compare.estimating import Estimate, estimate
from sharewise.compare.planning import RunSpec, plan_arms, plan_runs
from sharewise.compare.reading import load_results
from sharewise.compare.results import Results
from sharewise.compare.shipping import Shipped, ship
from sharewise.compare.watching import StudyObserver

__all__ = [
    "Estimate",
    "Results",
    "RunSpec",
    "Shipped",
    "StudyObserver",
    "compare",
    "estimate",
    "load_results",
    "plan_arms",
    "plan_runs",
    "ship",
    "study_folder",
    "train_one",
]


class _CallableRoom(ModuleType):
    """`sharewise.compare(study)` works whether or not this package, which has the same name, was imported before."""

    def __call__(self, *arguments: Any, **keywords: Any) -> Results:
        return compare(*arguments, **keywords)


sys.modules[__name__].__class__ = _CallableRoom
