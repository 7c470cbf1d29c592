"""Which tasks help which, measured in one run; the groups that follow; and what they promise."""

from sharewise.compare.affinity.analysing import SHARED_IN_GROUPS, affinity_arm, measure_affinity
from sharewise.compare.affinity.measuring import MeasureOptions
from sharewise.compare.affinity.records import Affinity, Division

__all__ = [
    "SHARED_IN_GROUPS",
    "Affinity",
    "Division",
    "MeasureOptions",
    "affinity_arm",
    "measure_affinity",
]
