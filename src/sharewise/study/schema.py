"""The study as a whole: it composes the options that live beside each component."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from sharewise.data.options import DataOptions
from sharewise.errors import nearest
from sharewise.models.options import EncoderOptions
from sharewise.models.sharing import SHARINGS
from sharewise.options import Options
from sharewise.tasks import AnyTaskOptions
from sharewise.train.options import TrainingOptions

SINGLE = "single"
Name = Annotated[str, StringConstraints(min_length=1, max_length=80)]
_NAME = re.compile(r"^[^\W][\w.+-]*$")
Overrides = Mapping[str, Any]


class ArmOptions(Options):
    """One way to share: a sharing method, and the keys that it overrides.

    The overrides hold the same keys as the study's own `training`, `encoder` and `tasks`, only those that differ.
    """

    sharing: str = Field(default="hard", description=f"sharing method: {', '.join(SHARINGS)}")
    baseline: Name | None = Field(default=None, description="arm to compare with; `single` with the same overrides if left out")
    training: dict[str, Any] = Field(default_factory=dict, description="training keys that differ in this arm")
    encoder: str | dict[str, Any] | None = Field(default=None, description="the encoder, where it differs in this arm")
    tasks: dict[str, dict[str, Any]] = Field(default_factory=dict, description="task keys that differ in this arm")

    @field_validator("sharing")
    @classmethod
    def _sharing_is_known(cls, value: str) -> str:
        if value not in SHARINGS:
            close = nearest(value, SHARINGS)
            raise ValueError(f"one of {', '.join(SHARINGS)}" + (f"; did you mean `{close}`?" if close else ""))
        return value


class ReportOptions(Options):
    """What the reports show."""

    epoch_metric: str | None = Field(default=None, description="metric of the epoch table, e.g. accuracy; each task's own if left out")


class Study(Options):
    """A study: data, tasks, encoder, training, seeds, and the arms that are compared with `single`."""

    name: Name
    data: dict[Name, DataOptions] = Field(min_length=1)
    tasks: dict[Name, Annotated[AnyTaskOptions, Field(discriminator="kind")]] = Field(min_length=1)
    encoder: EncoderOptions
    training: TrainingOptions = TrainingOptions()
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] = Field(default=(1, 2, 3), min_length=1)
    arms: dict[Name, ArmOptions] = Field(default_factory=lambda: {"hard": ArmOptions()})
    keep: Literal["all", "selected", "none"] = Field(
        default="selected", description="weights that stay on disk: every run's, those of each arm's median seed, none"
    )
    report: ReportOptions = ReportOptions()

    @field_validator("name", "data", "tasks", "arms")
    @classmethod
    def _names_are_plain(cls, value: Any) -> Any:
        for name in [value] if isinstance(value, str) else value:
            if not _NAME.match(name):
                raise ValueError(f"the name {name!r} must be letters, digits, `_`, `-`, `.` or `+`, a letter or digit first")
        return value

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) != len(value):
            raise ValueError("every seed once")
        return value

    @model_validator(mode="after")
    def _names_refer(self) -> Study:
        for name, task in self.tasks.items():
            if task.data not in self.data:
                raise ValueError(f"tasks.{name}.data: {_unknown(task.data, self.data, 'data set')}")
        if SINGLE in self.arms:
            raise ValueError("arms.single: `single` is always there; give this arm another name")
        for name, arm in self.arms.items():
            if arm.baseline not in (None, SINGLE, *self.arms) or arm.baseline == name:
                raise ValueError(f"arms.{name}.baseline: {_unknown(str(arm.baseline), [SINGLE, *self.arms], 'other arm')}")
            for task in arm.tasks:
                if task not in self.tasks:
                    raise ValueError(f"arms.{name}.tasks.{task}: {_unknown(task, self.tasks, 'task')}")
            self.resolve(name)
        return self

    def resolve(self, arm: str) -> ResolvedArm:
        """Fill one arm's overrides into the study's own keys; ``single`` is the study as it stands."""
        options = ArmOptions() if arm == SINGLE else self.arms[arm]
        training = TrainingOptions.model_validate(_batches(self.training.model_dump(exclude_unset=True), options.training))
        if options.encoder is None:
            encoder = self.encoder
        elif isinstance(options.encoder, str) or {"name", "scratch"} & set(options.encoder):
            encoder = EncoderOptions.model_validate(options.encoder)
        else:
            encoder = EncoderOptions.model_validate(self.encoder.model_dump(exclude_unset=True) | options.encoder)
        tasks = {
            name: type(task).model_validate(task.model_dump(exclude_unset=True) | {"kind": task.kind} | dict(options.tasks.get(name, {})))
            for name, task in self.tasks.items()
        }
        return ResolvedArm(name=arm, sharing=options.sharing, training=training, encoder=encoder, tasks=tasks)


class ResolvedArm(Options):
    """One arm with every key filled in."""

    name: str
    sharing: str
    training: TrainingOptions
    encoder: EncoderOptions
    tasks: dict[str, AnyTaskOptions]


def _batches(base: dict[str, Any], overrides: Overrides) -> dict[str, Any]:
    """Merge training keys; naming one way to size batches drops the other."""
    if "batch_tokens" in overrides:
        base.pop("batch_rows", None)
    return base | dict(overrides)


def _unknown(name: str, valid: Any, what: str) -> str:
    close = nearest(name, valid)
    hint = f"; did you mean `{close}`?" if close else ""
    return f"there is no {what} {name!r}{hint} ({', '.join(valid)})"
