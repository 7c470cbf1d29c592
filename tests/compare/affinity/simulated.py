"""Tasks whose structure is known: two groups that read the same words in two ways, and a control of one group.

Every word belongs to a topic of each of two systems. A text has a topic of each system, and is made of words of
both. In the *grouped* data tasks a1 to a3 ask for the topic of the first system and b1 to b3 for that of the second;
in the *control* all six ask for the first. Labels are noisy and full of holes, so that tasks that ask the same learn
from each other; the encoder is too narrow to hold both systems at once.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl

from sharewise.data.table import SPLITS, StudyData, Table
from sharewise.data.tokens import TokenStore, tokenize
from sharewise.models.options import EncoderOptions, ScratchOptions
from sharewise.models.sharing import SHARINGS
from sharewise.models.tokenizers import train_tokenizer, wrap
from sharewise.tasks import MulticlassOptions, Task
from sharewise.train import Job, TrainingOptions

TASKS = ("a1", "b1", "a2", "b2", "a3", "b3")
GROUPS = (("a1", "a2", "a3"), ("b1", "b2", "b3"))
ROWS = {"train": 600, "validation": 200, "test": 600}
TOPICS, WORDS, LENGTH = 8, 64, 8
NOISE, HOLES = 0.1, 0.5


def make_tasks() -> dict[str, Task]:
    labels = pl.Series([f"t{i}" for i in range(TOPICS)])
    return {t: MulticlassOptions(data="texts", label=t).build(t, labels) for t in TASKS}


def make_table(split: str, *, control: bool, seed: int = 0) -> Table:
    rows = ROWS[split]
    rng = np.random.default_rng([seed, SPLITS.index(split)])
    world = np.random.default_rng(seed)
    topics = np.stack([world.permutation(np.arange(WORDS) % TOPICS) for _ in range(2)])
    own = rng.integers(TOPICS, size=(2, rows))
    texts = []
    for row in range(rows):
        words = []
        for system in range(2):
            words += rng.choice(np.flatnonzero(topics[system] == own[system, row]), LENGTH // 2).tolist()
        texts.append(" ".join(f"w{w:02d}" for w in rng.permutation(words)))
    targets = {}
    for task in TASKS:
        asked = own[0 if control or task.startswith("a") else 1]
        values = np.where(rng.random(rows) < NOISE, rng.integers(TOPICS, size=rows), asked).astype(np.float32)
        values[rng.random(rows) < HOLES] = np.nan
        targets[task] = values[:, None]
    return Table(
        split=split,
        texts=pl.DataFrame(
            {"text": texts, "pair": [None] * rows}, schema={"text": pl.String, "pair": pl.String}
        ),
        targets=targets,
        groups=np.arange(rows, dtype=np.int64),
        sources=np.zeros(rows, dtype=np.int32),
        rows=np.arange(rows, dtype=np.int64),
        datasets=("texts",),
        grouped=False,
    )


@cache
def make_data(*, control: bool) -> StudyData:
    tables = {split: make_table(split, control=control) for split in SPLITS}
    return StudyData(tasks=make_tasks(), notes=(), **tables)


@cache
def _tokens(*, control: bool) -> tuple[Any, dict[str, TokenStore]]:
    data = make_data(control=control)
    tokenizer = wrap(train_tokenizer(data.train.texts, 400))
    stores = {s: tokenize(t.texts, tokenizer, max_length=64) for s, t in data.tables.items()}
    return tokenizer, stores


def make_job(*, control: bool, seed: int, sharing: str = "hard", tasks=TASKS, **keys: Any) -> Job:
    data = make_data(control=control)
    tokenizer, stores = _tokens(control=control)
    return Job(
        tasks={t: data.tasks[t] for t in tasks},
        weights=dict.fromkeys(tasks, 1.0),
        data=data,
        stores=stores,
        tokenizer=tokenizer,
        encoder=EncoderOptions(scratch=ScratchOptions(layers=1, width=16, vocabulary=400, dropout=0.0)),
        sharing=sharing,
        sharing_options=SHARINGS[sharing].options(**keys),
        training=TrainingOptions(epochs=8, batch_rows=32, learning_rate=0.01, precision="fp32", patience=100),
        seed=seed,
    )
