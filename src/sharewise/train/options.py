"""Keys under `training` in the study file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from sharewise.errors import UnknownName
from sharewise.options import Options
from sharewise.tasks import KINDS
from sharewise.train.techniques import CurriculumOptions, FgmOptions, RDropOptions

_BATCH_TOKENS = 4096
RULES = ("mean", "worst", "per_task", "loss")
JOINT_METRICS = ("exact_match", "micro_f1", "macro_f1")
METRICS = tuple(dict.fromkeys([m for kind in KINDS for m in kind.valid_metrics] + list(JOINT_METRICS)))
SELECTIONS = (*RULES, *METRICS)
# With one task to stop and to select for, these rules are what others are.
_FOR_ONE_TASK = {"stop": {"per_task": "joint"}, "select": {"per_task": "mean", "worst": "mean"}}


class Temperature(Options):
    """Sampling in proportion to rows ** (1 / temperature): 1 is proportional, large is equal."""

    temperature: float = Field(
        ge=1.0,
        description="data sets are drawn in proportion to rows ** (1 / temperature): 1 is proportional",
    )


class TrainingOptions(Options):
    """How a model is trained; the same keys may be overridden by an arm."""

    epochs: int = Field(default=3, ge=1, le=10_000, description="passes over the training rows, at most")
    batch_tokens: int = Field(default=_BATCH_TOKENS, ge=16, description="padded tokens of one optimizer step")
    batch_rows: int | None = Field(
        default=None, ge=1, description="rows of one step, instead of batch_tokens"
    )
    optimizer: Literal["adamw", "adafactor"] = Field(
        default="adamw", description="adafactor scales its steps by the weights: rates of T5's are some 1e-3"
    )
    learning_rate: float = Field(
        default=2.0e-5, gt=0.0, lt=1.0, description="the optimizer's highest learning rate, after the warm-up"
    )
    warmup: float = Field(default=0.1, ge=0.0, lt=1.0, description="share of the updates with a rising rate")
    weight_decay: float = Field(
        default=0.01,
        ge=0.0,
        allow_inf_nan=False,
        description="the optimizer's; never on embeddings, norms, biases",
    )
    max_gradient_norm: float = Field(
        default=1.0, gt=0.0, description="longer gradients are cut to this length"
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        default="auto", description="arithmetic; auto: bf16 where the hardware multiplies it, else fp32"
    )
    kernels: Literal["auto", "python", "torch"] = Field(
        default="auto",
        description="auto: on CPU, layers, dropout masks and AdamW that are computed faster, with other rounding and "
        "other masks of the same distribution, by kernels in C where the machine can compile them; python: without "
        "these; torch: PyTorch's own",
    )
    patience: int = Field(
        default=3, ge=1, description="evaluations without a better score before a run stops"
    )
    evaluate_every: Literal["epoch"] | Annotated[int, Field(ge=1)] = Field(
        default="epoch", description="validation after each epoch, or after every so many updates"
    )
    stop: Literal["joint", "per_task", "never"] = Field(
        default="joint",
        description="joint: a run stops as a whole when patience runs out; per_task: each task leaves the "
        "mixture by itself; never: it trains on",
    )
    select: str = Field(
        default="mean",
        description="what makes an evaluation the best on validation: the mean or the worst of the tasks' "
        "metrics, the loss, or a metric's name; per_task: each task's own best",
    )
    max_length: int = Field(
        default=256,
        ge=8,
        le=100_000,
        description="tokens of a text (or pair), special tokens included; the rest is cut off",
    )
    sampling: Literal["proportional", "equal"] | Temperature = Field(
        default="proportional",
        description="how often rows of each data set are drawn: by their number, equally, between",
    )

    r_drop: RDropOptions | None = Field(
        default=None,
        description="R-Drop, on where this is there, {} with its defaults: a row's two answers under different dropout "
        "are to be alike; two passes a row",
    )
    fgm: FgmOptions | None = Field(
        default=None,
        description="adversarial training, on where this is there, {} with its defaults: trained on word embeddings "
        "made worse by a small step too; two passes a row",
    )
    curriculum: CurriculumOptions | None = Field(
        default=None,
        description="curriculum, on where this is there, {} with its defaults: rows on which the raters agreed first; "
        "needs a task with `votes`",
    )

    @field_validator("select")
    @classmethod
    def _select_is_known(cls, value: str) -> str:
        if value not in SELECTIONS:
            raise UnknownName(value, SELECTIONS, what="rule or metric")
        return value

    @field_validator("batch_rows")
    @classmethod
    def _one_budget(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("batch_tokens", _BATCH_TOKENS) != _BATCH_TOKENS:
            raise ValueError("a step is sized by batch_tokens or by batch_rows; name only one of them")
        return value

    @model_validator(mode="after")
    def _patience_is_chosen(self) -> Self:
        # The default suits runs that seldom need it; a task that leaves too early or never would go unnoticed.
        if self.stop == "per_task" and "patience" not in self.model_fields_set:
            raise ValueError(
                "`stop: per_task` needs `patience`: after how many evaluations without a better score a task "
                "leaves the mixture"
            )
        return self

    @model_validator(mode="after")
    def _a_curriculum_has_room(self) -> Self:
        if self.curriculum is not None and self.epochs < 2:
            raise ValueError(
                "`curriculum` needs two epochs or more: the last draws from all rows, those before from the easy ones"
            )
        return self

    def for_one_task(self) -> TrainingOptions:
        """Return the options in the words under which a model of one task trains the same."""
        return self.model_copy(update=rules_for_one_task({"stop": self.stop, "select": self.select}))

    @property
    def passes(self) -> int:
        """How often a row goes forward and backward through the model in an update."""
        return (1 if self.r_drop is None else 2) * (1 if self.fgm is None else 2)

    @property
    def temperature(self) -> float:
        """Temperature of `sampling`: 1 is proportional, infinity equal."""
        if isinstance(self.sampling, Temperature):
            return self.sampling.temperature
        return 1.0 if self.sampling == "proportional" else math.inf


def rules_for_one_task(training: Mapping[str, Any]) -> dict[str, Any]:
    """Put keys of `training` in the words that mean the same where a model has one task.

    With one task to stop and to select for, ``stop: per_task`` is ``joint``, and ``select: worst`` and ``per_task`` are
    ``mean``. Rules that differ in words alone are no reason to train a model twice, nor are they unequal.
    """
    return {key: _FOR_ONE_TASK.get(key, {}).get(str(value), value) for key, value in training.items()}
