"""The keys by which probabilities become believable and decisions good, after training and on validation alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from sharewise.tasks.labels import by_label
from sharewise.tasks.task import TaskOptions

Threshold = Literal["tuned"] | Annotated[float, Field(gt=0.0, lt=1.0)]
_PLAIN = 0.5


class CalibrationOptions(TaskOptions):
    """The key of a task whose outputs are the probabilities of labels."""

    calibration: Literal["temperature", "isotonic"] | None = Field(
        default=None,
        description="how probabilities are corrected after training, fitted on the validation split: temperature: one "
        "number divides the logits; isotonic: a rising curve an output; not at all if left out",
    )


class ThresholdOptions(CalibrationOptions):
    """The keys of a task that decides output by output."""

    threshold: Threshold | Annotated[dict[str, Threshold], Field(min_length=1)] | None = Field(
        default=None,
        description="a label is given (of ordered labels a step up taken) where its probability is over this, .5 if "
        "left out; tuned: the best on the validation split; or {label: either}, .5 where none is named",
    )

    def thresholds_for(self, task: str, labels: Sequence[str]) -> tuple[Threshold, ...]:
        """What is asked for each label; empty where nothing is.

        Args:
            task: its name, for messages.
            labels: that are decided on, of a binary task the positive one.

        Raises:
            UserError: where a threshold is for no such label.
        """
        if self.threshold is None:
            return ()
        if isinstance(self.threshold, dict):
            key = f"tasks.{task}.threshold"
            return by_label(key, self.threshold, labels, _PLAIN, what="a threshold")
        return (self.threshold,) * len(labels)
