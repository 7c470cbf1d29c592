"""Observers that note, stop or disturb a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sharewise.train import Silence


class Stopped(Exception):
    """A run was stopped on purpose."""


@dataclass
class Notes(Silence):
    """Keeps what it is told, as (event, value) in order."""

    events: list[tuple[str, Any]] = field(default_factory=list)

    def on_start(self, *, done: int, total: int) -> None:
        """See Observer."""
        self.events.append(("start", (done, total)))

    def on_step(self, *, step: int, total: int) -> None:
        """See Observer."""
        self.events.append(("step", step))

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        """See Observer."""
        self.events.append(("evaluation", record["step"]))

    def on_note(self, note: str) -> None:
        """See Observer."""
        self.events.append(("note", note))

    def of(self, kind: str) -> list[Any]:
        """Return the values of one kind of event."""
        return [value for event, value in self.events if event == kind]


class At(Notes):
    """Does something after an update is made, before it is evaluated or saved."""

    def __init__(self, step: int, act: Callable[[], object]) -> None:
        super().__init__()
        self.step = step
        self.act = act

    def on_step(self, *, step: int, total: int) -> None:
        """See Observer."""
        super().on_step(step=step, total=total)
        if step == self.step:
            self.act()


def stop() -> None:
    """Raise Stopped."""
    raise Stopped
