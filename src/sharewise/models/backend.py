"""Keys of the backend in the study file: what answers a task, a head on an encoder or text in and text out."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from sharewise.options import Options


class BackendOptions(Options):
    """What answers the tasks: a head each on the encoder, or an encoder-decoder that writes the label's text.

    In the study file ``backend: text2text`` is short for ``backend: {name: text2text}``.
    """

    short_form: ClassVar[tuple[str, ...]] = ("heads", "text2text")

    name: Literal["heads", "text2text"] = Field(
        default="heads", description="a head a task on an encoder, or an encoder-decoder that writes labels"
    )
    objective: Literal["tokens", "labels"] = Field(
        default="tokens",
        description="what text to text learns: the tokens of the right label's text, or the distribution over labels",
    )
    score: Literal["sum", "mean"] = Field(
        default="sum", description="log-probability of a label's text: summed over its tokens, or their mean"
    )
    max_target_length: int = Field(
        default=16, ge=2, le=512, description="tokens of a label's text at most, its end included"
    )
    generate: bool = Field(
        default=False,
        description="after selection, also write answers freely and report the share that is no label",
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _heads_write_nothing(self) -> BackendOptions:
        fields = type(self).model_fields
        foreign = [key for key, field in fields.items() if getattr(self, key) != field.default]
        if self.name == "heads" and foreign:
            raise ValueError(f"`{foreign[0]}` is a key of `name: text2text`; heads write no text")
        return self

    @property
    def writes(self) -> bool:
        """Whether answers are texts."""
        return self.name == "text2text"
