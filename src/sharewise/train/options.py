"""Keys under `training` in the study file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from sharewise.options import Options


class Temperature(Options):
    """Sampling in proportion to rows ** (1 / temperature): 1 is proportional, large is equal."""

    temperature: float = Field(ge=1.0)


class TrainingOptions(Options):
    """How a model is trained; the same keys may be overridden by an arm."""

    epochs: int = Field(default=3, ge=1)
    batch_tokens: int = Field(default=4096, ge=16, description="padded tokens of one optimizer step")
    batch_rows: int | None = Field(default=None, ge=1, description="rows of one step, instead of batch_tokens")
    learning_rate: float = Field(default=2.0e-5, gt=0.0, lt=1.0)
    warmup: float = Field(default=0.1, ge=0.0, lt=1.0, description="share of the updates with a rising rate")
    weight_decay: float = Field(default=0.01, ge=0.0, description="AdamW's; never on embeddings, norms, biases")
    max_gradient_norm: float = Field(default=1.0, gt=0.0)
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    patience: int = Field(default=3, ge=1, description="evaluations without a better score before a run stops")
    evaluate_every: Literal["epoch"] | int = Field(default="epoch", description="`epoch` or a number of updates")
    stop: Literal["joint", "never"] = Field(default="joint", description="`joint`: the run stops as a whole")
    select: str = Field(default="mean", description="mean, worst, loss, or a metric's name; on validation")
    max_length: int = Field(default=256, ge=8, description="tokens of a text (or pair), special tokens included")
    sampling: Literal["proportional", "equal"] | Temperature = "proportional"

    @model_validator(mode="after")
    def _evaluation_is_positive(self) -> TrainingOptions:
        if isinstance(self.evaluate_every, int) and self.evaluate_every < 1:
            raise ValueError("evaluate_every must be `epoch` or a number of updates over 0")
        return self
