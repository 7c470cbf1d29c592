"""Lengths of the texts in tokens, what `max_length` would cut, and how much of a batch would be padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from sharewise.audit.rows import Found, Rows, percent
from sharewise.audit.schema import Lengths, Padding, SplitLengths
from sharewise.data.batches import BatchPlan
from sharewise.data.encoding import encode, listed
from sharewise.tasks import Array

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SAMPLE = 8_000
"""Rows of a split that are tokenised; the percentiles of more would hardly differ."""
_LONGEST = 64
_PERCENTILES = (5, 25, 50, 75, 90, 95, 99)
_BARS = 24
_MUCH_CUT = 0.01
_ENDLESS = 1 << 20


def lengths(
    rows: Rows,
    tokenizer: PreTrainedTokenizerBase,
    *,
    name: str,
    max_length: int,
    batch_tokens: int,
    batch_rows: int | None,
    note: str = "",
) -> tuple[Lengths, list[Found]]:
    """Measure lengths on a sample of every split, and on its longest rows by characters.

    Args:
        rows: of all splits.
        tokenizer: the study's.
        name: what the tokenizer is called.
        max_length: tokens of a row at most.
        batch_tokens: padded tokens of a batch.
        batch_rows: rows of a batch, instead of ``batch_tokens``.
        note: what should be known of the tokenizer.
    """
    splits, findings = [], []
    padding = None
    for split in rows.splits:
        part = rows.of_split(split)
        numbers = np.arange(part.start, part.stop)
        # The same rows whenever the data are the same.
        sample = np.sort(np.random.default_rng(0).permutation(numbers)[:SAMPLE])
        size = (rows.characters + rows.characters_before)[part]
        longest = numbers[np.argsort(-size, kind="stable")[:_LONGEST]]
        tokens, before = _tokens(rows.texts[sample], tokenizer)
        extremes, _ = _tokens(rows.texts[longest], tokenizer)
        own = tokens - before
        cut = float(np.mean(own > max_length))
        splits.append(
            _describe(
                split, len(numbers), tokens, before, int(extremes.max(initial=tokens.max())), max_length
            )
        )
        if split == "train":
            padding = _padding(tokens, max_length, batch_tokens, batch_rows)
            if cut > _MUCH_CUT:
                findings.append(_cut(sample[own > max_length], own, max_length, cut, len(sample)))
            findings += _context(sample, tokens, before, max_length)
            wasted = padding.to_max_length
            findings.append(_padded(wasted, padding, max_length, float(tokens.mean())))
    sampled = max(s.sampled for s in splits) < max(s.rows for s in splits)
    notes = [note] if note else []
    if sampled:
        notes.append(f"Of each split at most {SAMPLE:,} rows were tokenised, and the longest by characters.")
    described = Lengths(
        tokenizer=name, max_length=max_length, splits=tuple(splits), padding=padding, note=" ".join(notes)
    )
    return described, findings


def _tokens(texts: pl.DataFrame, tokenizer: PreTrainedTokenizerBase) -> tuple[Array, Array]:
    """Tokens of each row, and those of its earlier turns among them, int64 ``(rows,)`` each."""
    found = encode(tokenizer, listed(texts), _ENDLESS)
    return found.lengths, found.before


def _describe(
    split: str, rows: int, tokens: Array, before: Array, longest: int, max_length: int
) -> SplitLengths:
    top = np.percentile(tokens, 99.5)
    width = max(1, int(np.ceil((top + 1) / _BARS)))
    edges: Sequence[int] = [*range(0, int(top) + 1 + width, width)]
    counts = np.histogram(tokens, bins=[*edges, _ENDLESS * 2])[0]
    bars = [(a, b, int(c)) for a, b, c in zip(edges, edges[1:], counts, strict=False)]
    return SplitLengths(
        split=split,
        rows=rows,
        sampled=len(tokens),
        mean=float(tokens.mean()),
        percentiles={p: float(np.percentile(tokens, p)) for p in _PERCENTILES},
        longest=longest,
        cut=float(np.mean(tokens - before > max_length)),
        lost=float(np.maximum(tokens - max_length, 0).sum() / tokens.sum()),
        earlier=float(before.sum() / tokens.sum()),
        shortened=float(np.mean((before > 0) & (tokens > max_length))),
        histogram=(*bars, (edges[-1], _ENDLESS, int(counts[-1]))) if counts[-1] else tuple(bars),
    )


def _padding(tokens: Array, max_length: int, batch_tokens: int, batch_rows: int | None) -> Padding:
    clipped = np.minimum(tokens, max_length)
    size = max(1, batch_rows or int(batch_tokens / clipped.mean()))
    shuffled = np.random.default_rng(0).permutation(clipped)
    plan = BatchPlan(
        lengths=clipped,
        sources=np.zeros(len(clipped), dtype=np.int32),
        own=np.ones(len(clipped), dtype=bool),
        batch_tokens=batch_tokens,
        batch_rows=batch_rows,
        temperature=1.0,
        seed=0,
    )
    return Padding(
        to_max_length=float(1 - clipped.mean() / max_length),
        random_batches=_waste([shuffled[i : i + size] for i in range(0, len(shuffled), size)]),
        bucketed=_waste([clipped[batch] for batch in plan.epoch(0)]),
    )


def _waste(batches: Sequence[Array]) -> float:
    padded = sum(int(b.max()) * len(b) for b in batches)
    return float(1 - sum(int(b.sum()) for b in batches) / padded)


def _cut(rows: Array, tokens: Array, max_length: int, cut: float, sampled: int) -> Found:
    need = int(np.percentile(tokens, 99))
    return Found(
        key="cut",
        severity="warning",
        says=f"`max_length: {max_length}` cuts {percent(cut)} of the training texts ({len(rows):,} of "
        f"{sampled:,} looked at)",
        to_do=f"`training.max_length: {need}` would keep 99 % whole; longer batches cost more time",
        rows=rows,
    )


def _context(rows: Array, tokens: Array, before: Array, max_length: int) -> list[Found]:
    """What earlier turns cost, and which rows have no room for all of them."""
    if not before.any():
        return []
    own = tokens - before
    short = (before > 0) & (tokens > max_length)
    share = float(np.mean(short))
    fitting = int(np.percentile(tokens, 99))
    return [
        Found(
            key="context",
            severity="warning" if share > _MUCH_CUT else "note",
            says=f"Earlier turns take the training rows from {own.mean():.0f} tokens on average to "
            f"{tokens.mean():.0f}; {percent(share)} of the rows have no room for all of them in `max_length: "
            f"{max_length}`, and lose the oldest",
            to_do=f"`training.max_length: {fitting}` would keep all turns of 99 % of the rows; fewer turns "
            "(`context.last`) cost less time",
            rows=rows[short],
        )
    ]


def _padded(wasted: float, padding: Padding, max_length: int, mean: float) -> Found:
    return Found(
        key="padding",
        severity="note",
        says=f"Training texts have {mean:.0f} tokens on average: padded to {max_length}, "
        f"{percent(wasted)} of the work would "
        f"be padding; in random batches {percent(padding.random_batches)}, in Sharewise's {percent(padding.bucketed)}",
        to_do="nothing: batches hold rows of like length as it is",
    )
