"""What an audit finds, as it stands in audit.json."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = 1
Severity = Literal["problem", "warning", "note"]
Measure = Literal["phi", "Cramér's V", "Spearman", "correlation ratio"]
Likeness = Literal["exact", "normalised", "near"]


class Record(BaseModel):
    """A part of the audit."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Place(Record):
    """One row behind a finding, and where it is."""

    split: str
    data: str
    file: str
    unit: str = Field(description="what `line` counts: line or row")
    line: int = Field(description="one-based")
    text: str = Field(description="its beginning")
    note: str = Field(default="", description="what is remarkable about the row")


class Finding(Record):
    """Something that a user should know before training, and what to do about it."""

    key: str = Field(description="what was looked for: leak.exact, contradiction, imbalance …")
    severity: Severity
    says: str
    to_do: str
    tasks: tuple[str, ...] = ()
    count: int = Field(default=0, description="rows behind it")
    rows: tuple[Place, ...] = Field(default=(), description="the first of them; audit-rows.csv holds all")


class Coverage(Record):
    """Rows of one task in one split."""

    task: str
    split: str
    rows: int = Field(description="rows of its data set")
    cells: int = Field(description="rows with a label of it")
    groups: int | None = Field(description="groups with a label of it, where groups are declared")


class Balance(Record):
    """How the labels of one task are spread, and what a constant answer scores."""

    task: str
    metric: str
    shares: dict[str, dict[str, float]] = Field(description="split -> label -> share; empty for numbers")
    means: dict[str, tuple[float, float]] = Field(description="split -> mean and deviation; empty for labels")
    majority: str = Field(description="the constant answer: the most frequent training label, or the mean")
    scored: str = Field(description="the split that the constant answer is scored on")
    baseline: dict[str, float] = Field(description="its metrics, those that are defined")


class SplitLengths(Record):
    """Tokens of the rows of one split."""

    split: str
    rows: int
    sampled: int = Field(description="rows that were tokenised")
    mean: float
    percentiles: dict[int, float]
    longest: int
    cut: float = Field(description="share of the rows whose text `max_length` cuts")
    lost: float = Field(description="share of all tokens that it cuts off, or leaves out of earlier turns")
    earlier: float = Field(default=0.0, description="share of all tokens that earlier turns have")
    shortened: float = Field(
        default=0.0, description="share of the rows that lose earlier turns to `max_length`"
    )
    histogram: tuple[tuple[int, int, int], ...] = Field(
        description="(from, to, sampled rows), to not included"
    )


class Padding(Record):
    """Share of the tokens of a batch that are padding, by the way batches are made."""

    to_max_length: float
    random_batches: float
    bucketed: float


class Lengths(Record):
    """Lengths of the texts with the study's tokenizer."""

    tokenizer: str
    max_length: int
    splits: tuple[SplitLengths, ...]
    padding: Padding | None = Field(description="of the training split")
    note: str = ""


class Relation(Record):
    """How two tasks' labels go together in the training split."""

    one: str
    other: str
    measure: Measure
    value: float | None = Field(
        description="None where too few rows hold both, or one of them is constant there"
    )
    rows: int


class Group(Record):
    """Tasks that may share more with each other than with the rest, and why."""

    tasks: tuple[str, ...]
    reason: str


class Merge(Record):
    """One step of the clustering: the tasks on both sides and the mean association at which they meet."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    association: float


class Relations(Record):
    """Associations of all pairs of tasks, their clustering, and the groups that follow."""

    order: tuple[str, ...] = Field(description="tasks so that alike ones are neighbours")
    pairs: tuple[Relation, ...]
    merges: tuple[Merge, ...]
    threshold: float
    groups: tuple[Group, ...]


class Agreement(Record):
    """How far the raters of one task agree, over all splits."""

    task: str
    rows: int = Field(description="rows with two votes or more")
    votes: int
    alpha: float | None = Field(description="Krippendorff's alpha; None where it is not defined")
    unanimous: float = Field(description="share of rows on which all votes are the same")
    disagreement_share: float = Field(description="of all cells with a disagreement, those of this task")
    one_rater: dict[str, float] = Field(
        description="what one of the raters scores against the majority of all"
    )
    another_rater: dict[str, float] = Field(
        description="what one rater scores against the majority of the others"
    )


class Difficulty(Record):
    """Rows by the number of tasks on which their raters disagree."""

    disagreements: int
    rows: int
    share: float
    characters: float = Field(description="mean length")


class Overlap(Record):
    """Rows of one split whose text is in another one too, by how alike it is; each row counts once."""

    split: str
    data: str
    within: str = Field(description="the split that the text is also in")
    within_data: str
    rows: int = Field(description="rows of `data` in `split`")
    exact: int
    exact_texts: int = Field(description="different texts among the exact ones")
    normalised: int
    near: int


class Repeats(Record):
    """Rows of one split that repeat an earlier row of it."""

    split: str
    data: str
    rows: int
    exact: int
    normalised: int
    near: int


class Leakage(Record):
    """Texts that are in two splits or twice in one, and groups in two splits."""

    overlaps: tuple[Overlap, ...]
    repeats: tuple[Repeats, ...]
    groups: dict[str, int] = Field(description="`test in train` … -> groups that are in both")


class Bin(Record):
    """Rows of one value, or range of values."""

    name: str
    rows: int
    value: float = Field(description="share of the label, or mean of the numbers")


class Effect(Record):
    """How one property of a row goes with the labels of one task, in the training split."""

    task: str
    by: str = Field(description="text length, rows of the group, or a column named under `slice`")
    label: str | None = Field(description="the label whose share changes most; None for numbers")
    strength: float | None = Field(
        description="Cramér's V between bins and labels, or the correlation ratio of ranks"
    )
    ordered: bool
    bins: tuple[Bin, ...]


class Power(Record):
    """What the test split can show of one task with the study's seeds."""

    task: str
    metric: str
    rows: int
    groups: int | None
    design_effect: float
    seeds: int
    comparisons: int
    trained: bool = Field(description="whether the baseline is trained, so that nothing of it is supposed")
    quality: float = Field(
        description="MCC that the models are supposed to have, or the trained ones' mean score"
    )
    seed_sd: float = Field(description="standard deviation over seeds, supposed or observed")
    known: bool = Field(
        description="whether anything can be said; of some metrics only once the baseline is trained"
    )
    gain: float | None = Field(
        description="smallest gain that 80 of 100 studies find, in units of the metric; None where even a perfect arm "
        "would not be told apart, or unknown"
    )
    loss: float | None = Field(
        description="smallest loss that 80 of 100 studies find, in units of the metric; None where even a guessing arm "
        "would not be told apart, or unknown"
    )
    margin: float | None
    equivalence: bool | None = Field(description="whether equivalence within the margin can be shown")
    why: str = Field(description="why nothing is known, or what stands in the way of equivalence")


class Audit(Record):
    """All that was found out about a study's data before training."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null", serialize_by_alias=True)

    schema_: int = Field(default=SCHEMA, alias="schema", validation_alias="schema")
    study: str
    sharewise: str
    simulated: bool
    seconds: float
    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]
    balance: tuple[Balance, ...]
    lengths: Lengths | None
    relations: Relations
    agreement: tuple[Agreement, ...]
    difficulty: tuple[Difficulty, ...]
    leakage: Leakage
    effects: tuple[Effect, ...]
    power: tuple[Power, ...]
