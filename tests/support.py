"""Small data and jobs for tests: every kind of task, two data sets, pairs, groups and holes, in a few dozen rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from sharewise.data.table import SPLITS, StudyData, Table
from sharewise.data.tokens import TokenStore, tokenize
from sharewise.models.options import EncoderOptions, ScratchOptions
from sharewise.models.sharing import SHARINGS
from sharewise.models.tokenizers import train_tokenizer, wrap
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions, Task
from sharewise.train import Job, TrainingOptions
from sharewise.weighting import WEIGHTINGS

ROWS: Mapping[str, int] = {"train": 48, "validation": 24, "test": 16}
DATASETS = ("reviews", "forum")
# Which data set holds which tasks.
COLUMNS: Mapping[str, tuple[str, ...]] = {"reviews": ("spam", "urgent", "stars"), "forum": ("topic", "tone")}
TASKS = ("spam", "urgent", "stars", "topic", "tone")
_WORDS = ("lamp", "river", "market", "violin", "winter", "engine", "paper", "garden", "signal", "bread")
_TOPICS = ("music", "sport", "travel")


def make_tasks() -> dict[str, Task]:
    """Return three binary tasks, a regression and one of three classes, resolved."""
    spam = BinaryOptions(data="reviews", label="spam").build("spam", pl.Series([0, 1]))
    urgent = BinaryOptions(data="reviews", label="urgent").build("urgent", pl.Series(["no", "yes"]))
    stars = RegressionOptions(data="reviews", label="stars").build(
        "stars", pl.Series([1.0, 2.0, 3.0, 4.0, 5.0])
    )
    topic = MulticlassOptions(data="forum", label="topic").build("topic", pl.Series(_TOPICS))
    tone = BinaryOptions(data="forum", label="tone", positive="rude").build(
        "tone", pl.Series(["kind", "rude"])
    )
    return {"spam": spam, "urgent": urgent, "stars": stars, "topic": topic, "tone": tone}


def make_table(split: str, *, rows: int, seed: int = 0, holes: float = 0.3) -> Table:
    """Return one split; half the rows of each data set, each with a cell at least.

    What a task asks can be read in the text, so that a small model learns something in a few updates.

    Args:
        split: train, validation or test.
        rows: of both data sets together.
        seed: of texts and targets.
        holes: share of the cells of a row's own data set that are taken out.
    """
    rng = np.random.default_rng([seed, SPLITS.index(split)])
    sources = np.arange(rows, dtype=np.int32) % 2
    targets = {task: np.full((rows, 1), np.nan, dtype=np.float32) for task in TASKS}
    texts, pairs = [], []
    for row in range(rows):
        words = rng.choice(_WORDS, int(rng.integers(2, 12))).tolist()
        if sources[row] == 0:
            spam, urgent, stars = int(rng.integers(2)), int(rng.integers(2)), int(rng.integers(1, 6))
            words += ["buy"] * 2 * spam + ["now"] * 2 * urgent + ["good"] * stars
            cells = {"spam": spam, "urgent": urgent, "stars": stars}
        else:
            topic, tone = int(rng.integers(3)), int(rng.integers(2))
            words += [_TOPICS[topic]] * 2 + ["fool"] * 2 * tone
            cells = {"topic": topic, "tone": tone}
        kept = rng.random(len(cells)) >= holes
        kept[int(rng.integers(len(cells)))] = True
        for (task, value), keep in zip(cells.items(), kept, strict=True):
            if keep:
                targets[task][row] = value
        texts.append(" ".join(rng.permutation(words)))
        pairs.append(" ".join(rng.choice(_WORDS, 3)) if sources[row] else None)
    return Table(
        split=split,
        texts=pl.DataFrame({"text": texts, "pair": pairs}, schema={"text": pl.String, "pair": pl.String}),
        targets=targets,
        groups=np.arange(rows, dtype=np.int64) // 3,
        sources=sources,
        rows=np.arange(rows, dtype=np.int64) // 2,
        datasets=DATASETS,
        grouped=True,
    )


def make_data(*, seed: int = 0, holes: float = 0.3, rows: Mapping[str, int] = ROWS) -> StudyData:
    """Return the splits of a study of five tasks on two data sets."""
    tables = {split: make_table(split, rows=rows[split], seed=seed, holes=holes) for split in SPLITS}
    return StudyData(tasks=make_tasks(), notes=(), **tables)


def with_tables(data: StudyData, **tables: Table) -> StudyData:
    """Return the data with some splits changed."""
    return replace(data, **tables)


def pick(table: Table, rows: Iterable[int]) -> Table:
    """Return some rows of a table, in the given order."""
    index = np.array(list(rows), dtype=np.int64)
    return replace(
        table,
        texts=table.texts[index],
        targets={task: values[index] for task, values in table.targets.items()},
        groups=table.groups[index],
        sources=table.sources[index],
        rows=table.rows[index],
    )


@cache
def make_tokenizer() -> Any:
    """Return a byte-level tokenizer trained on the training texts of seed 0, 300 pieces at most."""
    return wrap(train_tokenizer(make_table("train", rows=ROWS["train"]).texts, 300))


def make_stores(data: StudyData, *, max_length: int = 64) -> dict[str, TokenStore]:
    """Tokenise every split, in memory."""
    return {
        split: tokenize(table.texts, make_tokenizer(), max_length=max_length)
        for split, table in data.tables.items()
    }


def tiny_encoder(*, dropout: float = 0.0) -> EncoderOptions:
    """Return options of one layer, 16 wide."""
    return EncoderOptions(scratch=ScratchOptions(layers=1, width=16, vocabulary=300, dropout=dropout))


def make_job(
    *tasks: str,
    data: StudyData | None = None,
    stores: Mapping[str, TokenStore] | None = None,
    weights: Mapping[str, float] | None = None,
    encoder: EncoderOptions | None = None,
    dropout: float = 0.0,
    sharing: str = "hard",
    sharing_keys: Mapping[str, Any] | None = None,
    weighting: str = "static",
    weighting_keys: Mapping[str, Any] | None = None,
    seed: int = 1,
    **training: Any,
) -> Job:
    """Return a job of these tasks (all, if none is named) on the tiny encoder.

    Args:
        tasks: of the model.
        data: what to train on; ``make_data()`` if left out.
        stores: its tokens, if they aren't to be made.
        weights: of the tasks; 1 where left out.
        encoder: instead of the tiny one.
        dropout: of the tiny one.
        sharing: name of the method.
        sharing_keys: of the method.
        weighting: name of the method.
        weighting_keys: of the method.
        seed: of the run.
        training: keys that differ from two epochs of batches of 512 tokens at a rate of .01 in float32.
    """
    data = data or make_data()
    names = tasks or tuple(data.tasks)
    options = {"epochs": 2, "batch_tokens": 512, "learning_rate": 0.01, "precision": "fp32"} | training
    if "batch_rows" in training:
        del options["batch_tokens"]
    return Job(
        tasks={name: data.tasks[name] for name in names},
        weights=dict.fromkeys(names, 1.0) | dict(weights or {}),
        data=data,
        stores=stores or make_stores(data),
        tokenizer=make_tokenizer(),
        encoder=encoder or tiny_encoder(dropout=dropout),
        sharing=sharing,
        sharing_options=SHARINGS[sharing].options(**sharing_keys or {}),
        weighting=weighting,
        weighting_options=WEIGHTINGS[weighting].options(**weighting_keys or {}),
        every_task=WEIGHTINGS[weighting].every_task,
        training=TrainingOptions(**options),
        seed=seed,
    )
