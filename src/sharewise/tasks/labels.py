"""Cells as they are read, brought to one spelling: ``1.0``, ``True`` and `` 1 `` are what users mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import polars as pl

from sharewise.errors import UserError, nearest
from sharewise.tasks.task import Array, Label, LabelError

Value = TypeVar("Value")

_WHOLE = re.compile(r"(-?[0-9]+)\.0+")
# A rare label is taken for a misspelt common one only if that is on so many times more rows; and not a short code.
_FAR_MORE_COMMON = 10
_SHORTEST_WORD = 4
# From so many different texts on (names of groups, mostly) Python's own way of looking at each takes too long.
_MANY = 5_000
# What `str.strip` takes for space.
_SPACES = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
_TRUTHS = ({"1": 1, "0": 0}, {"true": 1, "false": 0}, {"yes": 1, "no": 0})


def spell(value: object) -> str:
    """Spell one declared or read label: trimmed, integers without ``.0``, Booleans in lower case.

    >>> spell(1.0), spell(True), spell(" hate ")
    ('1', 'true', 'hate')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    whole = _WHOLE.fullmatch(text)
    if whole:
        return "0" if whole[1] == "-0" else whole[1]
    return text.lower() if text.lower() in ("true", "false") else text


def spelled(column: pl.Series) -> tuple[list[str], Array]:
    """Spell a whole column through its distinct values.

    Nulls, NaN, blanks, and the word ``nan``, as programs write a missing number into text, are holes.

    Returns:
        The distinct spellings (sorted), and each row's index among them, -1 for a hole; shape ``(rows,)``.
    """
    distinct = column.unique()
    if distinct.dtype == pl.String and len(distinct) > _MANY:
        names = _spelled_texts(distinct)
    else:
        names = [
            None if v is None or spell(v).lower() in ("", "nan") else spell(v) for v in distinct.to_list()
        ]
    spellings = sorted({n for n in names if n is not None})
    position = {n: i for i, n in enumerate(spellings)}
    codes = [-1 if n is None else position[n] for n in names]
    mapped = column.replace_strict(distinct, pl.Series(codes, dtype=pl.Int64), return_dtype=pl.Int64)
    return spellings, mapped.to_numpy().astype(np.int64)


def _spelled_texts(texts: pl.Series) -> list[str | None]:
    """Spell many texts at once, as ``spell`` does one by one; None for holes."""
    plain = pl.col("text").str.strip_chars(_SPACES)
    lower = plain.str.to_lowercase()
    whole = plain.str.extract(f"^{_WHOLE.pattern}$").str.replace("^-0$", "0")
    spelt = pl.when(lower.is_in(["true", "false"])).then(lower).otherwise(pl.coalesce(whole, plain))
    hole = lower.is_in(["", "nan"])
    return (
        texts.alias("text").to_frame().select(pl.when(hole).then(None).otherwise(spelt)).to_series().to_list()
    )


def found_labels(column: pl.Series) -> list[str]:
    """Find the labels of a training column out, sorted; where none are declared, a slip must not become a label.

    A label on a few rows that looks like one on many is taken for misspelt.

    Raises:
        LabelError: at the first row with such a label.
    """
    spellings, codes = spelled(column)
    counts = np.bincount(codes[codes >= 0], minlength=len(spellings))
    for rare in np.flatnonzero(counts <= max(1, counts.sum() // 1000)):
        common = [s for s, n in zip(spellings, counts, strict=True) if n >= _FAR_MORE_COMMON * counts[rare]]
        close = nearest(spellings[rare], common) if len(spellings[rare]) >= _SHORTEST_WORD else None
        if close is not None:
            row = int(np.flatnonzero(codes == rare)[0])
            expected = (
                f"`{close}`, if it is misspelt; if it is a label of its own, name all labels under `labels`"
            )
            raise LabelError(row=row, value=column[row], expected=expected)
    return spellings


def declared_labels(labels: Iterable[Label]) -> list[str]:
    """Spell declared labels, a list or the keys of ``{label: its text}``.

    Raises:
        ValueError: where one is named twice.
    """
    spellings = [spell(label) for label in labels]
    for spelling in spellings:
        if spellings.count(spelling) > 1:
            raise ValueError(f"label {spelling!r} is named twice")
    return spellings


def by_label(
    key: str, values: Mapping[str, Value], labels: Sequence[str], default: Value, *, what: str
) -> tuple[Value, ...]:
    """The value of each label under a key such as ``{hate: 0.4}``.

    Args:
        key: path of the key, for messages.
        values: by label, as written.
        labels: that can have one.
        default: of labels that aren't named.
        what: a value is, with its article.

    Raises:
        UserError: where a value is for none of the labels.
    """
    known = {spell(name): value for name, value in values.items()}
    for name in known:
        if name not in labels:
            close = nearest(name, labels)
            raise UserError(
                f"{key}: {name!r} is no label of this task" + (f"; did you mean {close!r}?" if close else ""),
                expected=f"{what} for some of {', '.join(labels)}",
            )
    return tuple(known.get(label, default) for label in labels)


def label_texts(declared: object, labels: tuple[str, ...]) -> tuple[str, ...]:
    """The text of each label: as declared under ``{label: its text}``, else the label itself."""
    texts = {spell(k): str(v) for k, v in declared.items()} if isinstance(declared, Mapping) else {}
    return tuple(texts.get(label, label) for label in labels)


def mapped(column: pl.Series, to: Mapping[str, Label | None] | None) -> pl.Series:
    """Replace the labels of a column as its task's ``map`` says; null makes a hole.

    Args:
        column: as it was read.
        to: raw label -> label, or None where the column is taken as it is.

    Raises:
        LabelError: at the first row whose label the map doesn't name.
    """
    if to is None:
        return column
    spellings, codes = spelled(column)
    labels = {spell(raw): label for raw, label in to.items()}
    unknown = np.array([s not in labels for s in spellings] + [False])[codes]
    if unknown.any():
        row = int(np.flatnonzero(unknown)[0])
        raise LabelError(
            row=row, value=column[row], expected=f"one of the keys of `map`: {', '.join(labels)}"
        )
    values = [None if (label := labels[s]) is None else spell(label) for s in spellings]
    return pl.Series(column.name, [*values, None], dtype=pl.String).gather(
        np.where(codes < 0, len(spellings), codes)
    )


def holes(column: pl.Series) -> Array:
    """Which cells of a column hold no label: bool ``(rows,)``; of several columns, where all of them hold none."""
    if column.dtype == pl.Struct:
        empty: Array = np.logical_and.reduce(
            [holes(column.struct.field(name)) for name in column.struct.fields]
        )
        return empty
    return np.asarray(spelled(column)[1] < 0)


def encode_classes(column: pl.Series, labels: tuple[str, ...]) -> Array:
    """Turn a column into class indices ``(rows, 1)`` as float32, NaN for holes.

    Raises:
        LabelError: at the first row whose label isn't among ``labels``.
    """
    spellings, codes = spelled(column)
    position = {label: float(i) for i, label in enumerate(labels)}
    values = np.array([position.get(s, np.inf) for s in spellings] + [np.nan], dtype=np.float32)
    targets = values[codes]
    unknown = np.flatnonzero(np.isinf(targets))
    if len(unknown):
        row = int(unknown[0])
        raise LabelError(row=row, value=column[row], expected=f"one of {', '.join(labels)}")
    return targets.reshape(-1, 1)


def truth_labels(spellings: list[str]) -> tuple[str, str] | None:
    """Return (negative, positive) where the spellings are 0/1, true/false or yes/no, else None."""
    for truths in _TRUTHS:
        if spellings and all(s.lower() in truths for s in spellings):
            by_value = {truths[s.lower()]: s for s in spellings}
            names = {v: k for k, v in truths.items()}
            return by_value.get(0, names[0]), by_value.get(1, names[1])
    return None
