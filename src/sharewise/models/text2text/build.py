"""Making the model: loaded, or with random weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from sharewise.errors import UserError
from sharewise.models.backend import BackendOptions
from sharewise.models.encoder import derived_seed
from sharewise.models.options import EncoderOptions
from sharewise.models.text2text.model import Text2Text
from sharewise.models.text2text.words import TaskWords

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def build_text2text(
    options: EncoderOptions,
    backend: BackendOptions,
    tokenizer: PreTrainedTokenizerBase,
    words: Mapping[str, TaskWords],
    *,
    seed: int,
) -> Text2Text:
    """Load the encoder-decoder that the options name, or make one with random weights.

    Random weights depend on ``seed`` alone; the global generators are left as they were.

    Raises:
        UserError: where it can't be loaded, is no encoder-decoder, or its tokenizer has more pieces than it has
            embeddings.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derived_seed(seed, "encoder"))
        if options.scratch is not None:
            from sharewise.models.scratch import scratch_text2text

            backbone: Any = scratch_text2text(options.scratch, tokenizer)
        else:
            from sharewise.models.backbones import load_text2text

            backbone = load_text2text(options)
    rows, highest = backbone.get_input_embeddings().num_embeddings, max(tokenizer.get_vocab().values())
    if highest >= rows:
        raise UserError(
            f"encoder {options.name}: its tokenizer gives ids up to {highest}, but it has {rows} embeddings",
            expected="a tokenizer and a model that were saved together",
        )
    return wrap_text2text(backbone, backend, words)


def wrap_text2text(backbone: Any, backend: BackendOptions, words: Mapping[str, TaskWords]) -> Text2Text:
    """Give a model of transformers its tasks."""
    return Text2Text(backbone, words, objective=backend.objective, mean=backend.score == "mean")
