"""What the columns of a table are for, found out from their names and contents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from sharewise.study.ballots import Ballot, find_ballots, in_order
from sharewise.tasks import LabelError, spelled, truth_labels
from sharewise.tasks.label_sets import label_sets

_MOST_LABELS = 20
# Different sets of labels in a column of several labels a cell.
_MOST_SETS = 500
_SEPARATORS = (";", "|", ",")
_PAIRS = (
    ("human_question", "bot_response"),
    ("sentence1", "sentence2"),
    ("question1", "question2"),
    ("question", "answer"),
    ("question", "response"),
    ("premise", "hypothesis"),
    ("text_a", "text_b"),
    ("query", "passage"),
    ("query", "document"),
    ("prompt", "response"),
    ("context", "response"),
    ("source", "target"),
)
_GROUP = re.compile(
    r"(^|_)(dialogue|dialog|conversation|session|thread|document|doc|user|author|group)(_?id)?$", re.I
)
_IDENTIFIER = re.compile(r"(^|_)(id|uuid|guid|key|hash|url)$", re.I)
_COUNTER = re.compile(
    r"^(|index|idx|n|no|nr|row|rows|line|turn|turns|position|fold|split|count|unnamed.*)$", re.I
)
_RATERS = re.compile(r"^(count|votes|raters|annotators|n_votes|n_raters|num_votes|num_raters)$", re.I)
_TURN = re.compile(r"^(turn|turn_?(id|index|no|number|idx)|utterance_?(id|index|no|number|idx))$", re.I)


@dataclass(frozen=True, kw_only=True)
class Column:
    """What is known of one column.

    Attributes:
        name: as in the file.
        filled: cells that hold something.
        distinct: different values among them.
        length: characters of a cell on average.
        numeric: whether every cell is a number.
        whole: whether every cell is a whole number.
        shares: for columns of few values each spelling and its share, the most frequent first.
        separator: what divides the labels in its cells, where there are several in some; `shares` are then of each.
    """

    name: str
    filled: int
    distinct: int
    length: float
    numeric: bool
    whole: bool
    shares: tuple[tuple[str, float], ...]
    separator: str | None = None

    @property
    def kind(self) -> str | None:
        """The kind of task that it would be the label of, or None."""
        if self.distinct < 2 or _COUNTER.match(self.name) or _IDENTIFIER.search(self.name):
            return None
        if self.separator is not None:
            return "multilabel"
        if self.distinct == 2 and self.filled > 2:
            return "binary"
        repeated = self.filled >= 2 * self.distinct
        if self.numeric and not self.whole:
            return "regression"
        if repeated and self.distinct <= _MOST_LABELS:
            return "multiclass"
        return "regression" if self.numeric and repeated else None

    @property
    def positive(self) -> str | None:
        """For two labels that don't say themselves which is positive, the rarer one."""
        labels = [label for label, _ in self.shares]
        return None if truth_labels(sorted(labels)) else labels[-1]


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What each column of a table is for.

    Attributes:
        text: the text column or the pair.
        labels: columns that hold labels.
        group: the column of rows that belong together, if there is one.
        groups: other columns that might be it.
        votes: columns of rater votes that no task of the draft takes.
        ballots: criteria with raters' votes.
        context: columns of earlier turns, the oldest first.
        turn: the column with the number of the turn in its dialogue, if there is one.
        unused: the rest, each with the reason.
    """

    text: tuple[Column, ...]
    labels: tuple[Column, ...]
    group: Column | None
    groups: tuple[Column, ...]
    votes: tuple[str, ...]
    ballots: tuple[Ballot, ...]
    context: tuple[str, ...]
    turn: str | None
    unused: tuple[tuple[str, str], ...]


def assign_roles(frame: pl.DataFrame) -> Roles:
    """Guess what each column of a table is for; where no column holds text, ``text`` is empty."""
    nested = [n for n in frame.columns if frame[n].dtype.is_nested() or frame[n].dtype == pl.Binary]
    columns = [_describe(frame[n]) for n in frame.columns if n not in nested]
    ballots = find_ballots(frame)
    counts = {name for ballot in ballots for name in (ballot.yes, ballot.no)}
    votes = _summed_votes(frame, [c for c in columns if c.name not in counts])
    context = in_order(frame.columns)
    others = [c for c in columns if c.name not in (*votes, *counts, *context)]
    text = _text(others)
    others = [c for c in others if c not in text]
    labels = tuple(c for c in others if c.kind)
    candidates = sorted(
        (c for c in others if _may_group(c) and c not in labels), key=lambda c: not _GROUP.search(c.name)
    )
    taken = {c.name for c in (*labels, *candidates)}
    return Roles(
        text=text,
        labels=labels,
        group=candidates[0] if candidates else None,
        groups=tuple(candidates[1:]),
        votes=votes,
        ballots=tuple(b for b in ballots if b.label is None or b.label in {c.name for c in labels}),
        context=context,
        turn=next((c.name for c in columns if _TURN.match(c.name) and c.numeric), None),
        unused=(
            *((c.name, _reason(c)) for c in others if c.name not in taken),
            *((name, "no plain values") for name in nested),
        ),
    )


def _describe(series: pl.Series) -> Column:
    cells = series.cast(pl.String, strict=False).str.strip_chars()
    cells = cells.filter(cells.is_not_null() & ~cells.str.to_lowercase().is_in(["", "nan"]))
    numbers = cells.cast(pl.Float64, strict=False)
    numeric = len(cells) > 0 and numbers.null_count() == 0 and bool(numbers.is_finite().all())
    distinct = cells.n_unique() if len(cells) else 0
    shares: tuple[tuple[str, float], ...] = ()
    if distinct <= 2 * _MOST_LABELS:
        # Spelled as tasks spell them: `1`, `1.0` and ` 1` are one label.
        names, codes = spelled(series)
        counts = pl.Series(codes).filter(pl.Series(codes) >= 0).value_counts(sort=True)
        shares = tuple((names[code], n / max(1, len(cells))) for code, n in counts.iter_rows())
        distinct = len(names)
    divided = _divided(series, cells, distinct)
    if divided is not None:
        separator, shares = divided
        return Column(
            name=series.name,
            filled=len(cells),
            distinct=distinct,
            length=float(cells.str.len_chars().cast(pl.Float64).mean() or 0.0),  # type: ignore[arg-type]
            numeric=False,
            whole=False,
            shares=shares,
            separator=separator,
        )
    return Column(
        name=series.name,
        filled=len(cells),
        distinct=distinct,
        length=float(cells.str.len_chars().cast(pl.Float64).mean() or 0.0),  # type: ignore[arg-type]
        numeric=numeric,
        whole=numeric and bool((numbers == numbers.round()).all()),
        shares=shares if distinct <= _MOST_LABELS else (),
    )


def _divided(
    series: pl.Series, cells: pl.Series, distinct: int
) -> tuple[str, tuple[tuple[str, float], ...]] | None:
    """What divides the labels in cells that hold several of few, and the share of rows with each; None for others."""
    if not 2 < distinct <= _MOST_SETS or 2 * distinct > len(cells):
        return None
    listed = bool(cells.str.starts_with("[").all())
    for separator in (";",) if listed else _SEPARATORS:
        if not listed and not cells.str.contains(separator, literal=True).any():
            continue
        try:
            found = label_sets(series, separator, None)
        except LabelError:
            return None
        several = any(len(held) > 1 for held in found.sets)
        names = found.labels
        # Where there are more parts than different cells, they are parts of something else: 1,5 and 2,5, say.
        if several and 2 <= len(names) <= _MOST_LABELS and len(names) < distinct:
            flags = np.nansum(found.flags(series, names), axis=0) / max(1, len(cells))
            shares = sorted(zip(names, flags.tolist(), strict=True), key=lambda pair: -pair[1])
            return separator, tuple(shares)
    return None


def _summed_votes(frame: pl.DataFrame, columns: Sequence[Column]) -> tuple[str, ...]:
    """Neighbouring columns of counts that add up to the number of raters in every row."""
    counts = [c.name for c in columns if c.whole and not _COUNTER.match(c.name)]
    for total in (c.name for c in columns if c.whole and _RATERS.match(c.name)):
        for first in range(len(counts)):
            for last in range(first + 2, len(counts) + 1):
                parts = counts[first:last]
                if total not in parts and _adds_up(frame, parts, total):
                    return tuple(parts)
    return ()


def _adds_up(frame: pl.DataFrame, parts: Sequence[str], total: str) -> bool:
    numbers = frame.select(pl.col([*parts, total]).cast(pl.Float64, strict=False))
    return bool((numbers.select(parts).sum_horizontal() == numbers[total]).all())


def _text(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The known pair, or else the column of the longest texts, with its twin (``a1``, ``a2``) if any."""
    texts = [c for c in columns if not c.numeric and c.distinct > 2 and not _IDENTIFIER.search(c.name)]
    by_name = {c.name.lower(): c for c in texts}
    for first, second in _PAIRS:
        if first in by_name and second in by_name:
            return by_name[first], by_name[second]
    if not texts:
        return ()
    longest = max(texts, key=lambda c: (c.length, c.distinct))
    for one, other in (("1", "2"), ("2", "1"), ("a", "b"), ("b", "a")):
        twin = by_name.get(longest.name.lower()[:-1] + other)
        if longest.name.lower().endswith(one) and twin and not twin.kind:
            return tuple(sorted((longest, twin), key=columns.index))
    return (longest,)


def _may_group(column: Column) -> bool:
    """Whether a column names what rows belong to: an identifier that comes more than once."""
    named = _GROUP.search(column.name) or _IDENTIFIER.search(column.name)
    return bool(named) and 1 < column.distinct <= 0.9 * column.filled


def _reason(column: Column) -> str:
    if column.distinct < 2:
        return "empty" if not column.filled else "one value only"
    if _COUNTER.match(column.name):
        return "looks like a number of the row"
    if column.distinct > 0.9 * column.filled:
        return "different in nearly every row"
    return f"text, {column.distinct:,} values" if not column.numeric else f"{column.distinct:,} numbers"
