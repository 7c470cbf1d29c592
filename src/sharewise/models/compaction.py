"""Vocabulary compaction: train with only those rows of the embedding table that the texts use.

A pretrained table has tens or hundreds of thousands of rows, of which a study's texts use a few thousand;
zero-filling and stepping through the whole table's dense gradient takes a good part of a step. The rows left
out would get no gradient, and without weight decay no update: training the kept rows alone is the same thing.
"""

from __future__ import annotations

from typing import final

import numpy as np
import torch
from torch import nn

from sharewise.models.encoder import Encoder
from sharewise.tasks import Array


@final
class Compaction:
    """A compacted encoder's way back.

    Attributes:
        kept: int64 ``(rows kept,)``: ids whose rows are trained, in the order of the small table.
        remap: int32 ``(vocabulary,)``: id -> row of the small table, or -1 for an id that was not announced;
            an embedding refuses it (IndexError).
    """

    def __init__(self, encoder: Encoder, kept: Array) -> None:
        table = encoder.table
        self.kept = kept
        self._whole = table.weight
        self.remap = np.full(len(table.weight), -1, dtype=np.int32)
        self.remap[kept] = np.arange(len(kept), dtype=np.int32)
        small = table.weight.detach()[torch.from_numpy(kept)].clone()
        _set_table(encoder, nn.Parameter(small, requires_grad=table.weight.requires_grad))

    def restore(self, model: nn.Module) -> None:
        """Put the whole table back, the trained rows written into it; ids are the tokenizer's own again.

        Args:
            model: the encoder, or a model that holds it; copies of it, made after it was compacted, are restored too.
        """
        for encoder in model.modules():
            if isinstance(encoder, Encoder):
                trained = encoder.table.weight
                whole = nn.Parameter(
                    self._whole.detach().to(trained.device, copy=True), requires_grad=trained.requires_grad
                )
                whole.data[torch.from_numpy(self.kept).to(trained.device)] = trained.detach()
                _set_table(encoder, whole)

    def repeat(self, model: nn.Module) -> None:
        """Take the whole table out again after ``restore``, for other trained rows to be put in."""
        for encoder in model.modules():
            if isinstance(encoder, Encoder):
                whole = encoder.table.weight
                rows = torch.from_numpy(self.kept).to(whole.device)
                small = nn.Parameter(whole.detach()[rows].clone(), requires_grad=whole.requires_grad)
                _set_table(encoder, small)


def compact(encoder: Encoder, used: Array) -> Compaction:
    """Replace the input embeddings by the rows that are used; from then on ids go through ``remap``.

    Kept are the ids in use and every id up to the pad id, so that the pad id stays what it is: RoBERTa counts
    positions by it.

    Args:
        encoder: compacted in place, before its optimizer is made.
        used: distinct ids that will be fed, ``(distinct,)``.
    """
    pad = encoder.backbone.config.pad_token_id
    return Compaction(encoder, np.union1d(np.arange(0 if pad is None else pad + 1), used).astype(np.int64))


def _set_table(encoder: Encoder, weight: nn.Parameter) -> None:
    table = encoder.table
    table.weight = weight
    table.num_embeddings = len(weight)
    encoder.backbone.config.vocab_size = len(weight)
