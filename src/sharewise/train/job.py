"""What one run trains, on what, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sharewise.data.table import StudyData
from sharewise.data.tokens import TokenStore
from sharewise.models.backend import BackendOptions
from sharewise.models.calibration import decided
from sharewise.models.options import EncoderOptions
from sharewise.models.sharing import HardOptions, SharingOptions
from sharewise.models.text2text.words import TaskWords, text_sizes
from sharewise.tasks import Array, Task
from sharewise.train.options import TrainingOptions
from sharewise.train.state import Best
from sharewise.weighting import WeightingOptions


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run: a model of one or several tasks, one seed.

    Attributes:
        tasks: the model's own tasks.
        weights: weight of each own task's loss.
        data: the whole study's splits; the rows of tasks that aren't the model's own still shape the batches.
        stores: tokens of each split.
        tokenizer: of the encoder.
        encoder: what to load or build.
        sharing: name of the sharing method.
        sharing_options: its keys, groups filled in.
        training: how to train.
        weighting: name of the method that makes one step of the tasks' losses.
        weighting_options: its keys.
        every_task: whether each batch is to hold a cell of every task of the study.
        seed: of data order, initial weights and dropout.
        backend: what answers the tasks.
        words: every task of the study in the tokenizer's words, for text to text.
    """

    tasks: Mapping[str, Task]
    weights: Mapping[str, float]
    data: StudyData
    stores: Mapping[str, TokenStore]
    tokenizer: Any
    encoder: EncoderOptions
    sharing: str
    training: TrainingOptions
    seed: int
    sharing_options: SharingOptions = field(default_factory=HardOptions)
    weighting: str = "static"
    weighting_options: WeightingOptions = field(default_factory=WeightingOptions)
    every_task: bool = False
    backend: BackendOptions = field(default_factory=BackendOptions)
    words: Mapping[str, TaskWords] = field(default_factory=dict)

    @property
    def sizes(self) -> Array:
        """What each training row takes of a batch's budget of tokens, ``(rows,)``."""
        lengths = self.stores["train"].lengths
        if not self.backend.writes:
            return lengths
        table = self.data.train
        return text_sizes(self.words, {name: table.present(name) for name in self.words}, lengths)


@dataclass(frozen=True, kw_only=True)
class TaskScores:
    """A model's answers to one task on one split.

    Attributes:
        rows: rows of the split's table that hold a cell, ``(cells,)``.
        targets: ``(cells, target_width)``.
        scores: activated outputs, ``(cells, outputs)``, float32.
        loss: mean over the cells, of the task's own kind, whatever the model was trained on.
        written: metrics of answers that the model wrote freely; empty where it wrote none.
        thresholds: an output each, where decisions are made at others than .5.
    """

    rows: Array
    targets: Array
    scores: Array
    loss: float
    written: Mapping[str, float] = field(default_factory=dict)
    thresholds: tuple[float, ...] = ()

    def decided(self, task: Task) -> Array:
        """The task's predictions, as ``task.decide`` gives them, by the thresholds."""
        return decided(task, self.scores, self.thresholds)


@dataclass(kw_only=True)
class Outcome:
    """What a finished run leaves: curves, costs, and the selected model's answers.

    ``trained`` counts the parameters that training may change, ``flops`` the floating-point operations that the model
    takes to answer a text of typical length, by ``train.flops``.

    ``history`` holds the fields of ``compare.results.EpochRecord``; ``scores`` is split -> task -> answers.
    ``chosen`` is the evaluation whose weights serve each task, ``stopped`` the epoch at which a task left the mixture.
    """

    history: list[dict[str, Any]]
    best: Best
    chosen: dict[str, Best]
    stopped: dict[str, float]
    stopped_early: bool
    failed: str | None
    seconds: float
    rows_seen: int
    updates: dict[str, int]
    updates_made: dict[str, int]
    parameters: int
    trained: int
    flops: float
    precision: str
    notes: list[str] = field(default_factory=list)
    scores: dict[str, dict[str, TaskScores]] = field(default_factory=dict)


class Observer(Protocol):
    """Is told how a run goes on; a progress bar, say."""

    def on_start(self, *, done: int, total: int) -> None:
        """A run begins or goes on after ``done`` of ``total`` updates."""

    def on_step(self, *, step: int, total: int) -> None:
        """An update was made."""

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        """A line of history was written."""

    def on_note(self, note: str) -> None:
        """Something happened that the user should know."""

    def on_end(self) -> None:
        """The run is complete and on disk."""


class Silence:
    """An observer that says nothing."""

    def on_start(self, *, done: int, total: int) -> None:
        """See Observer."""

    def on_step(self, *, step: int, total: int) -> None:
        """See Observer."""

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        """See Observer."""

    def on_note(self, note: str) -> None:
        """See Observer."""

    def on_end(self) -> None:
        """See Observer."""
