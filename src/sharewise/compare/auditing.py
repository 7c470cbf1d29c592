"""The audit of a study: its data, tokenizer and plan, handed to the room that looks at them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from sharewise.audit import Audit, Plan, audit
from sharewise.audit.power import Baseline
from sharewise.compare.affinity.dividing import group_name
from sharewise.compare.comparison import study_folder, workspace_for
from sharewise.compare.foresight import baselines
from sharewise.compare.judging import margin_of
from sharewise.compare.planning import plan_arms
from sharewise.data.loading import load
from sharewise.data.simulated import is_simulated
from sharewise.data.table import StudyData
from sharewise.errors import UserError
from sharewise.files import write_text, write_whole
from sharewise.models.tokenizers import load_tokenizer
from sharewise.study import SINGLE, Study, located

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Rows that a scratch encoder's tokenizer is trained on for the audit; more would take longer than all the rest.
_TOKENIZER_ROWS = 10_000


def audit_study(study: Study, *, runs: Path | str = "runs") -> Audit:
    """Look at a study's data before anything is trained.

    Writes ``audit.json``, and ``audit-rows.csv`` with every row behind the findings, into the study's folder.

    Raises:
        UserError: where the study or its data are wrong.
    """
    started = time.perf_counter()
    with located(study):
        data = load(study.data, study.tasks, folder=study.folder)
    tokenizer, note = _tokenizer(study, data, Path(runs) / ".cache")
    plan = Plan(
        name=study.name,
        simulated=any(is_simulated(study.folder / options.train) for options in study.data.values()),
        tokenizer=tokenizer,
        tokenizer_name=study.encoder.name or "trained on the training texts",
        tokenizer_note=note,
        max_length=study.training.max_length,
        batch_tokens=study.training.batch_tokens,
        batch_rows=study.training.batch_rows,
        seeds=len(study.seeds),
        comparisons=len(study.tasks) * sum(arm.baseline is not None for arm in plan_arms(study)),
        margins={name: margin_of(study, task) for name, task in data.tasks.items()},
        trained=_trained(study, Path(runs)),
    )
    found, rows = audit(data, plan, started=started)
    _write(found, rows, study_folder(study, Path(runs)))
    return found


def _trained(study: Study, runs: Path) -> dict[str, Baseline]:
    """What the study's baseline showed, if it is trained; a run is found by a hash over all data, so only then."""
    root = study_folder(study, runs)
    if not (root / SINGLE).is_dir():
        return {}
    try:
        return baselines(study, workspace_for(study, runs), root)
    except UserError:  # Without its encoder no run can be told to be the study's.
        return {}


def _tokenizer(study: Study, data: StudyData, cache: Path) -> tuple[PreTrainedTokenizerBase | None, str]:
    """The study's tokenizer, and what should be known of it; without one the rest can be looked at all the same."""
    texts, note = data.train.texts, ""
    if study.encoder.scratch is not None and len(texts) > _TOKENIZER_ROWS:
        texts = texts.sample(_TOKENIZER_ROWS, seed=0)
        note = (
            f"The tokenizer was trained on {_TOKENIZER_ROWS:,} rows; the one of the runs is trained on all."
        )
    try:
        return load_tokenizer(study.encoder, texts, cache), note
    except UserError as error:
        return None, error.problem


def _write(found: Audit, rows: pl.DataFrame, folder: Path) -> None:
    write_text(folder / "audit.json", found.model_dump_json(indent=1) + "\n")
    # With a mark, so that spreadsheets take it for UTF-8.
    write_whole(folder / "audit-rows.csv", lambda beside: rows.write_csv(beside, include_bom=True))


def suggested_arm(found: Audit) -> dict[str, Any]:
    """The arm that shares by the suggested groups, as the study file writes it.

    Raises:
        UserError: where the labels suggest no groups.
    """
    groups = [group.tasks for group in found.relations.groups]
    if not any(len(group) > 1 for group in groups) or len(groups) < 2:
        together = "all tasks into one group" if len(groups) == 1 else "no tasks together"
        raise UserError(
            f"there are no groups to write: the labels put {together}",
            action="leave --write-groups away; `sharing: hard` shares among all tasks",
        )
    return {"sharing": "grouped", "groups": {group_name(group): list(group) for group in groups}}
