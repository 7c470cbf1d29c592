"""Kinds of task, one a file. A new kind is a file here and a line in this one."""

from collections.abc import Mapping
from typing import Any

from sharewise.tasks.binary import Binary, BinaryOptions
from sharewise.tasks.decision_options import CalibrationOptions, ThresholdOptions
from sharewise.tasks.labels import holes, mapped, spell, spelled, truth_labels
from sharewise.tasks.losses import LOSS_KEYS
from sharewise.tasks.multiclass import Multiclass, MulticlassOptions
from sharewise.tasks.multilabel import Multilabel, MultilabelOptions
from sharewise.tasks.ordinal import Ordinal, OrdinalOptions
from sharewise.tasks.regression import Regression, RegressionOptions
from sharewise.tasks.task import DECISION_KEYS, Array, Label, LabelError, Task, TaskOptions
from sharewise.tasks.verbaliser import Verbaliser
from sharewise.tasks.voted import SoftTask, VotedOptions

AnyTaskOptions = BinaryOptions | MulticlassOptions | MultilabelOptions | OrdinalOptions | RegressionOptions

KINDS: tuple[type[AnyTaskOptions], ...] = (
    BinaryOptions,
    MulticlassOptions,
    MultilabelOptions,
    OrdinalOptions,
    RegressionOptions,
)


def restore_task(name: str, options: Mapping[str, Any], description: Mapping[str, Any]) -> Task:
    """Make a task again from what a saved model keeps of it: its options, and what ``describe`` said."""
    kinds = {kind.model_fields["kind"].default: kind for kind in KINDS}
    return kinds[description["kind"]].model_validate(options).restore(name, description)


__all__ = [
    "DECISION_KEYS",
    "KINDS",
    "LOSS_KEYS",
    "AnyTaskOptions",
    "Array",
    "Binary",
    "BinaryOptions",
    "CalibrationOptions",
    "Label",
    "LabelError",
    "Multiclass",
    "MulticlassOptions",
    "Multilabel",
    "MultilabelOptions",
    "Ordinal",
    "OrdinalOptions",
    "Regression",
    "RegressionOptions",
    "SoftTask",
    "Task",
    "TaskOptions",
    "ThresholdOptions",
    "Verbaliser",
    "VotedOptions",
    "holes",
    "mapped",
    "restore_task",
    "spell",
    "spelled",
    "truth_labels",
]
