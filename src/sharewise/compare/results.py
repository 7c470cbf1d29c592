"""The schema of results.json: the one source of every report."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from sharewise.compare.statistics import Verdict
from sharewise.options import Options

SCHEMA = 1
Metrics = dict[str, float]


class TaskRecord(Options):
    """One task: what it is, how many cells it has, and what a constant answer scores on test (or validation)."""

    kind: str
    labels: list[str]
    metric: str
    higher_is_better: bool
    margin: float | None
    rows: dict[str, int] = Field(description="cells by split")
    shares: dict[str, dict[str, float]] = Field(description="share of each label by split; empty for regression")
    baselines: dict[str, Metrics] = Field(description="`majority`: metrics of the constant answer, on `scored`")


class ArmRecord(Options):
    """One arm: what it is and what it cost."""

    sharing: str
    baseline: str | None = Field(description="the arm it is compared with; none for the baseline itself")
    overrides: dict[str, Any]
    models: int = Field(description="models that it takes to serve all tasks")
    parameters: int = Field(description="of all its models together")
    seconds: float = Field(description="training time of all runs")
    examples_per_second: float
    updates: dict[str, float] = Field(description="planned updates a task, the same for each seed")
    updates_made: dict[str, float] = Field(description="mean over seeds of the updates made before stopping")
    summary: dict[str, dict[str, dict[str, tuple[float, float]]]] = Field(
        description="task -> split -> metric -> (mean, standard deviation over seeds)"
    )
    joint: dict[str, dict[str, tuple[float, float]]] = Field(
        description="split -> exact_match, micro_f1, macro_f1 over the binary tasks -> (mean, standard deviation)"
    )


class EpochRecord(Options):
    """One evaluation of one run: a line of history.jsonl."""

    epoch: float
    step: int
    learning_rate: float
    seconds: float
    train_loss: float = Field(description="weighted sum over tasks, mean over the updates since the last line")
    validation_loss: float
    score: float = Field(description="what selection compared; higher is better")
    selected: bool = Field(description="whether this was the best line so far")
    joint: Metrics = Field(description="exact_match, micro_f1, macro_f1 over the binary tasks; may be empty")
    tasks: dict[str, dict[str, float]] = Field(description="task -> train_loss, validation_loss and metrics")


class RunRecord(Options):
    """One run: one model, one seed."""

    arm: str
    task: str = Field(description="the task's name in a single-task run, else `all`")
    seed: int
    hash: str
    folder: str
    best_epoch: float
    best_step: int
    stopped_early: bool
    failed: str | None = Field(description="why the run counts as failed, if it does")
    seconds: float
    rows_seen: int
    updates: dict[str, int]
    updates_made: dict[str, int]
    parameters: int
    precision: str
    metrics: dict[str, dict[str, Metrics]] = Field(description="task -> split -> metric, `loss` among them")
    joint: dict[str, Metrics]
    history: list[EpochRecord]


class Recommendation(Options):
    """Which arm a user should take, and why, in one sentence."""

    arm: str
    reason: str


class Results(Options):
    """results.json as a whole."""

    schema_version: Literal[1] = Field(default=SCHEMA, alias="schema", serialization_alias="schema")
    study: str
    sharewise: str
    created: str = Field(description="UTC, ISO 8601")
    git: str | None
    versions: dict[str, str]
    machine: dict[str, str]
    configuration: dict[str, Any] = Field(description="the whole study as it ran, defaults filled in")
    seeds: list[int]
    scored: Literal["test", "validation"] = Field(description="the split that the tables and verdicts are of")
    epoch_metric: str | None = Field(description="metric of the epoch table; each task's own if none")
    simulated: bool = Field(description="whether the data are the bundled simulated corpus")
    tasks: dict[str, TaskRecord]
    arms: dict[str, ArmRecord]
    runs: list[RunRecord]
    verdicts: list[Verdict]
    sentences: list[str] = Field(description="one plain sentence a verdict, in the same order")
    recommendation: Recommendation | None
    warnings: list[str]
