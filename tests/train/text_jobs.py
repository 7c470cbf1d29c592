"""Jobs of text-to-text models on the small data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from sharewise.data.tokens import tokenize
from sharewise.models.backend import BackendOptions
from sharewise.models.text2text.words import tasks_in_words
from sharewise.models.tokenizers import for_text
from sharewise.tasks import RegressionOptions
from sharewise.train import Job
from support import make_data, make_job, make_tokenizer


def text_job(*tasks: str, backend: dict[str, Any] | None = None, **keys: Any) -> Job:
    """Return a job as `make_job` does, whose model writes; stars are written as whole numbers."""
    data = keys.pop("data", None) or make_data()
    options = RegressionOptions(data="reviews", label="stars", increment=1.0)
    stars = options.build("stars", pl.Series([1.0, 2.0, 3.0, 4.0, 5.0]))
    data = replace(data, tasks={**data.tasks, "stars": stars})
    tokenizer = for_text(make_tokenizer())
    stores = {split: tokenize(t.texts, tokenizer, max_length=64) for split, t in data.tables.items()}
    chosen = BackendOptions(name="text2text", **(backend or {}))
    return replace(
        make_job(*tasks, data=data, stores=stores, **{"batch_tokens": 1024, **keys}),
        tokenizer=tokenizer,
        backend=chosen,
        words=tasks_in_words(data.tasks, tokenizer, max_length=chosen.max_target_length),
    )
