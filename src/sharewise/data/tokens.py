"""Texts as token ids: tokenised once, kept in flat memory-mapped arrays, padded a batch at a time."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import torch

from sharewise.data.encoding import Encoded, encode, listed, tokenizer_digest
from sharewise.data.table import text_digest
from sharewise.data.tokenfiles import TokenFiles, open_tokens, write_tokens
from sharewise.data.turn import Text
from sharewise.files import write_folder
from sharewise.tasks import Array

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["Text", "TokenBatch", "TokenStore", "tokenize", "tokenize_now", "tokenizer_digest"]

# Raised when the layout of a cache folder or the ids themselves change for equal input.
_FORMAT = 1
_CHUNK = 4096
_PART = 1 << 18


@dataclass(frozen=True)
class TokenBatch:
    """A batch of texts as token ids, padded on the right.

    Attributes:
        input_ids: int64 ``(batch, length)``.
        attention_mask: bool ``(batch, length)``; False at pads.
        token_type_ids: int64 ``(batch, length)``: which text of a pair a token belongs to; None where the
            tokenizer knows no segments or every token is in segment 0.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    token_type_ids: torch.Tensor | None

    def to(self, device: torch.device | str, non_blocking: bool = True) -> TokenBatch:
        """Return the batch on another device."""
        types = self.token_type_ids
        return TokenBatch(
            self.input_ids.to(device, non_blocking=non_blocking),
            self.attention_mask.to(device, non_blocking=non_blocking),
            None if types is None else types.to(device, non_blocking=non_blocking),
        )


class TokenStore:
    """The token ids of one split, in the order of its rows.

    Attributes:
        ids: int32 ``(tokens,)``, all rows one after another.
        offsets: int64 ``(rows + 1,)``: row ``r`` is ``ids[offsets[r]:offsets[r + 1]]``.
        types: uint8 ``(tokens,)``: segment of each token, or None where all are 0.
        lengths: int32 ``(rows,)``: tokens of each row, special tokens included.
        pad_id: id of the pad token.
        pad_type: segment of the pad token.
        cut: how many texts were longer than allowed and lost their ends.
        shortened: how many rows lost their oldest turns, or a part of them.
        notes: plain sentences on what was found out on the way, for the report's warnings.
    """

    def __init__(self, files: TokenFiles, *, notes: tuple[str, ...] = ()) -> None:
        self.ids = files.ids
        self.offsets = files.offsets
        self.types = files.types
        self.lengths = np.diff(files.offsets).astype(np.int32)
        self.pad_id = int(files.facts["pad_id"])
        self.pad_type = int(files.facts["pad_type"])
        self.cut = int(files.facts["cut"])
        self.shortened = int(files.facts.get("shortened", 0))
        self.notes = notes

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, rows: Array) -> TokenBatch:
        """Pad the rows of these indices (int64 ``(batch,)``) to the longest among them."""
        lengths = self.lengths[rows]
        steps = np.arange(lengths.max(initial=1))
        mask = steps < lengths[:, None]
        places = (self.offsets[rows][:, None] + steps)[mask]
        ids = _padded(self.ids, places, mask, self.pad_id)
        types = None if self.types is None else _padded(self.types, places, mask, self.pad_type)
        return TokenBatch(ids, torch.from_numpy(mask), types)

    def vocabulary_used(self) -> Array:
        """The distinct ids that occur, sorted: int64 ``(distinct,)``; pads are not among them."""
        counts = np.zeros(int(self.ids.max(initial=-1)) + 1, dtype=np.int64)
        # In parts: `bincount` makes int64 of what it is given.
        for start in range(0, len(self.ids), _PART):
            counts += np.bincount(self.ids[start : start + _PART], minlength=len(counts))
        return np.flatnonzero(counts)


def _padded(values: Array, places: Array, mask: Array, pad: int) -> torch.Tensor:
    block = np.full(mask.shape, pad, dtype=np.int64)
    block[mask] = values[places]
    return torch.from_numpy(block)


def tokenize(
    texts: pl.DataFrame,
    tokenizer: PreTrainedTokenizerBase,
    *,
    max_length: int,
    cache: Path | None = None,
    digest: str | None = None,
) -> TokenStore:
    """Tokenise texts, or take them from the cache.

    Texts over ``max_length`` tokens lose their ends; of a pair the longer text is cut first, so that neither
    vanishes. Of earlier turns the oldest make room before that. Segments are kept where the tokenizer's
    ``model_input_names`` asks for them.

    Args:
        texts: frame of ``(rows, 2)``: ``text``, and ``pair``, null where there is one text only; or ``(rows, 3)`` with
            ``context``, the texts of earlier turns.
        tokenizer: of transformers; one with a `tokenizers` backend is faster by far.
        max_length: tokens of a row at most, special tokens included.
        cache: folder in which the ids are kept under a hash of tokenizer, ``max_length`` and texts; without
            one they are held in memory.
        digest: `text_digest` of the texts, where it is known.
    """
    facts = _pads(tokenizer)

    def write(folder: Path) -> None:
        write_tokens(folder, _chunks(texts, tokenizer, max_length), facts)

    if cache is None:
        with tempfile.TemporaryDirectory() as temporary:
            write(Path(temporary))
            return TokenStore(open_tokens(Path(temporary), mapped=False))
    key = f"{_FORMAT} {max_length} {tokenizer_digest(tokenizer)} {digest or text_digest(texts)}"
    folder = cache / "tokens" / hashlib.sha256(key.encode()).hexdigest()[:32]
    notes: tuple[str, ...] = ()
    if folder.exists():
        try:
            return TokenStore(open_tokens(folder, mapped=True))
        except ValueError as error:
            notes = (f"The token cache {folder} was damaged ({error}) and has been built anew.",)
    write_folder(folder, write, replace=bool(notes))
    return TokenStore(open_tokens(folder, mapped=True), notes=notes)


def tokenize_now(texts: Sequence[Text], tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> TokenStore:
    """Tokenise a few texts, pairs and turns in memory, as `tokenize` does it with many.

    Args:
        texts: texts, pairs of them, or turns with what was before them.
        tokenizer: of transformers.
        max_length: tokens of a row at most, special tokens included.
    """
    encoded = encode(tokenizer, texts, max_length)
    segments = "token_type_ids" in tokenizer.model_input_names and bool(encoded.types.any())
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(encoded.lengths)])
    facts = {**_pads(tokenizer), "cut": encoded.cut, "shortened": encoded.shortened}
    return TokenStore(TokenFiles(encoded.ids, encoded.types if segments else None, offsets, facts))


def _pads(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    pad = tokenizer.pad_token_id
    # Pads are masked, so that any id will do where a tokenizer has no pad token.
    return {"pad_id": 0 if pad is None else pad, "pad_type": tokenizer.pad_token_type_id}


def _chunks(texts: pl.DataFrame, tokenizer: PreTrainedTokenizerBase, max_length: int) -> Iterator[Encoded]:
    segments = "token_type_ids" in tokenizer.model_input_names
    for frame in texts.iter_slices(_CHUNK):
        encoded = encode(tokenizer, listed(frame), max_length)
        if not segments:
            encoded.types.fill(0)
        yield encoded
