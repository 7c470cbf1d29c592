"""What votes teach beside the label: their shares as soft targets, their agreement as weights of rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sharewise.data.table import Table
from sharewise.tasks import Array, Task, VotedOptions


def vote_shares(
    tasks: Mapping[str, Task], tables: Mapping[str, Table]
) -> tuple[dict[str, dict[str, Array]], list[str]]:
    """Return the shares of the votes for each label, of tasks that are trained on them.

    A row that has a label and no votes has the whole share on its label.

    Returns:
        By split and task float32 ``(rows, labels)``, NaN for holes; and notes.
    """
    shares: dict[str, dict[str, Array]] = {split: {} for split in tables}
    notes = []
    for name, task in tasks.items():
        if not isinstance(task.options, VotedOptions) or task.options.targets != "soft":
            continue
        for split, table in tables.items():
            block, bare = _shares(table, name, len(task.labels))
            shares[split][name] = block
            if bare:
                cells = int(table.present(name).sum())
                notes.append(
                    f"tasks.{name}: {bare:,} of {cells:,} cells of the {split} split have no votes; their label "
                    "stands for all of them"
                )
    return shares, notes


def _shares(table: Table, task: str, labels: int) -> tuple[Array, int]:
    counts, present = table.votes[task].astype(np.float64), table.present(task)
    total = counts.sum(axis=1, keepdims=True)
    bare = present & (total[:, 0] == 0)
    shares = np.where(total > 0, counts / np.maximum(total, 1), np.nan)
    shares[bare] = np.eye(labels)[table.targets[task][bare, 0].astype(np.int64)]
    shares[~present] = np.nan
    return shares.astype(np.float32), int(bare.sum())


def fit_losses(tasks: Mapping[str, Task], train: Table) -> None:
    """Let every task take in how often its labels occur in training; of soft targets their shares count.

    Raises:
        UserError: where a task's key names a label that it doesn't have.
    """
    for name, task in tasks.items():
        present = train.present(name)
        soft = train.soft.get(name)
        counts = (
            task.label_rows(train.targets[name][present])
            if soft is None
            else soft[present].sum(axis=0, dtype=np.float64)
        )
        task.fit(counts, float(present.sum()))


def loss_weights(tasks: Mapping[str, Task], train: Table) -> dict[str, Array]:
    """Return the rows' weights of tasks that weigh by agreement: float32 ``(rows,)``, of mean 1 over the cells.

    A weight is in proportion to the share of the label with the most votes; a row without votes weighs 1.
    """
    weights = {}
    for name, task in tasks.items():
        if isinstance(task.options, VotedOptions) and task.options.vote_weights == "agreement":
            counts = train.votes[name].astype(np.float64)
            total = counts.sum(axis=1)
            known = train.present(name) & (total > 0)
            own = np.ones(len(train))
            if known.any():
                agreement = counts[known].max(axis=1) / total[known]
                own[known] = agreement / agreement.mean()
            weights[name] = own.astype(np.float32)
    return weights
