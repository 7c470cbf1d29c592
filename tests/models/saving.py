"""A tiny model, saved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import torch

from sharewise.models.encoder import build_encoder
from sharewise.models.options import EncoderOptions, ScratchOptions
from sharewise.models.saved import Facts, save_model
from sharewise.models.sharing import HardSharing, Sharing
from sharewise.models.tokenizers import for_text, load_tokenizer
from sharewise.tasks import Task

SCRATCH = EncoderOptions(scratch=ScratchOptions(layers=1, width=32, vocabulary=300))


def save_tiny(
    folder: Path,
    frame: pl.DataFrame,
    tasks: Mapping[str, Task],
    options: EncoderOptions = SCRATCH,
    *,
    seed: int = 4,
    **facts: Any,
) -> tuple[Sharing, Any]:
    """Save a model with random weights, heads strong enough that answers differ; return it and its tokenizer."""
    tokenizer = load_tokenizer(options, frame)
    sharing = HardSharing(build_encoder(options, tokenizer, seed=1), tasks, seed=1)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in sharing.parameters():
            parameter.add_(0.01 * torch.randn(parameter.shape, generator=generator))
        for head in sharing.heads:
            head.weight.mul_(0.6 * math.sqrt(3 * sharing.encoder.width))
    save_model(
        folder,
        sharing=sharing,
        tokenizer=tokenizer,
        tasks=tasks,
        options=options,
        sharing_name="hard",
        max_length=32,
        facts=Facts(**{"study": {"name": "tiny", "run": "abc"}, **facts}),
    )
    return sharing.eval(), tokenizer


def save_writer(folder: Path) -> list[str]:
    """Save a text-to-text model with random weights; return the names of its tasks."""
    from models.families import TEXTS
    from sharewise.models.backend import BackendOptions
    from sharewise.models.text2text.build import build_text2text
    from sharewise.models.text2text.words import tasks_in_words
    from sharewise.tasks import MulticlassOptions

    options = MulticlassOptions(data="d", label="t")
    tasks = {"topic": options.build("topic", pl.Series(["food", "sport", "art"]))}
    frame = pl.DataFrame({"text": TEXTS, "pair": [None] * len(TEXTS)}, schema_overrides={"pair": pl.String})
    backend = BackendOptions(name="text2text")
    tokenizer = for_text(load_tokenizer(SCRATCH, frame))
    words = tasks_in_words(tasks, tokenizer, max_length=backend.max_target_length)
    save_model(
        folder,
        sharing=build_text2text(SCRATCH, backend, tokenizer, words, seed=1),
        tokenizer=tokenizer,
        tasks=tasks,
        options=SCRATCH,
        backend=backend,
        sharing_name="hard",
        max_length=32,
        facts=Facts(study={"name": "writer"}, texts={"d": ("text",)}),
    )
    return list(tasks)
