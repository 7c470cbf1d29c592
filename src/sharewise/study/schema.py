"""The study as a whole: it composes the options that live beside each component."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from sharewise.data.options import DataOptions
from sharewise.errors import UnknownName
from sharewise.models.backend import BackendOptions
from sharewise.models.options import EncoderOptions
from sharewise.options import Options
from sharewise.study.arms import ArmOptions, ResolvedArm
from sharewise.study.errors import Origin, StudyError
from sharewise.study.merging import merge_backend, merge_encoder, merge_training
from sharewise.study.misplaced import whole
from sharewise.study.plain import plain
from sharewise.study.references import check_references
from sharewise.study.searching import Contestant, Found, SearchOptions, contestants
from sharewise.study.sweeping import Setting, settings_of
from sharewise.study.translation import mistakes_in, pruned, unknown_name
from sharewise.study.truths import truths_in
from sharewise.tasks import AnyTaskOptions
from sharewise.train.options import METRICS, TrainingOptions
from sharewise.weighting import WEIGHTINGS

SINGLE = "single"
_LONGEST_NAME = 80
_FORBIDDEN = re.compile(r"[^\w.+-]+")


def _plain_name(name: str) -> str:
    """Names become folders: letters, digits and a few signs only."""
    if 0 < len(name) <= _LONGEST_NAME and name[0].isalnum() and not _FORBIDDEN.search(name):
        return name
    better = _FORBIDDEN.sub("_", name).lstrip("_.+-")[:_LONGEST_NAME]
    raise ValueError(
        f"a name has 1 to {_LONGEST_NAME} letters, digits, `_`, `-`, `.` or `+`, the first a letter or digit"
        + (f"; did you mean `{better}`?" if better else "")
    )


Name = Annotated[str, AfterValidator(_plain_name)]


class ReportOptions(Options):
    """What the reports show."""

    epoch_metric: str | None = Field(
        default=None, description="metric of the epoch table, e.g. accuracy; each task's own if left out"
    )
    rows: int = Field(
        default=10,
        ge=0,
        le=100,
        description="rows a task that are shown with their text, where arms disagree",
    )

    @field_validator("epoch_metric")
    @classmethod
    def _metric_is_known(cls, value: str | None) -> str | None:
        if value is not None and value not in METRICS:
            raise UnknownName(value, METRICS, what="metric")
        return value


@whole
class Study(Options):
    """A study: data, tasks, encoder, training, seeds, and the arms that are compared with `single`.

    Raises:
        StudyError: a `UserError` that names every mistake in it, by the path of its key.
    """

    name: Name = Field(description="name of the study, and of the folder that its runs land in")
    data: dict[Name, DataOptions] = Field(min_length=1, description="data sets by name")
    tasks: dict[Name, Annotated[AnyTaskOptions, Field(discriminator="kind")]] = Field(
        min_length=1, description="tasks by name"
    )
    encoder: EncoderOptions = Field(
        description="the encoder that all tasks share: a hub id, a local folder, or these keys"
    )
    backend: BackendOptions = Field(
        default=BackendOptions(),
        description="what answers the tasks: heads on the encoder, text2text, or these keys",
    )
    training: TrainingOptions = Field(default=TrainingOptions(), description="how models are trained")
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...] = Field(
        default=(1, 2, 3), min_length=1, description="every arm is trained once with each of them"
    )
    arms: dict[Name, ArmOptions] = Field(
        default_factory=lambda: {"hard": ArmOptions()},
        description="ways to share; {hard: {}} if left out; `single`, one model a task, is always there",
    )
    sweep: dict[str, dict[str, tuple[Any, ...]]] = Field(
        default_factory=dict,
        description="arms that are tried with several settings: {arm: {key: [value, …]}}, each setting an arm",
    )
    halving: bool = Field(
        default=False,
        description="whether the worse half of each sweep's settings on validation is stopped after each seed; such a "
        "sweep chooses a setting, and has no verdicts",
    )
    search: dict[str, SearchOptions] = Field(
        default_factory=dict,
        description="arms whose keys are chosen by trials on validation: {arm: {over: {key: {low, high}}, trials: n}}",
    )
    keep: Literal["all", "selected", "none"] = Field(
        default="selected",
        description="weights that stay on disk: every run's, those of each arm's median seed, none",
    )
    report: ReportOptions = Field(default=ReportOptions(), description="what the reports show")

    _folder: Path = PrivateAttr(default_factory=Path.cwd)
    _origin: Origin = PrivateAttr(default_factory=Origin)
    _found: tuple[Found, ...] = PrivateAttr(default=())
    _stopped: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def folder(self) -> Path:
        """Where relative paths start: the study file's folder, or the current one for a study from Python."""
        return self._folder

    @property
    def origin(self) -> Origin:
        """Where the keys stand, for messages."""
        return self._origin

    @cached_property
    def settings(self) -> dict[str, Setting]:
        """The settings of all sweeps by their names, those of one arm in a row."""
        found: dict[str, Setting] = {}
        for name, axes in self.sweep.items():
            arm = plain(self.arms[name])
            own = {task: keys.weight for task, keys in self.tasks.items()}
            own |= {t: keys["weight"] for t, keys in self.arms[name].tasks.items() if "weight" in keys}
            found |= {setting.name: setting for setting in settings_of(name, arm, axes, own)}
        return found

    @cached_property
    def compared_arms(self) -> dict[str, ArmOptions]:
        """The arms as they are trained: where an arm is swept, its settings stand for it; searched, what was found."""
        found: dict[str, ArmOptions] = {}
        for name, options in self.arms.items():
            own = {key: s.keys for key, s in self.settings.items() if s.arm == name}
            own |= {f.name: dict(f.keys) for f in self.found if f.contestant.arm == name and f.name}
            found |= {key: ArmOptions.model_validate(keys) for key, keys in own.items()} or {name: options}
        return found

    @property
    def contestants(self) -> list[Contestant]:
        """All that is searched, arm by arm."""
        return [
            contestant
            for name, options in self.search.items()
            for contestant in contestants(name, plain(self.arms[name]), options, self.tasks)
        ]

    @property
    def found(self) -> tuple[Found, ...]:
        """What the searches found; empty before they were made."""
        return self._found

    def with_found(self, found: Sequence[Found]) -> Study:
        """Return the study with its searches done."""
        study = self.model_copy()
        study._found = tuple(found)
        study.__dict__.pop("compared_arms", None)
        return study

    @property
    def halves(self) -> bool:
        """Whether settings may be stopped: there are some, and seeds that follow others."""
        return self.halving and bool(self.sweep) and len(self.seeds) > 1

    @property
    def stopped(self) -> frozenset[str]:
        """Settings of sweeps that are trained with no further seed."""
        return self._stopped

    def with_stopped(self, settings: Iterable[str]) -> Study:
        """Return the study with these settings stopped too."""
        study = self.model_copy()
        study._stopped = self._stopped.union(settings)
        return study

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        twice = next((seed for seed in value if value.count(seed) > 1), None)
        if twice is not None:
            raise ValueError(f"seed {twice} is named twice, and would only repeat its runs")
        return value

    @field_validator("arms")
    @classmethod
    def _no_arm_is_named_model(cls, value: dict[str, ArmOptions]) -> dict[str, ArmOptions]:
        if "model" in value:
            raise ValueError(
                "no arm can be named `model`: the folder of that name holds the recommended model"
            )
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _all_mistakes_at_once(cls, value: Any, handler: ModelWrapValidatorHandler[Study]) -> Study:
        if isinstance(value, Study):
            return handler(value)
        mistakes = []
        study = None
        try:
            study = handler(value)
        except ValidationError as error:
            mistakes = mistakes_in(error, cls)
        keys = plain(value)
        mistakes = pruned([*mistakes, *truths_in(keys, cls), *check_references(keys)])
        if mistakes or study is None:
            raise StudyError(mistakes)
        return study

    def resolve(self, arm: str) -> ResolvedArm:
        """Fill one arm's overrides into the study's own keys; ``single`` is the study as it stands.

        Raises:
            UserError: where there is no such arm.
        """
        if arm != SINGLE and arm not in self.compared_arms:
            raise StudyError([unknown_name((), UnknownName(arm, [SINGLE, *self.compared_arms], what="arm"))])
        return self.filled(arm, ArmOptions() if arm == SINGLE else self.compared_arms[arm])

    def filled(self, name: str, options: ArmOptions) -> ResolvedArm:
        """Fill an arm's overrides, of whatever arm, into the study's own keys."""
        training = merge_training(plain(self.training), options.training)
        encoder = merge_encoder(plain(self.encoder), options.encoder)
        tasks = {
            task: type(keys).model_validate({**plain(keys), **options.tasks.get(task, {})})
            for task, keys in self.tasks.items()
        }
        return ResolvedArm(
            name=name,
            sharing=options.sharing,
            sharing_options=options.sharing_options,
            weighting=options.weighting.method,
            weighting_options=options.weighting.options,
            every_task=WEIGHTINGS[options.weighting.method].every_task,
            training=TrainingOptions.model_validate(training),
            encoder=EncoderOptions.model_validate(self._located(encoder)),
            backend=BackendOptions.model_validate(merge_backend(plain(self.backend), options.backend)),
            tasks=tasks,
        )

    def _located(self, encoder: dict[str, Any]) -> dict[str, Any]:
        """Let a relative folder start where the data's do; a name that is no folder there stays as it is."""
        name = encoder.get("name")
        if not name or not (folder := self.folder / Path(name).expanduser()).is_dir():
            return encoder
        return {**encoder, "name": str(folder)}
