"""The common base of every option class: frozen, keyword-only, strict about unknown keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Options of one component, validated where they are made.

    Subclasses live beside the component that they configure; the study file composes them.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, arbitrary_types_allowed=False
    )
