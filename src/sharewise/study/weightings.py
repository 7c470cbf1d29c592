"""Keys under `weighting` of an arm: a method, and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from sharewise.errors import UnknownName
from sharewise.options import Options
from sharewise.study.composing import composed
from sharewise.weighting import WEIGHTINGS, WeightingOptions

STATIC = "static"


class WeightingChoice(Options):
    """How several tasks' losses become one step.

    In the study file ``weighting: uncertainty`` is short for ``weighting: {method: uncertainty}``.
    """

    short_form: ClassVar[tuple[str, ...]] = ("a method",)

    method: str = Field(default=STATIC, description=f"weighting method: {', '.join(WEIGHTINGS)}")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"method": value} if isinstance(value, str) else value

    @field_validator("method")
    @classmethod
    def _method_is_known(cls, value: str) -> str:
        if value not in WEIGHTINGS:
            raise UnknownName(value, WEIGHTINGS, what="weighting method")
        return value

    @property
    def options(self) -> WeightingOptions:
        """The method's keys."""
        kind = WEIGHTINGS[self.method].options
        return kind.model_validate({key: getattr(self, key) for key in kind.model_fields})

    @model_serializer(mode="wrap")
    def _without_keys_of_other_methods(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        own = WEIGHTINGS[self.method].options.model_fields
        return {key: value for key, value in handler(self).items() if key in own or key not in WEIGHTING_KEYS}


# Every key that some method has.
WEIGHTING_KEYS = tuple(dict.fromkeys(key for m in WEIGHTINGS.values() for key in m.options.model_fields))

if not TYPE_CHECKING:
    WeightingChoice = composed(WeightingChoice, {name: method.options for name, method in WEIGHTINGS.items()})
