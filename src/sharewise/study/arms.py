"""Arms of a study: a sharing method with its keys, and what else differs from the study's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, SerializeAsAny, SerializerFunctionWrapHandler, field_validator, model_serializer

from sharewise.errors import UnknownName
from sharewise.models.backend import BackendOptions
from sharewise.models.options import EncoderOptions
from sharewise.models.sharing import SHARINGS, HardOptions, SharingOptions
from sharewise.options import Options
from sharewise.study.composing import composed
from sharewise.study.weightings import STATIC, WeightingChoice
from sharewise.tasks import AnyTaskOptions
from sharewise.train.options import TrainingOptions
from sharewise.weighting import WeightingOptions

HARD = "hard"


class ArmOptions(Options):
    """One way to share: a sharing method, its own keys, and the study's keys that it overrides.

    The overrides hold the study's own keys under `training`, `encoder`, `backend` and `tasks`, only those that differ.
    """

    sharing: str = Field(default=HARD, description=f"sharing method: {', '.join(sorted(SHARINGS))}")
    weighting: WeightingChoice = Field(
        default=WeightingChoice(),
        description="how the tasks' losses become one step: a method, or these keys",
    )
    baseline: str | None = Field(
        default=None, description="arm to compare with; `single` with the same overrides if left out"
    )
    training: dict[str, Any] = Field(
        default_factory=dict, description="keys of `training` that differ in this arm"
    )
    encoder: str | dict[str, Any] | None = Field(
        default=None, description="keys of `encoder` that differ in this arm, or another encoder"
    )
    backend: str | dict[str, Any] | None = Field(
        default=None, description="keys of `backend` that differ in this arm, or another backend"
    )
    tasks: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="keys of tasks that differ in this arm, as {task: {weight: number}}; `weight`, how votes train, "
        "the keys of the loss, `calibration` and `threshold`",
    )

    @field_validator("sharing")
    @classmethod
    def _sharing_is_known(cls, value: str) -> str:
        if value not in SHARINGS:
            raise UnknownName(value, SHARINGS, what="sharing method")
        return value

    @property
    def sharing_options(self) -> SharingOptions:
        """The keys of the sharing method."""
        kind = SHARINGS[self.sharing].options
        return kind.model_validate({key: getattr(self, key) for key in kind.model_fields})

    @model_serializer(mode="wrap")
    def _without_keys_of_other_methods(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        own = SHARINGS[self.sharing].options.model_fields
        return {key: value for key, value in handler(self).items() if key in own or key not in SHARING_KEYS}


# Every key that some sharing method has.
SHARING_KEYS = tuple(
    dict.fromkeys(key for method in SHARINGS.values() for key in method.options.model_fields)
)

if not TYPE_CHECKING:
    ArmOptions = composed(ArmOptions, {name: SHARINGS[name].options for name in sorted(SHARINGS)})


class ResolvedArm(Options):
    """One arm with every key filled in."""

    name: str
    sharing: str
    sharing_options: SerializeAsAny[SharingOptions]
    training: TrainingOptions
    encoder: EncoderOptions
    backend: BackendOptions
    tasks: dict[str, AnyTaskOptions]
    weighting: str
    weighting_options: SerializeAsAny[WeightingOptions]

    every_task: bool = Field(description="whether each batch holds a cell of every task of the study")

    def alone(self) -> ResolvedArm:
        """Return the arm as its single-task baseline: the same overrides and batches, and nothing that is shared.

        Tasks of one data set are nearly always together in a batch anyway, whether they need to be or not.
        """
        several = len({task.data for task in self.tasks.values()}) > 1
        shared = {"sharing": HARD, "sharing_options": HardOptions()}
        weighting = {"weighting": STATIC, "weighting_options": WeightingOptions()}
        return self.model_copy(update=shared | weighting | {"every_task": self.every_task and several})
