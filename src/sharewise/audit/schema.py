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

    split: str = Field(description="the split that the row is in")
    data: str = Field(description="its data set")
    file: str = Field(description="as the study names it")
    unit: str = Field(description="what `line` counts: line or row")
    line: int = Field(description="one-based")
    text: str = Field(description="its beginning")
    note: str = Field(default="", description="what is remarkable about the row")


class Finding(Record):
    """Something that a user should know before training, and what to do about it."""

    key: str = Field(description="what was looked for: leak.exact, contradiction, imbalance …")
    severity: Severity = Field(
        description="problem: solve it first; warning: it decides what the results are worth; note"
    )
    says: str = Field(description="what was found")
    to_do: str = Field(description="what to do about it")
    tasks: tuple[str, ...] = Field(default=(), description="that it concerns")
    count: int = Field(default=0, description="rows behind it")
    rows: tuple[Place, ...] = Field(default=(), description="the first of them; audit-rows.csv holds all")


class Coverage(Record):
    """Rows of one task in one split."""

    task: str = Field(description="its name")
    split: str = Field(description="train, validation or test")
    rows: int = Field(description="rows of its data set")
    cells: int = Field(description="rows with a label of it")
    groups: int | None = Field(description="groups with a label of it, where groups are declared")


class Balance(Record):
    """How the labels of one task are spread, and what a constant answer scores."""

    task: str = Field(description="its name")
    metric: str = Field(description="its primary metric")
    shares: dict[str, dict[str, float]] = Field(description="split -> label -> share; empty for numbers")
    means: dict[str, tuple[float, float]] = Field(description="split -> mean and deviation; empty for labels")
    majority: str = Field(description="the constant answer: the most frequent training label, or the mean")
    scored: str = Field(description="the split that the constant answer is scored on")
    baseline: dict[str, float] = Field(description="its metrics, those that are defined")


class SplitLengths(Record):
    """Tokens of the rows of one split."""

    split: str = Field(description="train, validation or test")
    rows: int = Field(description="all of them")
    sampled: int = Field(description="rows that were tokenised")
    mean: float = Field(description="tokens of a row")
    percentiles: dict[int, float] = Field(description="percentile -> tokens")
    longest: int = Field(description="tokens of the longest row")
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

    to_max_length: float = Field(description="if every text were padded to the maximum")
    random_batches: float = Field(description="in random batches, padded to their longest text")
    bucketed: float = Field(description="in batches of like length, as they are trained on")


class Lengths(Record):
    """Lengths of the texts with the study's tokenizer."""

    tokenizer: str = Field(description="the encoder's name, or that it was trained")
    max_length: int = Field(description="tokens of a row that training reads at most")
    splits: tuple[SplitLengths, ...] = Field(description="a record a split")
    padding: Padding | None = Field(description="of the training split")
    note: str = Field(default="", description="what should be known of the tokenizer")


class Relation(Record):
    """How two tasks' labels go together in the training split."""

    one: str = Field(description="a task")
    other: str = Field(description="another one")
    measure: Measure = Field(description="which measure of association the two kinds take")
    value: float | None = Field(
        description="null where too few rows hold both, or one of them is constant there"
    )
    rows: int = Field(description="training rows that hold both")


class Group(Record):
    """Tasks that may share more with each other than with the rest, and why."""

    tasks: tuple[str, ...] = Field(description="of the group")
    reason: str = Field(description="why they are together")


class Merge(Record):
    """One step of the clustering: the tasks on both sides and the mean association at which they meet."""

    left: tuple[str, ...] = Field(description="tasks on one side")
    right: tuple[str, ...] = Field(description="tasks on the other")
    association: float = Field(description="mean association between the two sides")


class Relations(Record):
    """Associations of all pairs of tasks, their clustering, and the groups that follow."""

    order: tuple[str, ...] = Field(description="tasks so that alike ones are neighbours")
    pairs: tuple[Relation, ...] = Field(description="every two tasks")
    merges: tuple[Merge, ...] = Field(description="the tree, from the closest on")
    threshold: float = Field(description="mean association from which tasks are one group")
    groups: tuple[Group, ...] = Field(description="suggested groups")


class Agreement(Record):
    """How far the raters of one task agree, over all splits."""

    task: str = Field(description="its name")
    rows: int = Field(description="rows with two votes or more")
    votes: int = Field(description="on these rows")
    alpha: float | None = Field(description="Krippendorff's alpha; null where it is not defined")
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

    disagreements: int = Field(description="tasks on which the raters of a row disagree")
    rows: int = Field(description="with so many")
    share: float = Field(description="of the rows with two votes or more")
    characters: float = Field(description="mean length")


class Overlap(Record):
    """Rows of one split whose text is in another one too, by how alike it is; each row counts once."""

    split: str = Field(description="whose rows leak")
    data: str = Field(description="their data set")
    within: str = Field(description="the split that the text is also in")
    within_data: str = Field(description="the data set there")
    rows: int = Field(description="rows of `data` in `split`")
    exact: int = Field(description="rows with the same characters")
    exact_texts: int = Field(description="different texts among the exact ones")
    normalised: int = Field(
        description="further rows, equal but for case, width, white space and punctuation"
    )
    near: int = Field(description="further rows, nearly equal")


class Repeats(Record):
    """Rows of one split that repeat an earlier row of it."""

    split: str = Field(description="train, validation or test")
    data: str = Field(description="data set")
    rows: int = Field(description="all of them")
    exact: int = Field(description="that repeat the same characters")
    normalised: int = Field(
        description="further ones, equal but for case, width, white space and punctuation"
    )
    near: int = Field(description="further ones, nearly equal")


class Leakage(Record):
    """Texts that are in two splits or twice in one, and groups in two splits."""

    overlaps: tuple[Overlap, ...] = Field(description="texts of one split in another")
    repeats: tuple[Repeats, ...] = Field(description="texts twice in one split")
    groups: dict[str, int] = Field(description="`test in train` … -> groups that are in both")


class Bin(Record):
    """Rows of one value, or range of values."""

    name: str = Field(description="the value, or the range")
    rows: int = Field(description="training rows in it")
    value: float = Field(description="share of the label, or mean of the numbers")


class Effect(Record):
    """How one property of a row goes with the labels of one task, in the training split."""

    task: str = Field(description="its name")
    by: str = Field(description="text length, rows of the group, or a column named under `slice`")
    label: str | None = Field(description="the label whose share changes most; null for numbers")
    strength: float | None = Field(
        description="Cramér's V between bins and labels, or the correlation ratio of ranks"
    )
    ordered: bool = Field(description="whether the bins have an order")
    bins: tuple[Bin, ...] = Field(description="of the property")


class Power(Record):
    """What the test split can show of one task with the study's seeds."""

    task: str = Field(description="its name")
    metric: str = Field(description="its primary metric")
    rows: int = Field(description="of the test split with a label")
    groups: int | None = Field(description="of these rows, where groups are declared")
    design_effect: float = Field(
        description="how many times the variance grows because rows of a group are alike"
    )
    seeds: int = Field(description="models an arm")
    comparisons: int = Field(description="over which verdicts are corrected")
    trained: bool = Field(description="whether the baseline is trained, so that nothing of it is supposed")
    quality: float = Field(
        description="MCC that the models are supposed to have, or the trained ones' mean score"
    )
    seed_sd: float = Field(description="standard deviation over seeds, supposed or observed")
    known: bool = Field(
        description="whether anything can be said; of some metrics only once the baseline is trained"
    )
    gain: float | None = Field(
        description="smallest gain that 80 of 100 studies find, in units of the metric; null where even a perfect arm "
        "would not be told apart, or unknown"
    )
    loss: float | None = Field(
        description="smallest loss that 80 of 100 studies find, in units of the metric; null where even a guessing arm "
        "would not be told apart, or unknown"
    )
    margin: float | None = Field(
        description="difference that doesn't matter; null where none is declared for a metric in its own unit"
    )
    equivalence: bool | None = Field(description="whether equivalence within the margin can be shown")
    why: str = Field(description="why nothing is known, or what stands in the way of equivalence")


class Audit(Record):
    """All that was found out about a study's data before training."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null", serialize_by_alias=True)

    schema_: int = Field(
        default=SCHEMA, alias="schema", validation_alias="schema", description="version of this layout"
    )
    study: str = Field(description="its name")
    sharewise: str = Field(description="version that wrote it")
    simulated: bool = Field(description="whether the data are")
    seconds: float = Field(description="from reading to the end of looking")
    findings: tuple[Finding, ...] = Field(description="problems first")
    coverage: tuple[Coverage, ...] = Field(description="a record a task and split")
    balance: tuple[Balance, ...] = Field(description="a record a task")
    lengths: Lengths | None = Field(description="null where the tokenizer could not be had")
    relations: Relations = Field(description="how the labels of tasks go together")
    agreement: tuple[Agreement, ...] = Field(description="a record a task with votes")
    difficulty: tuple[Difficulty, ...] = Field(description="rows by the number of disagreements")
    leakage: Leakage = Field(description="texts and groups in two places")
    effects: tuple[Effect, ...] = Field(description="a record a task and property")
    power: tuple[Power, ...] = Field(description="a record a task; empty without a test split")
