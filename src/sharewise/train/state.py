"""How far a run has come, and its folder on disk."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from sharewise.files import write_text, write_whole
from sharewise.train.checkpoint import (
    load_weights,
    readable_checkpoints,
    restore_checkpoint,
    save_checkpoint,
    weights,
)
from sharewise.weighting import Weighting


@dataclass
class Best:
    """The evaluation that selection prefers so far; ``score`` and ``defined`` are its ``selection.Score``."""

    score: float
    defined: int
    step: int
    epoch: float


@dataclass
class RunState:
    """Everything but tensors that a run must remember.

    Attributes:
        made: updates made, by task.
        recent: updates since the last evaluation, by task.
        losses: each task's training loss summed over those updates.
        history: evaluations so far; see ``compare.results.EpochRecord``.
        best: the preferred one of them.
        stale: evaluations since then.
        bests: the one of them that each task alone prefers.
        waits: evaluations since then that followed updates of the task.
        chosen: the one whose weights are to serve each task.
        stopped: the epoch at which each task left the mixture, of those that did.
        parts: into how many parts memory forces each update.
        seconds: time spent on training and evaluation, over all sittings.
        finished: nothing is left but to score the selected model.
        kernels: what computed the last update; see ``computing.resolve_kernels``.
    """

    made: dict[str, int]
    recent: dict[str, int]
    losses: dict[str, float]
    history: list[dict[str, Any]] = field(default_factory=list)
    best: Best | None = None
    stale: int = 0
    bests: dict[str, Best] = field(default_factory=dict)
    waits: dict[str, int] = field(default_factory=dict)
    chosen: dict[str, Best] = field(default_factory=dict)
    stopped: dict[str, float] = field(default_factory=dict)
    parts: int = 1
    rows_seen: int = 0
    seconds: float = 0.0
    finished: bool = False
    kernels: str = ""
    stopped_early: bool = False
    failed: str | None = None
    notes: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, tasks: list[str]) -> RunState:
        """Return the state before the first update."""
        zeros = dict.fromkeys(tasks, 0)
        return cls(made=dict(zeros), recent=dict(zeros), losses=dict.fromkeys(tasks, 0.0), waits=dict(zeros))

    @property
    def kept_steps(self) -> set[int]:
        """The evaluations whose weights are needed at the end."""
        return {best.step for best in self.chosen.values()}

    @classmethod
    def read(cls, saved: dict[str, Any]) -> RunState:
        """Return the state of which ``dataclasses.asdict`` made these values.

        Raises:
            AttributeError, KeyError, TypeError: where another version of the program wrote them.
        """
        best = saved["best"]
        by_task = {key: {t: Best(**b) for t, b in saved[key].items()} for key in ("bests", "chosen")}
        return cls(**saved | by_task | {"best": Best(**best) if best else None})


class RunFolder:
    """The files from which an unfinished run goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkpoints = folder / "checkpoints"

    def write_best(self, model: nn.Module, step: int) -> None:
        """Keep the weights that selection prefers."""
        write_whole(self._best(step), lambda path: save_file(weights(model), path))

    def load_best(self, model: nn.Module, step: int) -> None:
        """Put the preferred weights into the model."""
        load_weights(model, load_file(self._best(step)))

    def write_history(self, history: list[dict[str, Any]]) -> None:
        """Write history.jsonl, a line an evaluation."""
        write_text(
            self.folder / "history.jsonl", "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in history)
        )

    def save(
        self,
        step: int,
        state: RunState,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        weighting: Weighting,
    ) -> None:
        """Write a checkpoint; only then drop preferred weights that no checkpoint refers to any more."""
        tensors, values = weighting.state()
        save_checkpoint(
            self.checkpoints,
            step=step,
            model=model,
            optimizer=optimizer,
            state=asdict(state) | {"weighting": values},
            weighting=tensors,
        )
        kept = {self._best(step) for step in state.kept_steps}
        for path in self.checkpoints.glob("best-*.safetensors"):
            if path not in kept:
                path.unlink()

    def resume(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, weighting: Weighting
    ) -> tuple[int, RunState] | None:
        """Go back to the newest whole checkpoint: (updates made, state), or None where there is none."""
        for checkpoint in readable_checkpoints(self.checkpoints):
            saved = dict(checkpoint.state)
            try:
                step, values = int(saved.pop("step")), saved.pop("weighting")
                state = RunState.read(saved)
            except (AttributeError, KeyError, TypeError):  # Another version of the program wrote it.
                continue
            if all(self._best_is_readable(kept) for kept in state.kept_steps):
                restore_checkpoint(checkpoint, model=model, optimizer=optimizer)
                weighting.load_state(checkpoint.weighting, values)
                return step, state
        return None

    def discard(self) -> None:
        """Drop what only an unfinished run needs."""
        shutil.rmtree(self.checkpoints, ignore_errors=True)

    def _best_is_readable(self, step: int) -> bool:
        try:
            load_file(self._best(step))
        except (OSError, SafetensorError):
            return False
        return True

    def _best(self, step: int) -> Path:
        return self.checkpoints / f"best-{step:09d}.safetensors"
