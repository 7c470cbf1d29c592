"""Lengths in tokens: percentiles, what is cut, what padding costs, and a histogram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sharewise.audit import Audit
from sharewise.audit.schema import Lengths, SplitLengths
from sharewise.report.charts import specification
from sharewise.report.document import Block, Chart, Figure, Paragraph, Section
from sharewise.report.tables import Cell, Column, Table, number
from sharewise.report.words import count, decimal, percent

_WIDTH, _HEIGHT = 620, 180


def lengths(audit: Audit) -> Section | None:
    """All about lengths; None where the tokenizer could not be had."""
    found = audit.lengths
    if found is None:
        return None
    blocks: list[Block] = [_table(found)]
    if found.padding is not None:
        p = found.padding
        text = (
            f"Padding, as a share of all tokens of the training split: {percent(p.to_max_length)} if "
            f"every text were padded to "
            f"{found.max_length}, {percent(p.random_batches)} in random batches padded to their longest text, "
            f"{percent(p.bucketed)} in Sharewise's batches of like length."
        )
        blocks.append(Paragraph(text))
    train = found.splits[0]
    blocks.append(Figure("How long the training texts are, in tokens.", (_chart(train, found.max_length),)))
    return Section("lengths", "Lengths in tokens", tuple(blocks))


def _table(found: Lengths) -> Table:
    percentiles = list(found.splits[0].percentiles)
    turns = any(split.earlier for split in found.splits)
    columns = (
        Column("Split", numeric=False),
        Column("Rows"),
        Column("Mean"),
        *(Column("Median" if p == 50 else f"{p} %") for p in percentiles),
        Column("Longest"),
        Column(f"Cut at {found.max_length}"),
        Column("Tokens lost"),
        *((Column("Earlier turns"), Column("Turns lost")) if turns else ()),
    )
    rows = tuple(
        (
            Cell(s.split),
            number(s.rows, count),
            number(s.mean, lambda v: decimal(v, 1)),
            *(number(s.percentiles[p], count) for p in percentiles),
            number(s.longest, count),
            number(s.cut, percent),
            number(s.lost, percent),
            *((number(s.earlier, percent), number(s.shortened, percent)) if turns else ()),
        )
        for s in found.splits
    )
    note = found.note
    if turns:
        note = (
            f"{note} Earlier turns: their share of all tokens. Turns lost: rows without room for all.".strip()
        )
    return Table(columns, rows, f"Tokenizer: {found.tokenizer}", note)


def _chart(split: SplitLengths, max_length: int) -> Chart:
    shown = (
        split.histogram[:-1]
        if split.histogram[-1][1] > 10 * split.histogram[-1][0] + 100
        else split.histogram
    )
    data = [{"from": a, "to": b, "rows": n} for a, b, n in shown]
    x = {"field": "from", "type": "quantitative", "title": "tokens", "axis": {"grid": False}}
    y = {"field": "rows", "type": "quantitative", "title": "rows", "axis": {"tickCount": 4}}
    layers: list[Mapping[str, Any]] = [
        {
            "data": {"values": data},
            "mark": {"type": "bar", "color": "var(--arm-1)", "opacity": 0.85, "binSpacing": 1},
            "encoding": {"x": {**x, "bin": "binned"}, "x2": {"field": "to"}, "y": y},
        }
    ]
    if max_length <= shown[-1][1]:
        layers.append(
            {
                "data": {"values": [{"from": max_length}]},
                "mark": {"type": "rule", "color": "var(--hurts)", "strokeWidth": 2, "strokeDash": [5, 3]},
                "encoding": {"x": x},
            }
        )
    told = (
        f"mean {split.mean:.0f}, median {split.percentiles[50]:.0f}, 99th percentile "
        f"{split.percentiles[99]:.0f} tokens"
    )
    return Chart("Lengths of the training texts", told, specification(layers, width=_WIDTH, height=_HEIGHT))
