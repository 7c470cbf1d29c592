"""Batches: rows of like length within a budget of tokens, the same for every arm of a seed.

The order of a study's rows is drawn once per seed and epoch over *all* its tasks. A model of fewer tasks, such as the
single-task baseline, walks through the very same batches, with the rows that hold none of its cells taken out. So it
makes exactly the updates that its task gets in the shared model, and sees exactly the same cells in each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from sharewise.tasks import Array

# Rows are sorted by a length that is off by up to this share, so that the same rows don't always meet.
_JITTER = 0.1


@dataclass(frozen=True, kw_only=True)
class BatchPlan:
    """What decides a run's batches.

    Attributes:
        lengths: tokens of each row, ``(rows,)``.
        sources: data set of each row, ``(rows,)``; what `sampling` balances.
        own: bool ``(rows,)``: rows that hold at least one cell of the model's own tasks.
        batch_tokens: padded tokens of a batch at most (a longer row is a batch of its own).
        batch_rows: rows of a batch at most, instead of ``batch_tokens``.
        temperature: 1 samples data sets in proportion to their rows, infinity equally.
        seed: of the run.
        needed: bool ``(rows, tasks)``, where each batch is to hold a cell of each of these tasks: which rows hold one.
            A batch that lacks a task is given a row of it, no longer than the batch's longest where there is one.
        admitted: zero-based epoch -> bool ``(rows,)``: which rows it draws from, some of each data set; all if None.
            An epoch is as many rows as ever.
    """

    lengths: Array
    sources: Array
    own: Array
    batch_tokens: int
    batch_rows: int | None
    temperature: float
    seed: int
    needed: Array | None = None
    admitted: Callable[[int], Array] | None = None

    def epoch(self, epoch: int) -> list[Array]:
        """Return the batches of one epoch (zero-based), each an int64 array of row numbers, none empty."""
        rng = np.random.default_rng([self.seed, epoch])
        rows = self._draw(rng, None if self.admitted is None else self.admitted(epoch))
        keys = self.lengths[rows] * rng.uniform(1 - _JITTER, 1 + _JITTER, len(rows))
        rows = rows[np.argsort(keys, kind="stable")]
        ends = _fill(self.lengths[rows], self.batch_tokens, self.batch_rows)
        drawn = np.split(rows, ends[:-1])
        if self.needed is not None:
            drawn = self._completed(drawn, self.needed, np.random.default_rng([self.seed, epoch, 1]))
        batches = [b[self.own[b]] for b in drawn]
        return [batches[i] for i in rng.permutation(len(batches)) if len(batches[i])]

    def counts(self, epochs: int) -> list[int]:
        """Return the number of updates of each epoch."""
        return [len(self.epoch(e)) for e in range(epochs)]

    def _completed(self, batches: list[Array], needed: Array, rng: np.random.Generator) -> list[Array]:
        """Add to each batch a row of every task that it lacks."""
        by_length = [np.flatnonzero(column) for column in needed.T]
        by_length = [rows[np.argsort(self.lengths[rows], kind="stable")] for rows in by_length]
        completed = []
        for batch in batches:
            added: list[int] = []
            for task in np.flatnonzero(~needed[batch].any(axis=0)):
                rows = by_length[task]
                if len(rows) and not needed[added, task].any():
                    fitting = np.searchsorted(self.lengths[rows], self.lengths[batch].max(), side="right")
                    added.append(int(rows[rng.integers(max(1, fitting))]))
            completed.append(np.concatenate([batch, np.array(added, dtype=batch.dtype)]))
        return completed

    def _draw(self, rng: np.random.Generator, admitted: Array | None) -> Array:
        """Draw an epoch's rows: every row once, or each data set's share of as many rows in all, of those admitted."""
        total = len(self.lengths)
        if admitted is None or admitted.all():
            admitted = np.ones(total, dtype=bool)
            if self.temperature == 1.0:
                return rng.permutation(total)
        names, sizes = np.unique(self.sources, return_counts=True)
        shares = sizes ** (1.0 / self.temperature)
        wanted = np.maximum(1, np.rint(total * shares / shares.sum())).astype(np.int64)
        parts = [
            _repeat(np.flatnonzero((self.sources == n) & admitted), w, rng)
            for n, w in zip(names, wanted, strict=True)
        ]
        return rng.permutation(np.concatenate(parts))


def _repeat(rows: Array, wanted: int, rng: np.random.Generator) -> Array:
    """Draw ``wanted`` of these rows: whole passes first, then a part without replacement."""
    whole, rest = divmod(wanted, len(rows))
    return np.concatenate([np.tile(rows, whole), rng.permutation(rows)[:rest]])


def _fill(lengths: Array, batch_tokens: int, batch_rows: int | None) -> list[int]:
    """Cut rows in the given order into batches; return the end of each."""
    if not len(lengths):
        return []
    if batch_rows is not None:
        return [*range(batch_rows, len(lengths), batch_rows), len(lengths)]
    ends: list[int] = []
    start, longest = 0, 0
    for i, length in enumerate(lengths.tolist()):
        if length > longest:  # `max` takes longer than all the rest of this loop.
            longest = length
        if longest * (i + 1 - start) > batch_tokens and i > start:
            ends.append(i)
            start, longest = i, length
    return [*ends, len(lengths)]


def evaluation_batches(lengths: Array, rows: Array, batch_tokens: int) -> Iterator[Array]:
    """Cut these rows, longest first, into batches of a token budget; for scoring, so the order is fixed."""
    ordered = rows[np.argsort(-lengths[rows], kind="stable")]
    start = 0
    for end in _fill(lengths[ordered], batch_tokens, None):
        yield ordered[start:end]
        start = end
