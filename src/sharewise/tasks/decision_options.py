"""The keys by which probabilities become believable and decisions good, after training and on validation alone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sharewise.tasks.task import TaskOptions


class CalibrationOptions(TaskOptions):
    """The key of a task whose outputs are the probabilities of labels."""

    calibration: Literal["temperature", "isotonic"] | None = Field(
        default=None,
        description="how probabilities are corrected after training, fitted on the validation split: temperature: one "
        "number divides the logits; isotonic: a rising curve an output; not at all if left out",
    )


class ThresholdOptions(CalibrationOptions):
    """The keys of a task that decides label by label."""

    threshold: Literal["tuned"] | Annotated[float, Field(gt=0.0, lt=1.0)] | None = Field(
        default=None,
        description="a label is given where its probability is over this, .5 if left out; tuned: the best on the "
        "validation split, label by label",
    )
