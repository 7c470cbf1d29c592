"""The schema of results.json: the one source of every report."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from sharewise.compare.detail import TaskDetail
from sharewise.compare.fitted import FittedRecord
from sharewise.compare.objections import Objection
from sharewise.compare.peaks import Peak
from sharewise.compare.prediction import Prediction
from sharewise.compare.searched import SearchRecord
from sharewise.compare.statistics import Verdict
from sharewise.compare.swept import StoppedRecord, SweptRecord
from sharewise.models.calibration import Calibration
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
    shares: dict[str, dict[str, float]] = Field(
        description="share of each label by split; empty for regression"
    )
    baselines: dict[str, Metrics] = Field(
        description="`majority`: metrics of the constant answer, on `scored`"
    )
    smaller_class: str | None = Field(
        default=None, description="the label with the fewest rows on `scored`; none for numbers"
    )
    smaller_class_rows: int | None = Field(default=None, description="those rows: a high score rests on them")


class ArmRecord(Options):
    """One arm: what it is and what it cost."""

    sharing: str
    weighting: str = "static"
    groups: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="groups of tasks as the sharing method used them, found or named"
    )
    baseline: str | None = Field(description="the arm it is compared with; none for the baseline itself")
    overrides: dict[str, Any]
    models: int = Field(
        description="models that it takes to serve all tasks; where `select: per_task` leaves several states of one "
        "model, each counts, and of the seeds the one with the most"
    )
    parameters: int = Field(description="of all its models together")
    trained: int | None = Field(default=None, description="of these, parameters that training may change")
    flops: float | None = Field(
        default=None,
        description="operations of matrix products to answer one text of median length for every task",
    )
    seconds: float = Field(description="training time of all runs")
    examples_per_second: float
    updates: dict[str, float] = Field(description="planned updates a task, the same for each seed")
    updates_made: dict[str, float] = Field(description="mean over seeds of the updates made before stopping")
    rows_seen: float = Field(
        default=0.0, description="rows that all its models of a seed were trained on, repeats counted"
    )
    trials: int = Field(
        default=1,
        description="settings that were trained to choose this one by its validation scores; of a baseline, how many "
        "differ of the sweep that is compared with it",
    )
    passes: int = Field(
        default=1,
        description="how often training takes a row forward and backward; R-Drop and adversarial training double it",
    )
    swept: SweptRecord | None = Field(
        default=None, description="which setting of which arm's sweep it is; none of other arms"
    )
    energy: float | None = Field(
        default=None, description="joules of the processor packages, all runs; none where it couldn't be read"
    )
    training: dict[str, Any] = Field(
        default_factory=dict, description="how its models were trained, every key filled in"
    )
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
    train_loss: float | None = Field(
        description="weighted sum over tasks, mean over the updates since the last line; none if not finite"
    )
    validation_loss: float | None
    score: float | None = Field(description="what selection compared; higher is better")
    selected: bool = Field(description="whether this was the best line so far")
    joint: Metrics = Field(description="exact_match, micro_f1, macro_f1 over the binary tasks; may be empty")
    tasks: dict[str, dict[str, float]] = Field(description="task -> train_loss, validation_loss and metrics")
    weights: dict[str, float] = Field(
        default_factory=dict,
        description="mean coefficient of each task's loss or gradient since the last line, where the weighting has "
        "some that change",
    )


class Selection(Options):
    """The evaluation whose weights were kept for a task."""

    epoch: float
    step: int


class RunRecord(Options):
    """One run: one model, one seed."""

    arm: str
    task: str = Field(description="the task's name in a single-task run, else `all`")
    seed: int
    hash: str
    folder: str
    best_epoch: float
    best_step: int
    selected: dict[str, Selection] = Field(
        default_factory=dict,
        description="task -> the evaluation whose weights serve it; all at `best_step`, but for `select: per_task`",
    )
    stopped: dict[str, float] = Field(
        default_factory=dict, description="task -> epoch at which it left the mixture (`stop: per_task`)"
    )
    stopped_early: bool
    failed: str | None = Field(description="why the run counts as failed, if it does")
    seconds: float
    energy: float | None = Field(
        default=None, description="joules of the processor packages while it trained, its share of them"
    )
    selected_on: Literal["validation", "test"] = Field(
        default="validation", description="the split whose scores chose the weights: never test"
    )
    rows_seen: int
    updates: dict[str, int]
    updates_made: dict[str, int]
    parameters: int
    trained: int | None = Field(default=None, description="parameters that training may change")
    flops: float | None = Field(
        default=None, description="operations of matrix products to answer one text of median length"
    )
    precision: str
    notes: list[str] = Field(description="what happened on the way, such as memory running out")
    metrics: dict[str, dict[str, Metrics]] = Field(description="task -> split -> metric, `loss` among them")
    joint: dict[str, Metrics]
    calibration: dict[str, Calibration] = Field(
        default_factory=dict, description="task -> how its probabilities are corrected, fitted on validation"
    )
    thresholds: dict[str, tuple[float, ...]] = Field(
        default_factory=dict, description="task -> one an output, where decisions are made at others than .5"
    )
    history: list[EpochRecord]

    @property
    def states(self) -> int:
        """How many different states of the model serve its tasks."""
        return len({s.step for s in self.selected.values()}) or 1

    def selected_step(self, task: str) -> int:
        """The step of the evaluation whose weights serve a task."""
        return self.selected[task].step if task in self.selected else self.best_step


class Recommendation(Options):
    """Which arm a user should take, and why, in one sentence."""

    arm: str
    reason: str


class Results(Options):
    """results.json as a whole."""

    schema_version: Literal[1] = Field(default=1, alias="schema", serialization_alias="schema")
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
    second_look: bool = Field(
        default=False, description="whether seeds or arms were added after verdicts had been seen"
    )
    tasks: dict[str, TaskRecord]
    joint_baseline: Metrics = Field(
        default_factory=dict,
        description="exact_match, micro_f1, macro_f1 of the constant answers on `scored`; empty without binary tasks",
    )
    arms: dict[str, ArmRecord]
    runs: list[RunRecord]
    verdicts: list[Verdict]
    sentences: list[str] = Field(description="one plain sentence a verdict, in the same order")
    recommendation: Recommendation | None
    objections: list[Objection] = Field(
        default_factory=list, description="why arms were not compared fairly; empty if they were"
    )
    details: dict[str, TaskDetail] = Field(
        default_factory=dict, description="task -> confusions, scores by label, rows that divide the arms"
    )
    prediction: Prediction | None = Field(
        default=None,
        description="what affinity said of arms that share in its groups; none where no arm does",
    )
    stopped: list[StoppedRecord] = Field(
        default_factory=list,
        description="settings of sweeps that were stopped for being behind; see `halving`",
    )
    searches: list[SearchRecord] = Field(
        default_factory=list, description="the trials of each arm that was searched"
    )
    fitted: dict[str, dict[str, FittedRecord]] = Field(
        default_factory=dict,
        description="task -> arm -> calibration and thresholds that were fitted on validation; only of tasks that "
        "declare some",
    )
    peaks: list[Peak] = Field(
        default_factory=list, description="a task and arm each: best evaluation and over-fitting"
    )
    peak_sentences: list[str] = Field(default_factory=list, description="what is to be seen in `peaks`")
    warnings: list[str]
