"""The audit: everything that can be known of a study's data before a step is trained."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from sharewise.audit.alike import alike
from sharewise.audit.balance import balance, coverage
from sharewise.audit.effects import effects
from sharewise.audit.leakage import halves, overlaps, split_groups
from sharewise.audit.lengths import lengths
from sharewise.audit.power import Baseline, power
from sharewise.audit.raters import raters
from sharewise.audit.relations import relations
from sharewise.audit.repeats import contradictions, repeats
from sharewise.audit.rows import Found, Rows
from sharewise.audit.schema import Audit, Leakage
from sharewise.data.table import StudyData
from sharewise.version import __version__

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_SEVERITIES = ("problem", "warning", "note")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the audit must know of a study besides its data.

    Attributes:
        name: of the study.
        simulated: whether the data are.
        tokenizer: of the encoder; None where it can't be had.
        tokenizer_name: what it is called.
        tokenizer_note: what should be known of it, such as why it can't be had.
        max_length: tokens of a row at most.
        batch_tokens: padded tokens of a batch.
        batch_rows: rows of a batch, instead.
        seeds: models an arm.
        comparisons: tasks times arms that are compared.
        margins: differences that don't matter, in units of each task's metric.
        trained: what the baselines showed of tasks whose runs are on disk already.
    """

    name: str
    simulated: bool
    tokenizer: PreTrainedTokenizerBase | None
    tokenizer_name: str
    tokenizer_note: str = ""
    max_length: int
    batch_tokens: int
    batch_rows: int | None
    seeds: int
    comparisons: int
    margins: Mapping[str, float | None]
    trained: Mapping[str, Baseline] = field(default_factory=dict)


def audit(data: StudyData, plan: Plan, *, started: float | None = None) -> tuple[Audit, pl.DataFrame]:
    """Look at the data of a study.

    Args:
        data: as read.
        plan: what else there is to know.
        started: when the work began, by ``time.perf_counter``; now if None.

    Returns:
        The audit, and every row behind its findings: finding, tasks, split, data, file, line, text, note.
    """
    started = time.perf_counter() if started is None else started
    rows = Rows(data)
    found: list[Found] = []
    described, imbalances = balance(rows)
    texts = alike(rows)
    overlapping, leaks = overlaps(rows, texts)
    repeating, again = repeats(rows, texts)
    groups, apart = split_groups(rows)
    found += [*leaks, *apart, *halves(rows, texts), *contradictions(rows, texts), *again, *imbalances]
    measured = None
    if plan.tokenizer is not None:
        measured, long = lengths(
            rows,
            plan.tokenizer,
            name=plan.tokenizer_name,
            max_length=plan.max_length,
            batch_tokens=plan.batch_tokens,
            batch_rows=plan.batch_rows,
            note=plan.tokenizer_note,
        )
        found += long
    else:
        found.append(_no_tokenizer(plan))
    related, grouped = relations(rows)
    agreement, difficulty, disputed = raters(rows)
    effect, shortcuts = effects(rows)
    able, weak = power(
        rows, seeds=plan.seeds, comparisons=plan.comparisons, margins=plan.margins, trained=plan.trained
    )
    found += [*grouped, *disputed, *shortcuts, *weak, *_notes(data)]
    found.sort(key=lambda f: _SEVERITIES.index(f.severity))
    result = Audit(
        study=plan.name,
        sharewise=__version__,
        simulated=plan.simulated,
        findings=tuple(f.finding(rows) for f in found),
        coverage=tuple(coverage(rows)),
        balance=tuple(described),
        lengths=measured,
        relations=related,
        agreement=tuple(agreement),
        difficulty=tuple(difficulty),
        leakage=Leakage(overlaps=tuple(overlapping), repeats=tuple(repeating), groups=groups),
        effects=tuple(effect),
        power=tuple(able),
        seconds=time.perf_counter() - started,
    )
    return result, pl.concat([f.all_rows(rows) for f in found])


def _no_tokenizer(plan: Plan) -> Found:
    return Found(
        key="tokenizer",
        severity="warning",
        says=f"Lengths in tokens are not known: {plan.tokenizer_note}",
        to_do="make the encoder available, and audit again",
    )


def _notes(data: StudyData) -> list[Found]:
    """What was left out or found out while reading."""
    return [
        Found(key="reading", severity="note", says=note, to_do="look whether this is meant")
        for note in data.notes
    ]
