"""Kinds of task, one a file. A new kind is a file here and a line in this one."""

from sharewise.tasks.binary import Binary, BinaryOptions
from sharewise.tasks.labels import spell, spelled, truth_labels
from sharewise.tasks.multiclass import Multiclass, MulticlassOptions
from sharewise.tasks.regression import Regression, RegressionOptions
from sharewise.tasks.task import Array, Label, LabelError, Task, TaskOptions

AnyTaskOptions = BinaryOptions | MulticlassOptions | RegressionOptions

KINDS: tuple[type[AnyTaskOptions], ...] = (BinaryOptions, MulticlassOptions, RegressionOptions)

__all__ = [
    "KINDS",
    "AnyTaskOptions",
    "Array",
    "Binary",
    "BinaryOptions",
    "Label",
    "LabelError",
    "Multiclass",
    "MulticlassOptions",
    "Regression",
    "RegressionOptions",
    "Task",
    "TaskOptions",
    "spell",
    "spelled",
    "truth_labels",
]
