"""Texts in, token ids out: the step between a tokenizer of transformers and flat arrays."""

from __future__ import annotations

import hashlib
import itertools
import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from sharewise.data.separating import Rows, Separators
from sharewise.data.turn import Alone, Text, Turn
from sharewise.tasks import Array

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase

# A thread that changes a backend's state must not meet another that encodes with it.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Encoded:
    """Some rows as token ids, one after another.

    Attributes:
        ids: int32 ``(tokens,)``.
        types: uint8 ``(tokens,)``: which text of a pair each token belongs to.
        lengths: int64 ``(rows,)``.
        cut: how many of the texts were longer than allowed and lost their ends.
        before: int64 ``(rows,)``: how many of the tokens are of earlier turns, separators included.
        shortened: how many rows lost their oldest turns, or a part of them.
    """

    ids: Array
    types: Array
    lengths: Array
    cut: int
    before: Array
    shortened: int


def encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[Text], max_length: int) -> Encoded:
    """Encode texts and pairs, special tokens added, to ``max_length`` tokens each at most.

    Earlier turns stand before the text, with the separator that the tokenizer puts between the texts of a pair. Where
    there is no room, the oldest go first; a text that is too long even so loses its end. Of a pair the longer text
    loses its end first, so that neither vanishes.
    """
    alone = [text.alone if isinstance(text, Turn) else text for text in texts]
    ids, types, cut = (_by_backend if tokenizer.is_fast else _by_python)(tokenizer, alone, max_length)
    known = (i for i in (tokenizer.unk_token_id, tokenizer.pad_token_id) if i is not None)
    blank = [next(known, 0)]
    # A tokenizer without special tokens gives nothing for an empty text, and attention needs one token.
    ids = [row or blank for row in ids]
    types = [row or [0] for row in types]
    before, shortened = _turns_before(tokenizer, texts, ids, types, max_length)
    lengths = np.fromiter(map(len, ids), dtype=np.int64, count=len(ids))
    tokens = int(lengths.sum())
    return Encoded(
        np.fromiter(itertools.chain.from_iterable(ids), dtype=np.int32, count=tokens),
        np.fromiter(itertools.chain.from_iterable(types), dtype=np.uint8, count=tokens),
        lengths,
        cut,
        before,
        shortened,
    )


def _turns_before(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[Text], ids: Rows, types: Rows, max_length: int
) -> tuple[Array, int]:
    """Put the earlier turns of each text before its tokens; changes ``ids`` and ``types``."""
    before = np.zeros(len(texts), dtype=np.int64)
    shortened = 0
    held = [(row, text.context) for row, text in enumerate(texts) if isinstance(text, Turn) and text.context]
    if not held:
        return before, shortened
    # A turn of a dialogue is before several others; it is encoded once.
    said = list(dict.fromkeys(turn for _, context in held for turn in context))
    tokens = dict(zip(said, _bare(tokenizer, said), strict=True))
    with _ONE_AT_A_TIME:
        separators = Separators.of(tokenizer)
    for row, context in held:
        ids[row], types[row], before[row], lost = separators.put_before(
            ids[row], types[row], [tokens[turn] for turn in context], max_length
        )
        shortened += lost
    return before, shortened


def _bare(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> Rows:
    """Token ids without special tokens, however many."""
    if not tokenizer.is_fast:
        return [list(ids) for ids in tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]]
    with _plain(tokenizer.backend_tokenizer) as backend:
        return [e.ids for e in backend.encode_batch_fast(texts, add_special_tokens=False)]


def listed(texts: pl.DataFrame) -> list[Text]:
    """The rows of a frame of ``text``, ``pair`` and, where there is one, ``context``, as texts, pairs and turns."""
    pairs = zip(texts["text"].to_list(), texts["pair"].cast(pl.String).to_list(), strict=True)
    if "context" not in texts.columns:
        return [text if pair is None else (text, pair) for text, pair in pairs]
    return [
        Turn(text, pair, tuple(context or ()))
        for (text, pair), context in zip(pairs, texts["context"].to_list(), strict=True)
    ]


def _by_backend(
    tokenizer: PreTrainedTokenizerBase, texts: list[Alone], max_length: int
) -> tuple[Rows, Rows, int]:
    with _plain(tokenizer.backend_tokenizer) as backend:
        backend.enable_truncation(max_length, strategy="longest_first")
        encodings = backend.encode_batch_fast(texts, add_special_tokens=True)
    ids = [e.ids for e in encodings]
    cut = sum(1 for row, e in zip(ids, encodings, strict=True) if len(row) >= max_length and e.overflowing)
    return ids, [e.type_ids for e in encodings], cut


@contextmanager
def _plain(backend: Tokenizer) -> Iterator[Tokenizer]:
    """Take padding and truncation, which are a backend's state, from it, and give them back."""
    with _ONE_AT_A_TIME:
        truncation, padding = backend.truncation, backend.padding
        backend.no_truncation()
        backend.no_padding()
        try:
            yield backend
        finally:
            backend.no_truncation() if truncation is None else backend.enable_truncation(**truncation)
            backend.no_padding() if padding is None else backend.enable_padding(**padding)


def _by_python(
    tokenizer: PreTrainedTokenizerBase, texts: list[Alone], max_length: int
) -> tuple[Rows, Rows, int]:
    """Tokenizers written in Python (MeCab's, for one) know no `tokenizers` backend."""
    ids, types, cut = [], [], 0
    for text in texts:
        first, second = (text, None) if isinstance(text, str) else text
        row = tokenizer(
            first, second, truncation="longest_first", max_length=max_length, return_token_type_ids=True
        )
        ids.append(list(row["input_ids"]))
        types.append(list(row["token_type_ids"]))
        cut += (
            len(ids[-1]) >= max_length
            and len(tokenizer(first, second, verbose=False)["input_ids"]) > max_length
        )
    return ids, types, cut


def tokenizer_digest(tokenizer: PreTrainedTokenizerBase) -> str:
    """SHA-256 of all that decides which ids a tokenizer gives; padding and truncation are no part of it."""
    digest = hashlib.sha256()
    if tokenizer.is_fast:
        with _plain(tokenizer.backend_tokenizer) as backend:
            digest.update(backend.to_str().encode())
    else:
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder)
            for file in sorted(Path(folder).iterdir()):
                digest.update(file.name.encode() + file.read_bytes())
    facts = [*tokenizer.model_input_names, tokenizer.pad_token_id, tokenizer.pad_token_type_id]
    digest.update(json.dumps(facts).encode())
    return digest.hexdigest()
