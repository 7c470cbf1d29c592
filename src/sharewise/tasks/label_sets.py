"""Several labels a row, as they are read: in one cell, or in a column each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from sharewise.tasks.labels import encode_classes, holes, spell, spelled, truth_labels
from sharewise.tasks.task import Array, Label, LabelError


@dataclass(frozen=True)
class LabelSets:
    """The different cells of a column, each taken apart.

    Attributes:
        sets: the labels of each different cell.
        codes: which of them each row holds, int64 ``(rows,)``; -1 for a hole.
    """

    sets: tuple[tuple[str, ...], ...]
    codes: Array

    @property
    def labels(self) -> list[str]:
        """Every label of some row, sorted."""
        return sorted({label for labels in self.sets for label in labels})

    def flags(self, column: pl.Series, labels: Sequence[str]) -> Array:
        """0 or 1 for each label, float32 ``(rows, labels)``; NaN in a hole.

        Raises:
            LabelError: at the first row with another label.
        """
        position = {label: i for i, label in enumerate(labels)}
        flags = np.zeros((len(self.sets) + 1, len(labels)), dtype=np.float32)
        flags[-1] = np.nan
        for code, held in enumerate(self.sets):
            for label in held:
                if label not in position:
                    row = int(np.flatnonzero(self.codes == code)[0])
                    raise LabelError(row=row, value=label, expected=f"some of {', '.join(labels)}")
                flags[code, position[label]] = 1.0
        return flags[self.codes]


def label_sets(column: pl.Series, separator: str, to: Mapping[str, Label | None] | None) -> LabelSets:
    """Take the cells of a column apart: JSON lists, or labels divided by a separator.

    Args:
        column: as it was read; an empty cell is a hole, an empty list none.
        separator: what stands between labels.
        to: the task's ``map``, of each label; null leaves the label out.

    Raises:
        LabelError: at the first cell that is no list of labels, or holds a label that the map doesn't name.
    """
    cells, codes = spelled(column)
    known = None if to is None else {spell(raw): label for raw, label in to.items()}
    sets = []
    for code, cell in enumerate(cells):
        labels = _labels(cell, separator)
        bad = (
            "labels, or a list of them"
            if labels is None
            else f"some of the keys of `map`: {', '.join(known or ())}"
        )
        wrong = [cell] if labels is None else [p for p in labels if known is not None and p not in known]
        if wrong or labels is None:
            row = int(np.flatnonzero(codes == code)[0])
            raise LabelError(row=row, value=wrong[0], expected=bad)
        if known is not None:
            labels = [spell(new) for p in labels if (new := known[p]) is not None]
        sets.append(tuple(dict.fromkeys(labels)))
    return LabelSets(tuple(sets), codes)


def _labels(cell: str, separator: str) -> list[str] | None:
    """The labels of one cell; None where a list holds something else."""
    if not (cell.startswith("[") and cell.endswith("]")):
        return [spell(part) for part in cell.split(separator) if part.strip()]
    try:
        values = json.loads(cell)
    except ValueError:
        return None
    plain = all(isinstance(value, str | int | float | bool) and spell(value) for value in values)
    return [spell(value) for value in values] if plain else None


def flag_columns(columns: pl.Series) -> Array:
    """Targets of a series of structs, a field a label: 0 or 1 for each, float32 ``(rows, labels)``.

    Raises:
        LabelError: at the first cell that is neither 0/1, true/false nor yes/no, or is empty beside others that
            are not.
    """
    flags = np.full((len(columns), len(columns.struct.fields)), np.nan, dtype=np.float32)
    for i, name in enumerate(columns.struct.fields):
        column = columns.struct.field(name)
        truths = truth_labels(spelled(column)[0])
        if truths is None and not holes(column).all():
            truths = ("0", "1")
        if truths is not None:
            try:
                flags[:, i] = encode_classes(column, truths)[:, 0]
            except LabelError as error:
                raise LabelError(row=error.row, value=error.value, expected="0 or 1", column=name) from None
    partly = np.isnan(flags).any(axis=1) & ~np.isnan(flags).all(axis=1)
    if partly.any():
        row = int(np.flatnonzero(partly)[0])
        name = columns.struct.fields[int(np.flatnonzero(np.isnan(flags[row]))[0])]
        raise LabelError(
            row=row, value="", expected="0 or 1 in all columns of the task, or in none of them", column=name
        )
    return flags
