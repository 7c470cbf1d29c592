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
from sharewise.stats.joint import joint_binary_metrics
from sharewise.tasks import Task
from sharewise.train.job import TaskScores
from sharewise.train.steps import Targets

# Padded tokens of a scoring batch: large enough to fill the machine, small enough for any model's memory.
SCORING_TOKENS = 16384

Forward = Callable[[TokenBatch], Mapping[str, torch.Tensor]]


@torch.inference_mode()
def score_split(
    forward: Forward,
    *,
    tasks: Mapping[str, Task],
    table: Table,
    store: TokenStore,
    device: torch.device,
    rank: int = 0,
    world: int = 1,
) -> dict[str, TaskScores]:
    """Score every row of a split that holds a cell of one of the tasks.

    Args:
        forward: tokens to outputs of shape ``(batch, task.outputs)`` by task.
        tasks: the model's own tasks.
        table: the split.
        store: its tokens.
        device: where the model is.
        rank: number of this process.
        world: number of processes; each scores every ``world``-th batch.
    """
    own = Targets(table, list(tasks))
    parts: list[tuple[Any, dict[str, Any]]] = []
    batches = list(evaluation_batches(store.lengths, np.flatnonzero(own.own), SCORING_TOKENS))
    for rows in batches[rank::world]:
        outputs = forward(store.batch(rows).to(device))
        parts.append((rows, {name: outputs[name].float().cpu() for name in tasks}))
    if world > 1:
        parts = gather_object(parts)
    order = np.concatenate([rows for rows, _ in parts]) if parts else np.zeros(0, dtype=np.int64)
    back = np.argsort(order)
    results = {}
    for column, (name, task) in enumerate(tasks.items()):
        stacked = (
            torch.cat([outputs[name] for _, outputs in parts]) if parts else torch.zeros(0, task.outputs)
        )
        stacked = stacked[torch.from_numpy(back)]
        present = own.present[order[back], column]
        rows = order[back][present]
        cells = stacked[torch.from_numpy(present)]
        targets = own.values[name][rows]
        loss = (
            task.loss(cells, torch.from_numpy(targets)).double().mean().item() if len(rows) else float("nan")
        )
        results[name] = TaskScores(rows=rows, targets=targets, scores=task.activate(cells).numpy(), loss=loss)
    return results


def metrics_of(tasks: Mapping[str, Task], scores: Mapping[str, TaskScores]) -> dict[str, dict[str, float]]:
    """Return every metric of every task, ``loss`` first; NaN where one is not defined."""
    return {
        name: {"loss": s.loss} | (tasks[name].metrics(s.targets, s.scores) if len(s.rows) else {})
        for name, s in scores.items()
    }


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
    decided = np.stack([tasks[n].decide(scores[n].scores[picked[n]]) for n in names], axis=1)
    return joint_binary_metrics(targets, decided)
