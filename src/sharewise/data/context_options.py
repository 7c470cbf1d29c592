"""Keys that say what was said before each text of a data set."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, model_validator

from sharewise.options import Options

Column = Annotated[str, StringConstraints(min_length=1)]
# Of a dialogue, whose turns may be many; listed columns are all meant.
USUAL_TURNS = 3


class ContextOptions(Options):
    """The earlier turns that are put before each text: in columns of its row, or in earlier rows of its dialogue.

    In the study file ``context: [context_2, context_1]`` is short for ``context: {columns: [context_2, context_1]}``.
    """

    short_form: ClassVar[tuple[str, ...]] = ("a column", "a list of columns")

    columns: Annotated[tuple[Column, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="columns with the earlier turns, the oldest first; a cell may be a list of them",
    )
    dialogue: Column | None = Field(
        default=None,
        description="column of the dialogue; its earlier rows in the same file are the earlier turns",
    )
    turn: Column | None = Field(
        default=None, description="column with the number of the turn in its dialogue"
    )
    last: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="turns before each text at most, the nearest ones; all of `columns`, 3 of a `dialogue` if left out",
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        names = (value,) if isinstance(value, str) else value
        # Columns may be called by numbers.
        if isinstance(names, (list, tuple)) and names and all(type(name) in (str, int) for name in names):
            return {"columns": tuple(str(name) for name in names)}
        return value

    @model_validator(mode="after")
    def _one_source(self) -> ContextOptions:
        if (self.columns is None) == (self.dialogue is None):
            raise ValueError("name the earlier turns one way: `columns`, or `dialogue` and `turn`")
        if (self.dialogue is None) != (self.turn is None):
            missing = "turn" if self.turn is None else "dialogue"
            raise ValueError(f"`dialogue` and `turn` go together, and `{missing}` is missing")
        columns = self.named
        twice = next((c for c in columns if columns.count(c) > 1), None)
        if twice is not None:
            raise ValueError(f"column {twice!r} is named twice")
        return self

    @property
    def keyed(self) -> tuple[tuple[str, str], ...]:
        """The key that names it, and each column."""
        if self.columns is not None:
            return tuple(("columns", column) for column in self.columns)
        return tuple(
            (key, c) for key, c in (("dialogue", self.dialogue), ("turn", self.turn)) if c is not None
        )

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that is named."""
        return tuple(column for _, column in self.keyed)

    @property
    def turns(self) -> int | None:
        """The most turns before a text; None for all that the columns hold."""
        return self.last if self.columns is not None else self.last or USUAL_TURNS
