"""The records behind "peaks and over-fitting": when each task was best on validation, and what came after."""

from __future__ import annotations

from pydantic import Field

from sharewise.options import Options


class Rise(Options):
    """Losses of one task from its lowest validation loss to the last evaluation that it was trained up to."""

    epoch: float = Field(description="of the lowest validation loss")
    validation_loss: tuple[float, float] = Field(description="there, and at the last evaluation")
    train_loss: tuple[float, float]


class SeedPeak(Options):
    """One seed's run, as one task sees it."""

    seed: int
    epoch: float | None = Field(
        description="the first evaluation with the best primary metric on validation; none where it is never defined, "
        "or the same in all"
    )
    value: float | None = Field(description="the metric there")
    kept_epoch: float = Field(description="the evaluation whose weights serve the task")
    kept_value: float | None
    last_epoch: float = Field(description="the run's last evaluation")
    left: float | None = Field(description="the epoch at which the task left the mixture (`stop: per_task`)")
    losses: Rise | None = Field(description="none where no evaluation has both losses")
    overfits_from: float | None = Field(
        description="the evaluation after the lowest validation loss, if from there on the validation loss of every "
        "evaluation is above, and the training loss below, its mean since the lowest"
    )


class Peak(Options):
    """One task and arm over all seeds that didn't fail."""

    task: str
    arm: str
    metric: str
    epoch: float | None = Field(description="mean over seeds; none where a seed has none")
    still_rising: bool = Field(
        description="whether in more than half of the seeds the best evaluation is the last"
    )
    overfits_from: float | None = Field(
        description="where more than half of the seeds over-fit: the median of their epochs, the later of two"
    )
    overfitting_seeds: int
    seeds: list[SeedPeak]
