"""Keys of the encoder in the study file."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from sharewise.options import Options


class ScratchOptions(Options):
    """A small modern encoder with random weights and a tokenizer trained on the training texts."""

    layers: int = Field(default=4, ge=1, le=48, description="transformer layers")
    width: int = Field(default=256, ge=16, le=4096, description="hidden size; a multiple of 64 or of `heads`")
    heads: int | None = Field(
        default=None, ge=1, description="attention heads; width / 64 (at least 2) if left out"
    )
    vocabulary: int = Field(
        default=8000, ge=300, le=250000, description="word pieces of the trained tokenizer"
    )
    dropout: float = Field(
        default=0.1, ge=0.0, lt=1.0, description="of attention and hidden states in training"
    )

    @model_validator(mode="after")
    def _heads_divide_width(self) -> ScratchOptions:
        if self.width % self.attention_heads or (self.width // self.attention_heads) % 2:
            raise ValueError(
                f"width {self.width} can't be divided into {self.attention_heads} heads of an even size"
            )
        return self

    @property
    def attention_heads(self) -> int:
        """The number of attention heads."""
        return self.heads or max(2, self.width // 64)


class EncoderOptions(Options):
    """The encoder that all tasks share: a hub id, a local folder, or `scratch`.

    In the study file ``encoder: klue/roberta-base`` is short for ``encoder: {name: klue/roberta-base}``.
    """

    short_form: ClassVar[tuple[str, ...]] = ("a hub id", "a local folder")

    name: str | None = Field(
        default=None, description="hub id or local folder that transformers' AutoModel loads"
    )
    scratch: ScratchOptions | None = Field(
        default=None, description="a small encoder with random weights, instead of `name`"
    )
    pooling: Literal["cls", "mean"] = Field(default="mean", description="how token states become one vector")
    dropout: float | None = Field(
        default=None, ge=0.0, lt=1.0, description="before each head; the encoder's own if left out"
    )
    revision: str | None = Field(default=None, description="branch, tag or commit of a hub id")
    trust_remote_code: bool = Field(default=False, description="run code that comes with a hub model")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_source(self) -> EncoderOptions:
        if (self.name is None) == (self.scratch is None):
            raise ValueError("name exactly one encoder: a hub id, a local folder, or {scratch: {…}}")
        return self
