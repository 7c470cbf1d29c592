"""Keys of one data set in the study file."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from sharewise.data.context_options import Column, ContextOptions
from sharewise.options import Options

_FRACTION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*%\s*$")
_NUMBER = re.compile(r"^\d*\.?\d+$")


def fraction(source: str) -> float | None:
    """Return the share that ``"10%"`` names, as a number between 0 and 1, or None for a file or hub id."""
    match = _FRACTION.match(source)
    return float(match.group(1)) / 100 if match else None


class DataOptions(Options):
    """Where one data set's splits are, and which columns hold the text.

    A split is a path (relative to the study file), ``hub:owner/name`` (``hub:owner/name#split`` names the
    split), or, for validation and test, a fraction such as ``10%`` that is cut from the training file.
    """

    train: Column = Field(description="file or hub id of the training split")
    validation: Column = Field(default="10%", description="file, hub id, or a fraction to cut from train")
    test: Column | None = Field(
        default=None, description="file, hub id, a fraction to cut from train, or none"
    )
    text: Column | tuple[Column, Column] = Field(description="the column with the text, or the two of a pair")
    group: Column | None = Field(
        default=None, description="column of rows that belong together: never split, resampled as one"
    )
    context: ContextOptions | None = Field(
        default=None,
        description="earlier turns that are put before each text: a column, a list, or these keys",
    )
    slice: Column | Annotated[tuple[Column, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="columns whose effect on the labels the audit measures; nothing is trained on them",
    )
    encoding: str | None = Field(default=None, description="character encoding; found out if left out")

    @field_validator("train")
    @classmethod
    def _train_is_a_source(cls, value: str) -> str:
        if fraction(value) is not None:
            raise ValueError("the training split must be a file or hub id, not a fraction")
        return value

    @field_validator("validation", "test")
    @classmethod
    def _fraction_in_range(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None or not value.rstrip().endswith("%"):
            return value
        share = fraction(value)
        if share is None or not 0 < share < 0.9:
            raise ValueError(f"{value} is no fraction over 0% and under 90%")
        validation = fraction(info.data.get("validation", "")) if info.field_name == "test" else None
        if validation is not None and share + validation >= 0.9:
            raise ValueError("validation and test together must leave more than a tenth of train")
        return value

    @field_validator("validation", "test")
    @classmethod
    def _not_a_bare_number(cls, value: str | None) -> str | None:
        if value is not None and _NUMBER.match(value):
            share = float(value) * (100 if float(value) < 1 else 1)
            raise ValueError(f'{value} is no file; a fraction of train is written "{share:g}%"')
        return value

    @field_validator("text")
    @classmethod
    def _two_columns_differ(cls, value: str | tuple[str, str]) -> str | tuple[str, str]:
        if not isinstance(value, str) and value[0] == value[1]:
            raise ValueError(f"column {value[0]!r} is named twice; a pair is two columns, one text is one")
        return value

    @field_validator("context")
    @classmethod
    def _context_is_no_text(cls, value: ContextOptions | None, info: ValidationInfo) -> ContextOptions | None:
        text = info.data.get("text", ())
        named = () if value is None else value.columns or ()
        both = next(
            (column for column in named if column in ((text,) if isinstance(text, str) else text)), None
        )
        if both is not None:
            raise ValueError(f"column {both!r} is under `text` too, and a turn can't be before itself")
        return value

    @property
    def grouping(self) -> str | None:
        """The column of rows that belong together: `group`, or else the dialogue that `context` names."""
        return self.group or (self.context.dialogue if self.context is not None else None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The one or two text columns."""
        return (self.text,) if isinstance(self.text, str) else self.text

    @property
    def slices(self) -> tuple[str, ...]:
        """The columns named under `slice`."""
        return (self.slice,) if isinstance(self.slice, str) else self.slice or ()
