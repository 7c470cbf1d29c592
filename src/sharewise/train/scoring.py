"""A model's answers and their metrics on one split."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from accelerate.utils import gather_object

from sharewise.data.batches import evaluation_batches
from sharewise.data.table import Table
from sharewise.data.tokens import TokenBatch, TokenStore
from sharewise.models.calibration import bent
from sharewise.stats.arrays import INVALID
from sharewise.stats.classification import classification_metrics
from sharewise.stats.joint import joint_binary_metrics
from sharewise.stats.metrics import METRICS
from sharewise.tasks import Array, Task
from sharewise.train.cells import cell_losses
from sharewise.train.job import TaskScores
from sharewise.train.steps import Targets

# Padded tokens of a scoring batch: on a GPU enough to fill it, on a CPU not more than its caches hold.
SCORING_TOKENS = {"cpu": 4096}
_GPU_TOKENS = 16384
# Metrics of freely written answers; of numbers only the first has a meaning.
_WRITTEN = ("accuracy", "mcc", "macro_f1")

# Texts, and by task the rows of them that are asked about.
Forward = Callable[[TokenBatch, Mapping[str, torch.Tensor]], Mapping[str, torch.Tensor]]


# In inference mode autocast casts weights anew for each pass of a decoder; without gradients it keeps them.
@torch.no_grad()
def score_split(
    forward: Forward,
    *,
    tasks: Mapping[str, Task],
    table: Table,
    store: TokenStore,
    device: torch.device,
    rank: int = 0,
    world: int = 1,
    write: Forward | None = None,
) -> dict[str, TaskScores]:
    """Score every row of a split that holds a cell of one of the tasks.

    Args:
        forward: tokens to outputs of shape ``(batch, task.outputs)`` by task; rows that aren't asked about don't count.
        tasks: the model's own tasks.
        table: the split.
        store: its tokens.
        device: where the model is.
        rank: number of this process.
        world: number of processes; each scores every ``world``-th batch.
        write: tokens to the numbers of freely written answers, ``(asked,)`` by task; may give none.
    """
    own = Targets(table, list(tasks))
    parts: list[tuple[Any, dict[str, Any], dict[str, Any]]] = []
    budget = SCORING_TOKENS.get(device.type, _GPU_TOKENS)
    batches = list(evaluation_batches(store.lengths, np.flatnonzero(own.own), budget))
    for rows in batches[rank::world]:
        tokens = store.batch(rows).to(device)
        held = {t: np.flatnonzero(own.present[rows, column]) for column, t in enumerate(tasks)}
        asked = {t: torch.from_numpy(index).to(device) for t, index in held.items()}
        outputs = forward(tokens, asked)
        texts = {} if write is None else write(tokens, asked)
        parts.append(
            (
                rows,
                {name: outputs[name].float().cpu() for name in tasks},
                {name: (rows[held[name]], numbers.cpu().numpy()) for name, numbers in texts.items()},
            )
        )
    if world > 1:
        parts = gather_object(parts)
    order = np.concatenate([rows for rows, _, _ in parts]) if parts else np.zeros(0, dtype=np.int64)
    back = np.argsort(order)
    results = {}
    for column, (name, task) in enumerate(tasks.items()):
        stacked = (
            torch.cat([outputs[name] for _, outputs, _ in parts]) if parts else torch.zeros(0, task.outputs)
        )
        stacked = stacked[torch.from_numpy(back)]
        present = own.present[order[back], column]
        rows = order[back][present]
        cells = stacked[torch.from_numpy(present)]
        targets = own.values[name][rows]
        shares = torch.from_numpy(own.shares[name][rows]) if name in own.shares else None
        each = cell_losses(task, cells, torch.from_numpy(targets), shares)
        loss = each.double().mean().item() if len(rows) else float("nan")
        written = [found[name] for _, _, found in parts if name in found]
        results[name] = TaskScores(
            rows=rows,
            targets=targets,
            scores=task.activate(cells).numpy(),
            loss=loss,
            written=_of_written(task, targets, *map(np.concatenate, zip(*written, strict=True)))
            if written
            else {},
        )
    return results


def _of_written(task: Task, targets: Array, rows: Array, numbers: Array) -> dict[str, float]:
    """Metrics of freely written answers; one that is no answer of the task counts as wrong.

    Args:
        task: that was asked.
        targets: ``(cells, target_width)`` in the order of the rows.
        rows: in the order in which they were answered, ``(cells,)``.
        numbers: of the answers, -1 where the text is none, ``(cells,)``.
    """
    numbers = numbers[np.argsort(rows)]
    verbaliser = task.verbaliser()
    truth = verbaliser.choose(torch.from_numpy(targets)).numpy()
    found = classification_metrics(truth, numbers, len(verbaliser.texts))
    shown = _WRITTEN if task.labels else _WRITTEN[:1]
    return {"invalid_outputs": float((numbers == INVALID).mean())} | {
        f"written_{metric}": found[metric] for metric in shown
    }


def metrics_of(tasks: Mapping[str, Task], scores: Mapping[str, TaskScores]) -> dict[str, dict[str, float]]:
    """Return every metric of every task, ``loss`` first; NaN where one is not defined."""
    return {
        name: {"loss": s.loss} | (_metrics(tasks[name], s) if len(s.rows) else {}) | dict(s.written)
        for name, s in scores.items()
    }


def _metrics(task: Task, answers: TaskScores) -> dict[str, float]:
    """Metrics of decisions are by the thresholds, those of probabilities of the probabilities themselves."""
    found = task.metrics(answers.targets, answers.scores)
    if not answers.thresholds:
        return found
    decided = task.metrics(answers.targets, bent(answers.scores, answers.thresholds))
    return {n: decided[n] if METRICS[n].needs != "scores" else value for n, value in found.items()}


def defined(metrics: Mapping[str, float], *, leave: str | None = None) -> dict[str, float]:
    """Return the metrics that are finite numbers, but for the one to leave out."""
    return {name: value for name, value in metrics.items() if name != leave and math.isfinite(value)}


def joint_metrics(tasks: Mapping[str, Task], scores: Mapping[str, TaskScores]) -> dict[str, float]:
    """Return exact match, micro-F1 and macro-F1 over the binary tasks, on rows where all of them have a cell.

    Empty where fewer than two tasks are binary or no row is fully labelled.
    """
    names = [n for n, t in tasks.items() if t.counts_jointly and n in scores]
    if len(names) < 2:
        return {}
    shared = scores[names[0]].rows
    for name in names[1:]:
        shared = np.intersect1d(shared, scores[name].rows, assume_unique=True)
    if not len(shared):
        return {}
    picked = {n: np.searchsorted(scores[n].rows, shared) for n in names}
    targets = np.stack([scores[n].targets[picked[n], 0].astype(np.int64) for n in names], axis=1)
    decided = np.stack([scores[n].decided(tasks[n])[picked[n]] for n in names], axis=1)
    return joint_binary_metrics(targets, decided)
